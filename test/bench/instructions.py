#!/usr/bin/python3
"""Counts, with callgrind, the instructions that judging a message takes, and
compares them with instructions.json: what costs more than TOLERANCE above what
is written there has failed. A busy machine changes nothing in this count.

usage: instructions.py [--write]     after `bazel build //test/bench:instructions`

--write makes the counts the new measure: after a change that is worth its
price, or that saved something.
"""

import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
MEASURE = HERE / "instructions.json"
PROGRAM = pathlib.Path(os.environ.get(
    "SLUICE_BAZEL_BIN", HERE.parents[1] / "bazel-bin")) / \
    "test/bench/instructions"
TOLERANCE = 0.05  # other processors choose other versions of memcpy
FEW, MANY = 1000, 11000  # messages; what starting takes is in both


def instructions(case, messages):
    with tempfile.TemporaryDirectory() as directory:
        done = subprocess.run(
            ["valgrind", "--tool=callgrind",
             f"--callgrind-out-file={directory}/out",
             PROGRAM, case, str(messages)],
            capture_output=True, text=True, check=False)
    counted = re.search(r"Collected : (\d+)", done.stderr)
    if done.returncode or not counted:
        sys.exit(f"{case}: {done.stderr}")
    return int(counted.group(1))


def main(arguments):
    if arguments not in ([], ["--write"]):
        sys.exit(__doc__)
    cases = subprocess.run([PROGRAM], capture_output=True, text=True,
                           check=True).stdout.split()
    measure = json.loads(MEASURE.read_text()) if MEASURE.exists() else {}
    counts = {}
    failed = 0
    for case in cases:
        counts[case] = round((instructions(case, MANY) -
                              instructions(case, FEW)) / (MANY - FEW))
        before = measure.get(case)
        good = before is not None and counts[case] <= before * (1 + TOLERANCE)
        failed += not good
        print("PASS" if good else "FAIL", f"{case}: {counts[case]} "
              f"instructions a message, measure {before}", flush=True)
    gone = sorted(set(measure) - set(cases))
    for case in gone:
        print(f"FAIL {case}: there is no such case any more")
    if arguments:
        MEASURE.write_text(json.dumps(counts, indent=2) + "\n")
    print(f"{len(cases) - failed} passed, {failed + len(gone)} failed")
    return 1 if failed or gone else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
