#!/usr/bin/python3
"""Fuzzes targets from their corpora, and adds to these what reaches new code.

grow.py [--minutes N] [NAME]...   `session` for //test/fuzz:session_fuzz; all

After `bazel build --config=fuzz //test/fuzz:all`, or with --config=fuzz_fast,
which reaches new code up to ten times as fast, but finds only what aborts or
breaks a model by itself: run what it adds under --config=fuzz after it. Each
target has N minutes (10) of processor time, and prints a row: inputs that were
run, edges reached by the corpus and at the end (of this build), and which input
was the last to reach a new one. What a target aborts on is kept, and said; then
the exit status is 1.
"""

import argparse
import dataclasses
import os
import pathlib
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
BINARIES = REPOSITORY / "bazel-bin/test/fuzz"
CORPORA = REPOSITORY / "test/fuzz/corpus"
_STATUS = re.compile(r"^#(\d+)\s+(\w+)\s+cov: (\d+)")
# Edges only: how often each is taken would make corpora many times as large, and a
# session's fuzzing a tenth as fast.
_EDGES = ("-use_counters=0", "-use_cmp=0")


@dataclasses.dataclass
class Run:
    """What a target did."""

    inputs: int = 0
    edges_before: int = 0
    edges: int = 0
    last_new: int = 0  # the input that reached the last new edge
    failed: bool = False


def fuzz(name, minutes, found):
    """Runs the target until its processor time is used up; new inputs go to the
    folder `found`."""
    run = Run()
    seconds = int(60 * minutes)
    process = subprocess.Popen(
        [BINARIES / f"{name}_fuzz", f"-artifact_prefix={name}-", "-timeout=20",
         "-reload=0",
         # What is kept for later sessions looks like a leak to libFuzzer, which
         # would search all memory after each input. Who replays the corpus under
         # ASan searches once.
         "-detect_leaks=0",
         # To weigh inputs costs more than it finds.
         "-entropic=0", *_EDGES, found, CORPORA / name],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE, text=True,
        # libFuzzer counts seconds of the clock. SIGXCPU at the end of the time.
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CPU,
                                              (seconds, seconds + 60)))
    for line in process.stderr:
        status = _STATUS.match(line)
        if not status:
            if "ERROR" in line or "Test unit written" in line:
                print(f"{name}: {line.strip()}", file=sys.stderr)
            continue
        run.inputs, event, edges = (int(status[1]), status[2], int(status[3]))
        if event == "INITED":
            run.edges_before = edges
        elif edges > run.edges:
            run.last_new = run.inputs
        run.edges = edges
    run.failed = process.wait() not in (0, -signal.SIGXCPU)
    return run


def add_to_corpus(name, found):
    """Copies what reaches edges that the corpus does not; how many."""
    with tempfile.TemporaryDirectory() as scratch:
        chosen = pathlib.Path(scratch)
        for seed in (CORPORA / name).iterdir():
            shutil.copy(seed, chosen)
        before = set(os.listdir(chosen))
        subprocess.run([BINARIES / f"{name}_fuzz", "-set_cover_merge=1",
                        *_EDGES, chosen, found], check=True,
                       stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL)
        new = set(os.listdir(chosen)) - before
        for file in new:
            # libFuzzer's names are 40 digits; 16 tell inputs apart, too.
            shutil.copy(chosen / file, CORPORA / name / file[:16])
        return len(new)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("names", nargs="*")
    options = parser.parse_args()
    names = options.names or sorted(p.name for p in CORPORA.iterdir()
                                    if p.is_dir())
    print(f"{'target':20} {'inputs':>10} {'edges':>6} {'at end':>6} "
          f"{'last at':>10} {'added':>5}", flush=True)
    failed = False
    for name in names:
        with tempfile.TemporaryDirectory() as found:
            run = fuzz(name, options.minutes, found)
            added = add_to_corpus(name, found)
        print(f"{name:20} {run.inputs:10} {run.edges_before:6} {run.edges:6} "
              f"{run.last_new:10} {added:5}", flush=True)
        failed |= run.failed
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
