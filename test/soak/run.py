#!/usr/bin/python3
"""Mixed clients against one proxy, one policy service and Mosquitto, for as long
as it takes to see what adds up.

usage: run.py [--minutes N] [--store memory|sqlite|etcd]

30 minutes and SQLite without these: SQLite works in the policy service's own
process, so that what it does not give back is seen here, and needs nothing else.
The fleet has etcd; what a store in memory keeps is bounded in unit tests.

Clients come with each kind of token, key and proof, for MQTT 3.1.1 and 5; they
publish small and large messages, retained ones and Wills; they authenticate anew,
run out of time, are revoked and denied. Meanwhile rules change, the issuer's keys
are rotated, and the proxy's certificate is renewed. Memory must stay flat, no
line of a log be an error, and all counters add up at the end.
`N passed, N failed` is the last line.
"""

import argparse
import pathlib
import shutil
import signal
import sys
import time
import traceback

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "e2e")]

from checks import checks_of  # noqa: E402
from harness.stack import run_directory  # noqa: E402
from soak import Soak  # noqa: E402


def attempt(name, step):
    """Runs it, and says how it went."""
    start = time.monotonic()
    try:
        step()
    except Exception:  # whatever it is, the run ends with a report
        print(f"FAIL {name}", flush=True)
        print("  " + traceback.format_exc().rstrip().replace("\n", "\n  "),
              flush=True)
        return False
    print(f"PASS {name} ({time.monotonic() - start:.1f} s)", flush=True)
    return True


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--store", choices=("memory", "sqlite", "etcd"),
                        default="sqlite")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    soak = Soak(60 * options.minutes, options.store)
    outcomes = []
    try:
        outcomes.append(attempt("clients_come_and_go", soak.run))
        outcomes.append(attempt("clients_leave", soak.wind_down))
        outcomes += [attempt(*check) for check in checks_of(soak)]
    finally:
        soak.world.stop()
    failed = outcomes.count(False)
    if failed:
        print(f"logs and configurations are in {run_directory()}")
    else:
        shutil.rmtree(run_directory())
    print(f"{outcomes.count(True)} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
