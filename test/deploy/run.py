#!/usr/bin/python3
"""Runs the tests of deploy/ against the programs in bazel-bin.

run.py [WORD]...   only the cases whose name contains one of the words

The last line is `N passed, N failed`.
"""

import pathlib
import shutil
import signal
import sys
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "e2e")]

from harness.stack import POLICY, PROXY, SLUICECTL  # noqa: E402
from harness.stack import run_directory  # noqa: E402

MODULES = ("test_kubernetes", "test_chart", "test_image", "test_monitoring")


def cases(suite):
    for item in suite:
        if isinstance(item, unittest.TestSuite):
            yield from cases(item)
        else:
            yield item


def main(words):
    # So that what was started is ended when this is cut off.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    missing = [str(p) for p in (PROXY, POLICY, SLUICECTL) if not p.exists()]
    if missing:
        sys.exit(f"not built: {' '.join(missing)}")
    chosen = [case for case in cases(
        unittest.defaultTestLoader.loadTestsFromNames(MODULES))
              if not words or any(word in case.id() for word in words)]
    result = unittest.TextTestRunner(sys.stdout, verbosity=2).run(
        unittest.TestSuite(chosen))
    # A class that cannot be set up counts once, its cases not at all.
    failed = len(result.failures) + len(result.errors) + len(result.skipped)
    aborted = sum("setUpClass" in str(case) for case, _ in result.errors)
    passed = result.testsRun - (failed - aborted)
    if failed:
        print(f"logs and configurations are in {run_directory()}")
    else:
        shutil.rmtree(run_directory())
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
