#!/usr/bin/python3
"""Runs the end-to-end tests against the programs in bazel-bin.

run.py [NAME]...   only the cases whose name contains one of the words

One line a case, what went wrong below it, and `N passed, N failed` at the end.
The directory with logs and configurations is kept when something failed.
"""

import pathlib
import shutil
import signal
import sys
import time
import traceback
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from harness.stack import POLICY, PROXY, SLUICECTL  # noqa: E402
from harness.stack import run_directory  # noqa: E402

# In this order; test_logs reads the logs of all others.
MODULES = ("test_programs", "test_authentication", "test_client_nonce",
           "test_publish",
           "test_subscribe", "test_v311", "test_expiry",
           "test_reauthentication", "test_authz_info", "test_stored_tokens",
           "test_tls_clients",
           "test_tls_psk", "test_draft01", "test_introspection", "test_jwks",
           "test_issuers",
           "test_etcd",
           "test_gate", "test_protocol", "test_policy_connection",
           "test_failures", "test_management", "test_access", "test_checks",
           "test_revocation", "test_rules", "test_outage", "test_tour",
           "test_operation", "test_audit",
           "test_clients", "test_logs")


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


def main(words):
    # So that what was started is ended when this is cut off.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    missing = [str(p) for p in (PROXY, POLICY, SLUICECTL) if not p.exists()]
    if missing:
        sys.exit(f"not built: {' '.join(missing)}")
    forgotten = sorted(
        {p.stem for p in pathlib.Path(__file__).parent.glob("test_*.py")} -
        set(MODULES))
    if forgotten:
        sys.exit(f"not among MODULES: {' '.join(forgotten)}")
    loader = unittest.TestLoader()
    chosen = [case for case in cases(loader.loadTestsFromNames(MODULES))
              if not words or any(word in case.id() for word in words)]
    report = Report()
    unittest.TestSuite(chosen).run(report)
    if report.failed:
        print(f"logs and configurations are in {run_directory()}")
    else:
        shutil.rmtree(run_directory())
    print(f"{report.passed} passed, {report.failed} failed")
    return 1 if report.failed or not report.passed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
