#!/usr/bin/python3
"""Gives the same bytes to Mosquitto and to the proxy before a Mosquitto, and
compares what each has read.

run.py [--seed N] [--cases N] [--first N] [--verbose]

Whatever the proxy lets through the broker must read as the proxy has judged
it: the same packets, topics and filters, with the same QoS, RETAIN, lengths and
properties as the client's own bytes have. What the proxy refuses and Mosquitto
takes is counted and listed. There is one line a kind of fault.
"""

import argparse
import collections
import concurrent.futures
import multiprocessing
import shutil
import signal
import sys
import time

import cases
import e2e_path  # noqa: F401
from compare import findings, outcome
from harness.stack import POLICY, PROXY, SLUICECTL, keys_directory, \
    run_directory
from worker import run

WORKERS = 3


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--cases", type=int, default=4000)
    parser.add_argument("--first", type=int, default=0,
                        help="number of the first case")
    parser.add_argument("--verbose", action="store_true",
                        help="prints every case with what was read")
    return parser.parse_args()


def share(seed, first, count):
    return run(cases.generate(seed, first, count))


def play_all(options):
    """What worker.run() returns, of all cases."""
    size = -(-options.cases // WORKERS)
    parts = [(options.seed, options.first + start,
              min(size, options.cases - start))
             for start in range(0, options.cases, size)]
    with concurrent.futures.ProcessPoolExecutor(
            WORKERS, multiprocessing.get_context("fork")) as pool:
        return [result for part in pool.map(share, *zip(*parts))
                for result in part]


def describe(case, direct, behind, decided):
    print(f"  case {case.number}, MQTT {case.version}, {case.kind}\n"
          f"    {case.connect.hex()} {case.rest.hex()} {case.cuts}\n"
          f"    direct:  {direct}\n    behind:  {behind}\n"
          f"    decided: {decided}", flush=True)


def main():
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    missing = [str(p) for p in (PROXY, POLICY, SLUICECTL) if not p.exists()]
    if missing:
        sys.exit(f"not built: {' '.join(missing)}")
    options = arguments()
    start = time.monotonic()
    keys_directory()  # made before there are several processes
    results = play_all(options)
    outcomes = collections.defaultdict(collections.Counter)
    faults = collections.defaultdict(list)
    for result in results:
        kind = result[0].kind
        outcomes[kind][outcome(*result[1:])] += 1
        found = findings(*result)
        if found:
            faults[kind].append((result, found))
        if found or options.verbose:
            describe(*result)
    for kind in sorted(outcomes):
        counts = ", ".join(f"{name} {count}" for name, count in
                           sorted(outcomes[kind].items()))
        print(f"{'FAIL' if kind in faults else 'PASS'} {kind} ({counts})")
        for (case, *_), found in faults.get(kind, ()):
            for text in found:
                print(f"  case {case.number}: {text}")
    total = sum(outcomes.values(), collections.Counter())
    print(f"{len(results)} cases in {time.monotonic() - start:.0f} s: " +
          ", ".join(f"{count} {name}" for name, count in
                    total.most_common()))
    strict = sorted({kind for kind, count in outcomes.items()
                     if count["refused by the proxy"]})
    print(f"the proxy alone refuses some of: {'; '.join(strict)}")
    if faults:
        print(f"logs and configurations are in {run_directory()}")
    else:
        shutil.rmtree(run_directory())
    print(f"{len(outcomes) - len(faults)} passed, {len(faults)} failed")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
