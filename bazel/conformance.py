#!/usr/bin/python3
"""Keeps docs/conformance.md true.

Tests name the requirements they show in comments of the form
`covers: ACE-POP-3, EDGE-14`, or, in test/conformance, by the decorator
`@case("ACE-POP-3", ...)`. This script compares them with the table:

  bazel/conformance.py           fails when a row that claims a test has none, a
                                 test names an unknown id, or the list of tests
                                 in a row is not what the tree holds
  bazel/conformance.py --write   writes the lists of tests into the table

A row is `| id | what | state | tests |`; state is `yes`, `part` or `no`. Rows
with `part` and `no` say why in the column `what` or in the notes.
"""
import collections
import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
TABLE = os.path.join(ROOT, "docs", "conformance.md")
COVERS = re.compile(r"covers:\s*((?:ACE-[A-Z0-9]+-\d+|EDGE-\d+)"
                    r"(?:,\s*(?:ACE-[A-Z0-9]+-\d+|EDGE-\d+))*)")
# The decorator of a case, up to the first argument that has a name.
CASE = re.compile(r"^@case\w*\(((?:\s*\"[A-Z0-9-]+\",)+)", re.MULTILINE)
ROW = re.compile(r"^\| ((?:ACE-[A-Z0-9]+-\d+|EDGE-\d+)) \| (.*) "
                 r"\| (yes|part|no) \| (.*) \|$")


def tests_by_id():
    files = subprocess.run(
        ["git", "-C", ROOT, "ls-files", "--cached", "--others",
         "--exclude-standard", "test"],
        check=True, stdout=subprocess.PIPE, text=True).stdout.split()
    found = collections.defaultdict(set)
    for name in files:
        if not name.endswith((".cc", ".h", ".py", ".mjs", ".sh")):
            continue
        path = os.path.join(ROOT, name)
        if not os.path.exists(path):
            continue
        with open(path, encoding="utf-8", errors="replace") as f:
            # A list may go on in the next comment line.
            text = re.sub(r",\n\s*(?://|#)\s*", ", ", f.read())
        for match in COVERS.finditer(text):
            for requirement in re.split(r",\s*", match.group(1)):
                found[requirement].add(name)
        for match in CASE.finditer(text):
            for requirement in re.findall(r'"([^"]+)"', match.group(1)):
                found[requirement].add(name)
    return found


def main():
    write = sys.argv[1:] == ["--write"]
    if sys.argv[1:] and not write:
        sys.exit(__doc__)
    found = tests_by_id()
    problems, seen, lines = [], set(), []
    with open(TABLE, encoding="utf-8") as f:
        for line in f.read().splitlines():
            row = ROW.match(line)
            if row:
                requirement, what, state, tests = row.groups()
                if requirement in seen:
                    problems.append(f"{requirement}: has two rows")
                seen.add(requirement)
                names = sorted(found.get(requirement, ()))
                listed = ", ".join(f"`{n[len('test/'):]}`" for n in names) or "-"
                if state == "yes" and not names:
                    problems.append(f"{requirement}: no test names it")
                if tests != listed:
                    if not write:
                        problems.append(f"{requirement}: the list of tests is "
                                        "out of date (--write mends it)")
                    line = f"| {requirement} | {what} | {state} | {listed} |"
            lines.append(line)
    for requirement in sorted(set(found) - seen):
        problems.append(f"{requirement}: named by {sorted(found[requirement])[0]}"
                        ", but not in the table")
    if write:
        with open(TABLE, "w", encoding="utf-8") as f:
            f.write("\n".join(lines) + "\n")
    for problem in problems:
        print(f"docs/conformance.md: {problem}", file=sys.stderr)
    print(f"conformance: {len(seen)} requirements, {len(problems)} problems")
    sys.exit(1 if problems else 0)


main()
