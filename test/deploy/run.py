#!/usr/bin/python3
"""Runs the tests of deploy/ against the programs in bazel-bin.

run.py [WORD]...   only the cases whose name contains one of the words
"""

import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "e2e")]

from harness import command_line  # noqa: E402
from harness.runner import run  # noqa: E402

MODULES = ("test_kubernetes", "test_chart", "test_image", "test_monitoring",
           "test_systemd")


if __name__ == "__main__":
    sys.exit(run(MODULES, command_line.words(__doc__)))
