#!/usr/bin/python3
"""Gives the same bytes to Mosquitto and to the proxy before a Mosquitto, and
compares what each has read.

run.py [--seed N] [--cases N] [--first N] [--verbose]

Whatever the proxy lets through the broker must read as the proxy has judged
it: the same packets, topics and filters, with the same QoS, RETAIN, lengths and
properties as the client's own bytes have; and it must be sent nothing else.
What the proxy refuses and Mosquitto takes is counted and listed. There is one
line a kind of fault.
"""

import argparse
import collections
import concurrent.futures
import dataclasses
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


@dataclasses.dataclass
class Result:
    """What is told of a case."""

    number: int
    kind: str
    has_token: bool
    let_in: bool
    outcome: str
    findings: list
    text: str  # all about it, where that is wanted


def result_of(played, verbose):
    found = findings(played)
    return Result(played.case.number, played.case.kind,
                  bool(played.case.credential), bool(played.sent),
                  outcome(played), found,
                  described(played) if found or verbose else "")


def share(seed, first, count, verbose):
    return [result_of(played, verbose)
            for played in run(cases.generate(seed, first, count))]


def play_all(options):
    """Results of all cases."""
    size = -(-options.cases // WORKERS)
    parts = [(options.seed, options.first + start,
              min(size, options.cases - start), options.verbose)
             for start in range(0, options.cases, size)]
    with concurrent.futures.ProcessPoolExecutor(
            WORKERS, multiprocessing.get_context("fork")) as pool:
        return [result for part in pool.map(share, *zip(*parts))
                for result in part]


def described(played):
    """Of each, line by line, as much as can be read."""
    case = played.case
    text = (f"  case {case.number}, MQTT {case.version}, {case.kind}, "
            f"{case.credential or 'no token'}: {case.scope}, {case.renewals}\n"
            f"    {case.first.hex()} {case.connect.render().hex()} "
            f"{shortened(case.rest)} {case.cuts[:20]}\n"
            f"    direct:  {played.direct}\n    behind:  {played.behind}\n"
            f"    sent:    {shortened(played.sent)}\n"
            f"    answers: {played.answers}\n"
            f"    decided: {played.decided}")
    return "\n".join(line[:5000] for line in text.split("\n"))


def shortened(data):
    return data.hex() if len(data) < 5000 else (
        f"{data[:2000].hex()}...{data[-2000:].hex()}")


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
        outcomes[result.kind][result.outcome] += 1
        if result.findings:
            faults[result.kind].append(result)
        if result.text:
            print(result.text, flush=True)
    for kind in sorted(outcomes):
        counts = ", ".join(f"{name} {count}" for name, count in
                           sorted(outcomes[kind].items()))
        print(f"{'FAIL' if kind in faults else 'PASS'} {kind} ({counts})")
        for result in faults.get(kind, ()):
            for text in result.findings:
                print(f"  case {result.number}: {text[:4000]}")
    total = sum(outcomes.values(), collections.Counter())
    print(f"{len(results)} cases in {time.monotonic() - start:.0f} s: " +
          ", ".join(f"{count} {name}" for name, count in
                    total.most_common()))
    holders = [result for result in results if result.has_token]
    print(f"{len(holders)} of the clients have a token, and "
          f"{sum(result.let_in for result in holders)} of these were let in")
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
