#!/usr/bin/python3
"""Compares the log's events in docs/logs.md with those that the sources log.

Fails when one is in the table or in the sources only.
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
TABLE = ROOT / "docs/logs.md"
# What stands before the fields in a call that logs, or pairs level and event.
CALL = re.compile(r"\b(?:log(?:ger)?_?(?:\.|->)[A-Z]\w+|FormatLogLine)\(([^{;]*)"
                  r"|\{LogLevel::\w+, (\"[a-z_]+\")\}")
EVENT = re.compile(r'"([a-z_]+)"')
ROW = re.compile(r"^\| `([a-z_]+)` \| ", re.MULTILINE)


def logged():
    """File names by event."""
    events = {}
    for folder in ("proxy", "policy"):
        for path in sorted((ROOT / folder).rglob("*.cc")):
            for call in CALL.finditer(path.read_text(encoding="utf-8")):
                for event in EVENT.findall(call[1] or call[2]):
                    events.setdefault(event, path.relative_to(ROOT))
    return events


def main():
    table = TABLE.read_text(encoding="utf-8")
    table = table[table.index("### Events"):table.index("## The audit log")]
    told = ROW.findall(table)
    events = logged()
    wrong = [f"{path} logs {event}, which docs/logs.md does not have"
             for event, path in events.items() if event not in told]
    wrong += [f"docs/logs.md has {event}, which nothing logs"
              for event in told if event not in events]
    if told != sorted(set(told)):
        wrong.append("docs/logs.md: not in order, or twice")
    for line in wrong:
        print(line)
    if not wrong:
        print(f"{len(told)} events of the log, as in docs/logs.md")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
