#!/usr/bin/python3
"""Shows requirement by requirement that Sluice's programs do as they must.

run.py [WORD]...   only the cases with an id that holds one of the words

Prints what failed, then a table with one row an id: how many cases were to be
accepted and to be refused, and whether all were. Without words it also fails
when an id lacks one of the two. The directory with logs and configurations is
kept when something failed.
"""

import concurrent.futures
import importlib
import pathlib
import shutil
import signal
import sys
import time
import traceback

import stacks
from harness import command_line, secrets_book
from harness.runner import failed_again
from harness.stack import (
    POLICY, PROXY, SLUICECTL, keys_directory, run_directory)
from requirements import EXCEPTIONS, IDS, PENDING, PENDING_PARTS
from suite import ACCEPTED, CASES, REFUSED, Bench, outcomes

# Most cases wait more than they work.
THREADS = 12


def load():
    for file in sorted(pathlib.Path(__file__).parent.glob("cases_*.py")):
        importlib.import_module(file.stem)


def run(case):
    """What went wrong, or None; and the seconds it took."""
    start = time.monotonic()
    fault = None
    try:
        bench = Bench(case.stack)
        try:
            case.run(bench)
        finally:
            bench.doCleanups()
    except Exception:  # pylint: disable=broad-except
        fault = traceback.format_exc()
    return fault, time.monotonic() - start


def tell(case, fault, seconds, verdict):
    """Says what went wrong, if anything, as `verdict`; returns it."""
    if fault:
        print(f"{verdict} {case.name()} ({seconds:.1f} s)\n  " +
              fault.rstrip().replace("\n", "\n  "), flush=True)
    return fault


def run_all(cases):
    """{case: fault or None}; says what fails as it happens."""
    # Slow ones overlap with the rest; RabbitMQ takes a while to start.
    order = sorted(cases, key=lambda c: (c.stack == "rabbitmq", not c.slow))
    results = {}
    with concurrent.futures.ThreadPoolExecutor(THREADS) as pool:
        futures = {pool.submit(run, case): case for case in order}
        for future in concurrent.futures.as_completed(futures):
            case = futures[future]
            results[case] = tell(case, *future.result(), "LATER")
    return results


def run_failed_again(results):
    """Runs the few that failed once more, alone (see harness/runner.py)."""
    def passes(case):
        results[case] = tell(case, *run(case), "FAIL")
        return results[case] is None

    failed_again([case for case, fault in results.items() if fault], passes,
                 lambda case: case.name())


def leaked_secrets():
    """Faults: secrets of this run that stand in a log (ACE-CON-6)."""
    faults = []
    for pattern in ("*/policy.log", "*/proxy.log"):
        for log in run_directory().glob(pattern):
            found = secrets_book.found_in(log.read_bytes())
            faults += [f"{log} holds a secret: {name}" for name in found]
    return faults


def missing():
    """Faults: ids without a case of each outcome, and the reverse."""
    count = outcomes()
    faults = [f"unknown id {name}" for name in sorted(set(count) - set(IDS))]
    for name in IDS:
        for outcome in (ACCEPTED, REFUSED):
            excused = name in PENDING or (name, outcome) in EXCEPTIONS
            if not excused and not count[name][outcome]:
                faults.append(f"{name} has no case that is {outcome}")
    return faults


def print_table(results):
    """One row an id that was run or is pending; the table's totals."""
    print(f"\n{'id':<12}{ACCEPTED:>9}{REFUSED:>9}  result")
    for name in IDS:
        mine = {case: fault for case, fault in results.items()
                if name in case.ids}
        if not mine and name not in PENDING:
            continue
        counts = [sum(case.outcome == outcome for case in mine)
                  for outcome in (ACCEPTED, REFUSED)]
        failed = sum(fault is not None for fault in mine.values())
        result = f"FAIL {failed}" if failed else "pass" if mine else "pending"
        notes = [f"pending: {notes[name]}"
                 for notes in (PENDING, PENDING_PARTS) if name in notes]
        notes += [f"no case {outcome}: {EXCEPTIONS[name, outcome]}"
                  for outcome in (ACCEPTED, REFUSED)
                  if (name, outcome) in EXCEPTIONS]
        row = f"{name:<12}{counts[0]:>9}{counts[1]:>9}  {result:<9}"
        print((row + "; ".join(notes)).rstrip())


def fits(word, case):
    """EDGE-1 is that id alone, EDGE is all of them."""
    return word in case.ids or (
        word not in IDS and any(word in name for name in case.ids))


def chosen_cases(words):
    load()
    command_line.check(words, lambda word: any(
        fits(word, case) for case in CASES))
    return [case for case in CASES
            if not words or any(fits(word, case) for word in words)]


def main(words):
    # So that what was started is ended when this is cut off.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    absent = [str(p) for p in (PROXY, POLICY, SLUICECTL) if not p.exists()]
    if absent:
        sys.exit(f"not built: {' '.join(absent)}")
    start = time.monotonic()
    cases = chosen_cases(words)
    keys_directory()  # made before any thread wants it
    try:
        if any(case.stack == "rabbitmq" for case in cases):
            stacks.start_rabbitmq()
        results = run_all(cases)
        run_failed_again(results)
    finally:
        stacks.stop_all()
    faults = leaked_secrets() + ([] if words else missing())
    print_table(results)
    for fault in faults:
        print(f"FAIL {fault}")
    failed = sum(fault is not None for fault in results.values()) + len(faults)
    if failed:
        print(f"logs and configurations are in {run_directory()}")
    else:
        shutil.rmtree(run_directory())
    passed = sum(fault is None for fault in results.values())
    print(f"{time.monotonic() - start:.0f} s\n{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main(command_line.words(__doc__)))
