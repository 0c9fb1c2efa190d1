"""Runs cases of unittest, and reports as all suites of this project do: a line a
case, what went wrong below it, and `N passed, N failed` at the end.

Real programs on a machine that others use too are late now and then. So a case
that failed is run a second time, after all others, and a class that could not be
set up or torn down is as a whole. What passes then is reported as FLAKY, with
what went wrong at first, and counts as passed; of those there may be MOST_FLAKY
in a run, and each is a wrong of the test or the product to be looked into."""

import concurrent.futures
import multiprocessing
import pathlib
import shutil
import signal
import sys
import time
import traceback
import unittest

from . import command_line, secrets_book
from .process import kill_the_rest
from .stack import (
    POLICY, PROXY, SLUICECTL, keys_directory, run_directory)

MOST_FLAKY = 2


class Report(unittest.TestResult):
    """Prints each case as it ends."""

    def __init__(self, verdict):
        super().__init__()
        self.passed = 0
        self.faulty = []  # cases
        self.whole = True  # the class could be set up and torn down
        self._verdict = verdict  # what a fault is called

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

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self._faults.append(f"skipped: {reason}")

    def addSubTest(self, test, subtest, err):
        if err:
            self._faults.append(f"{subtest}\n" + self._text(err))

    def _fault(self, test, err):
        if isinstance(test, unittest.TestCase):
            self._faults.append(self._text(err))
        else:  # a class that could not be set up or torn down
            self._print(False, test, self._text(err))
            self.whole = False

    @staticmethod
    def _text(err):
        return "".join(traceback.format_exception(*err))

    def stopTest(self, test):
        super().stopTest(test)
        good = not self._faults
        if good:
            self.passed += 1
        else:
            self.faulty.append(test)
        seconds = time.monotonic() - self._start
        name = test.id().removeprefix("test_").replace(".test_", ".")
        self._print(good, f"{name} ({seconds:.1f} s)", *self._faults)

    def _print(self, good, name, *faults):
        print("PASS" if good else self._verdict, name, flush=True)
        for fault in faults:
            print("  " + fault.rstrip().replace("\n", "\n  "), flush=True)


def cases(suite):
    for item in suite:
        if isinstance(item, unittest.TestSuite):
            yield from cases(item)
        else:
            yield item


_classes = []  # lists of cases, each of one class; before processes are made


def _run_class(number):
    """How many cases of the class passed, the indices of those to be run again,
    each apart or all together, and the secrets that were made."""
    chosen = _classes[number]
    report = Report("LATER")
    try:
        unittest.TestSuite(chosen).run(report)
    except BaseException:
        kill_the_rest()  # a process of a pool has no atexit
        raise
    if report.whole:
        return (report.passed, [[chosen.index(case)] for case in report.faulty],
                secrets_book.entries())
    return 0, [list(range(len(chosen)))], secrets_book.entries()


def run_side_by_side(chosen, jobs):
    """Runs cases in so many processes: how many passed, and lists of those to be
    run again, each with one case, or with all of a class that could not be set
    up or torn down."""
    by_class = {}
    for case in chosen:
        by_class.setdefault(type(case), []).append(case)
    _classes[:] = by_class.values()
    keys_directory()  # for all of them
    passed, faulty = 0, []
    with concurrent.futures.ProcessPoolExecutor(
            jobs, mp_context=multiprocessing.get_context("fork")) as pool:
        for its, (good, bad, secrets) in zip(
                _classes, pool.map(_run_class, range(len(_classes)))):
            passed += good
            faulty += [[its[index] for index in again] for again in bad]
            secrets_book.add(secrets)
    return passed, faulty


def failed_again(failed, passes, name):
    """Those of the cases that failed which do so again, by passes(case); too
    many are not run. `name(case)` is what a case is called."""
    if len(failed) > MOST_FLAKY:
        for case in failed:
            print("FAIL", name(case), flush=True)
        return failed
    again = []
    for case in failed:
        if passes(case):
            print("FLAKY", name(case), flush=True)
        else:
            again.append(case)
    return again


def _passes(together):
    report = Report("FAIL")
    unittest.TestSuite(together).run(report)
    return report.whole and not report.faulty


def _name(together):
    """That of a case, or of the class of several."""
    first = together[0]
    return first.id() if len(together) == 1 else unittest.util.strclass(
        type(first))


def run(modules, words, last=(), jobs=1):
    """Runs the cases of `modules` whose names contain one of the words, in
    `jobs` processes, and then those of the modules `last`; the exit status. The
    directory with logs and configurations is kept when something failed. Ends
    the program with status 2 where one of the words fits no case."""
    # So that what was started is ended when this is cut off.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    missing = [str(p) for p in (PROXY, POLICY, SLUICECTL) if not p.exists()]
    if missing:
        sys.exit(f"not built: {' '.join(missing)}")
    forgotten = {p.stem for p in pathlib.Path(sys.argv[0]).resolve()
                 .parent.glob("test_*.py")} - {*modules, *last}
    if forgotten:
        sys.exit(f"never run: {' '.join(sorted(forgotten))}")
    parts = [list(cases(unittest.TestLoader().loadTestsFromNames(names)))
             for names in (modules, last)]
    command_line.check(words, lambda word: any(
        word in case.id() for part in parts for case in part))
    passed, faulty = 0, []
    for part, processes in zip(parts, (jobs, 1)):
        good, bad = run_side_by_side(
            [case for case in part
             if not words or any(word in case.id() for word in words)],
            processes)
        passed += good
        faulty += bad
    again = failed_again(faulty, _passes, _name)
    failed = sum(map(len, again))
    passed += sum(map(len, faulty)) - failed
    if failed:
        print(f"logs and configurations are in {run_directory()}")
    else:
        shutil.rmtree(run_directory())
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0
