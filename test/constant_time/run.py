#!/usr/bin/python3
"""Shows that refusing a MAC takes as much work whichever of its bytes is wrong,
so that nobody guesses one byte after the other by the time it takes: callgrind
counts the instructions, which a busy machine does not change. A comparison that
stops early is among the cases, and has to be noticed.

usage: run.py     after `bazel build //test/constant_time:compare`
"""

import os
import pathlib
import re
import subprocess
import sys
import tempfile

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = pathlib.Path(os.environ.get(
    "SLUICE_BAZEL_BIN", REPOSITORY / "bazel-bin")) / \
    "test/constant_time/compare"
CONTROL = "control-that-stops-early"
BYTES = (0, 3, 7)  # what every case's MAC has
FEW, MANY = 1000, 3000  # comparisons; what starting takes is in both


def instructions(case, byte, times):
    with tempfile.TemporaryDirectory() as directory:
        done = subprocess.run(
            ["valgrind", "--tool=callgrind",
             f"--callgrind-out-file={directory}/out",
             PROGRAM, case, str(byte), str(times)],
            capture_output=True, text=True, check=False)
    counted = re.search(r"Collected : (\d+)", done.stderr)
    if done.returncode or not counted:
        sys.exit(f"{case}: {done.stderr}")
    return int(counted.group(1))


def main():
    cases = subprocess.run([PROGRAM], capture_output=True, text=True,
                           check=True).stdout.split()
    failed = 0
    for case in cases:
        counts = [instructions(case, byte, MANY) -
                  instructions(case, byte, FEW) for byte in BYTES]
        # Less than one instruction in a comparison: what the numbers of the
        # command line and the heap's state make.
        same = max(counts) - min(counts) < MANY - FEW
        good = same == (case != CONTROL)
        failed += not good
        print("PASS" if good else "FAIL", case, "takes",
              " ".join(f"{count / (MANY - FEW):.2f}" for count in counts),
              "instructions where byte", " ".join(map(str, BYTES)), "is wrong",
              flush=True)
    print(f"{len(cases) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
