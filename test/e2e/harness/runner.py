"""Runs cases of unittest, and reports as all suites of this project do: a line a
case, what went wrong below it, and `N passed, N failed` at the end."""

import pathlib
import shutil
import signal
import sys
import time
import traceback
import unittest

from .stack import POLICY, PROXY, SLUICECTL, run_directory


class Report(unittest.TestResult):
    """Prints each case as it ends."""

    def startTest(self, test):
        super().startTest(test)
        self._start = time.monotonic()
        self._faults = []

    def addError(self, test, err):
        super().addError(test, err)
        self._fault(test, err)

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self._fault(test, err)

    def addSubTest(self, test, subtest, err):
        if err:
            self._faults.append(f"{subtest}\n" + self._text(err))

    def _fault(self, test, err):
        if isinstance(test, unittest.TestCase):
            self._faults.append(self._text(err))
        else:  # a class that could not be set up
            self._print(False, test, self._text(err))
            self.failed += 1

    @staticmethod
    def _text(err):
        return "".join(traceback.format_exception(*err))

    passed = failed = 0

    def stopTest(self, test):
        super().stopTest(test)
        good = not self._faults
        self.passed += good
        self.failed += not good
        seconds = time.monotonic() - self._start
        name = test.id().removeprefix("test_").replace(".test_", ".")
        self._print(good, f"{name} ({seconds:.1f} s)", *self._faults)

    @staticmethod
    def _print(good, name, *faults):
        print("PASS" if good else "FAIL", name, flush=True)
        for fault in faults:
            print("  " + fault.rstrip().replace("\n", "\n  "), flush=True)


def cases(suite):
    for item in suite:
        if isinstance(item, unittest.TestSuite):
            yield from cases(item)
        else:
            yield item


def run(modules, words):
    """Runs the cases of `modules`, in their order, whose names contain one of
    the words; the exit status. The directory with logs and configurations is
    kept when something failed."""
    # So that what was started is ended when this is cut off.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    missing = [str(p) for p in (PROXY, POLICY, SLUICECTL) if not p.exists()]
    if missing:
        sys.exit(f"not built: {' '.join(missing)}")
    forgotten = {p.stem for p in pathlib.Path(sys.argv[0]).resolve()
                 .parent.glob("test_*.py")} - set(modules)
    if forgotten:
        sys.exit(f"never run: {' '.join(sorted(forgotten))}")
    loader = unittest.TestLoader()
    chosen = [case for case in cases(loader.loadTestsFromNames(modules))
              if not words or any(word in case.id() for word in words)]
    report = Report()
    unittest.TestSuite(chosen).run(report)
    if report.failed:
        print(f"logs and configurations are in {run_directory()}")
    else:
        shutil.rmtree(run_directory())
    print(f"{report.passed} passed, {report.failed} failed")
    return 1 if report.failed or not report.passed else 0
