#!/usr/bin/python3
"""Compares the metrics in docs/operations.md with those of the programs, and
with those that the files in deploy/ ask for.

Fails when one is in the sources or in the tables only, or is asked for and not
there.
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
DOCUMENT = "docs/operations.md"
# A program's source, its section, and what the table leaves out of the names.
PROGRAMS = (
    ("proxy/server/metrics.cc", "## Metrics of the proxy", "sluice_"),
    ("policy/server/policy_metrics.cc", "## Metrics of the policy service",
     "sluice_policy_"),
)
# Not in the name of a recording rule.
NAME = re.compile(r"(?<![:\w])sluice_[a-z0-9_]+(?![:\w])")
LITERAL = re.compile(r'"(sluice_[a-z0-9_]+)"')
CELL = re.compile(r"^\| (`[^|]*`) \|", re.MULTILINE)
IN_CELL = re.compile(r"`([a-z_]+)(?:\{[a-z,]*\})?`")
OF_HISTOGRAM = re.compile(r"_(bucket|sum|count)$")
# What is no metric, though it looks like one.
OTHERS = {"sluice_proxy", "sluice_policy", "sluice_audit"}


def section(heading):
    text = (ROOT / DOCUMENT).read_text(encoding="utf-8")
    start = text.index(heading + "\n")
    end = text.find("\n## ", start)
    return text[start:end if end >= 0 else len(text)]


def main():
    wrong = []
    known = set()
    for source, heading, prefix in PROGRAMS:
        there = set(LITERAL.findall(
            (ROOT / source).read_text(encoding="utf-8")))
        known |= there
        text = section(heading)
        told = {prefix + name for cell in CELL.findall(text)
                for name in IN_CELL.findall(cell)}
        # What the text before the table says.
        told |= set(NAME.findall(text.split("\n| ", 1)[0]))
        wrong += [f"{source} has {name}, which {DOCUMENT} does not tell of"
                  for name in sorted(there - told)]
        wrong += [f"{DOCUMENT} tells of {name}, which {source} does not have"
                  for name in sorted(told - there)]
    for path in sorted((ROOT / "deploy").rglob("*")):
        if path.suffix not in (".yaml", ".json", ".tpl") or not path.is_file():
            continue
        for name in sorted(set(NAME.findall(
                path.read_text(encoding="utf-8")))):
            if name in OTHERS or {name, OF_HISTOGRAM.sub("", name)} & known:
                continue
            wrong.append(f"{path.relative_to(ROOT)} asks for {name}, which no"
                         " program has")
    for line in wrong:
        print(line)
    if not wrong:
        print(f"{len(known)} metrics, as in {DOCUMENT}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
