"""What all suites make of their command line: words, each a part of the name of
cases that are to run."""

import sys


def words(description):
    """Those of the command line. With --help or -h among them prints
    `description` and ends the program."""
    given = sys.argv[1:]
    if "--help" in given or "-h" in given:
        print(description.strip())
        sys.exit(0)
    return given


def check(given, fits):
    """Ends the program with status 2 where a word fits no case, by
    fits(word)."""
    unknown = [word for word in given if not fits(word)]
    if unknown:
        print(f"no case is called {', '.join(unknown)}", file=sys.stderr)
        sys.exit(2)
