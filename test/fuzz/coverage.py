#!/usr/bin/python3
"""Tells which lines a fuzz target's corpus does not reach.

coverage.py NAME PATH...   `session proxy/session` for what //test/fuzz:session_fuzz
                           leaves out of the sources there

After `bazel build --config=fuzz_coverage //test/fuzz:NAME_fuzz`. Prints each file
with how many of its regions are reached, and the lines that are not. Needs
Debian's `llvm-14`.
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile

from grow import BINARIES, CORPORA, REPOSITORY


def export(binary, corpus):
    """llvm-cov's export after a replay of the corpus; a dictionary."""
    with tempfile.TemporaryDirectory() as scratch:
        raw = pathlib.Path(scratch) / "raw"
        subprocess.run([binary, *sorted(corpus.iterdir())], check=True,
                       stdout=subprocess.DEVNULL,
                       env={**os.environ, "LLVM_PROFILE_FILE": str(raw)})
        profile = pathlib.Path(scratch) / "profile"
        subprocess.run(["llvm-profdata-14", "merge", "-o", profile, raw],
                       check=True)
        return json.loads(subprocess.run(
            ["llvm-cov-14", "export", binary, f"-instr-profile={profile}"],
            check=True, stdout=subprocess.PIPE).stdout)


def missed_lines(file):
    """The lines of a file at which a region begins that was not entered."""
    missed = set()
    for line, _, count, has_count, is_entry, is_gap in file["segments"]:
        if has_count and is_entry and not is_gap and count == 0:
            missed.add(line)
    return sorted(missed)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name")
    parser.add_argument("paths", nargs="+")
    options = parser.parse_args()
    binary = BINARIES / f"{options.name}_fuzz"
    for file in export(binary, CORPORA / options.name)["data"][0]["files"]:
        name = file["filename"].rpartition("/_main/")[2].removeprefix(
            "/proc/self/cwd/")
        if not name.startswith(tuple(options.paths)):
            continue
        regions = file["summary"]["regions"]
        print(f"{name}: {regions['covered']} of {regions['count']}")
        source = (REPOSITORY / name).read_text(encoding="utf-8").splitlines()
        for line in missed_lines(file):
            print(f"  {line:4} {source[line - 1].strip()}")


if __name__ == "__main__":
    sys.exit(main())
