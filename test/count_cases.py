#!/usr/bin/python3
"""Prints how many test cases passed and failed, from Bazel's test.xml files.

usage: count_cases.py TESTLOGS LABEL...

gtest writes its own report; for other tests, and for one that died, Bazel
writes one with a single case. A label, or a shard of it, without a report counts
as one failure.
"""

import pathlib
import re
import sys
import xml.etree.ElementTree as ElementTree

_SHARD = re.compile(r"shard_\d+_of_(\d+)")


def count(report):
    """Passed and failed cases of one test.xml; says which were skipped."""
    passed = failed = 0
    for case in ElementTree.parse(report).getroot().iter("testcase"):
        if case.get("status") == "notrun":
            continue
        skipped = case.find("skipped")
        if skipped is not None:
            print(f"SKIP {case.get('classname')}.{case.get('name')}: "
                  f"{skipped.get('message')}", file=sys.stderr)
            continue
        bad = case.find("failure") is not None or case.find("error") is not None
        passed += not bad
        failed += bad
    return passed, failed


def main(testlogs, labels):
    passed = failed = 0
    for label in labels:
        logs = pathlib.Path(testlogs,
                            label.removeprefix("//").replace(":", "/"))
        # Not those of a run that was one of several (--runs_per_test).
        shards = next((int(name[1]) for name in
                       (_SHARD.fullmatch(path.name) for path in logs.glob("*"))
                       if name), 0)
        parts = [logs / f"shard_{i}_of_{shards}"
                 for i in range(1, shards + 1)] or [logs]
        for part in parts:
            try:
                p, f = count(part / "test.xml")
            except (OSError, ElementTree.ParseError):
                p, f = 0, 1
            passed += p
            failed += f
    print(passed, failed)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
