#!/usr/bin/python3
"""Breaks what Sluice stands between and rests on, and looks at what becomes of
its clients; against the programs in bazel-bin. As root, or with sudo: disks that
are to be full are mounted.

run.py [WORD]...   only the cases whose name contains one of the words

One line a case, what went wrong below it, and `N passed, N failed` at the end.
"""

import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "e2e")]

from harness import command_line  # noqa: E402
from harness.runner import run  # noqa: E402

MODULES = ("test_kills", "test_broker_kill", "test_books", "test_client_resets",
           "test_broker_resets", "test_policy_answers", "test_silent_watch",
           "test_descriptors", "test_full_disk", "test_clock")

# Most cases wait more than they work.
JOBS = 3

if __name__ == "__main__":
    sys.exit(run(MODULES, command_line.words(__doc__), jobs=JOBS))
