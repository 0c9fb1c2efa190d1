#!/usr/bin/env python3
"""Writes compile_commands.json for editors and clang-tidy.

usage: bazel/compile_commands.py [-o FILE] [TARGET_PATTERN]

Asks Bazel which compiler commands it would run for our own sources; needs no
network. Generated headers are found only after they have been built. Further
flags for Bazel, such as --output_base, are taken from $BAZEL_STARTUP_FLAGS.
"""

import argparse
import json
import os
import pathlib
import shlex
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent

# Known to GCC, which Bazel compiles with, but not to clang-tidy.
GCC_ONLY = {"-fno-canonical-system-headers", "-Wunused-but-set-parameter",
            "-Wno-free-nonheap-object", "--param=ggc-min-heapsize=1048576"}


def bazel(*args):
    flags = shlex.split(os.environ.get("BAZEL_STARTUP_FLAGS", ""))
    result = subprocess.run(
        ["bazel", *flags, *args], cwd=ROOT, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True, check=False)
    if result.returncode != 0:
        sys.exit(result.stderr)
    return result.stdout


def entries(graph, execution_root):
    seen = set()
    for action in graph.get("actions", []):
        arguments = [a for a in action["arguments"] if a not in GCC_ONLY]
        source = arguments[arguments.index("-c") + 1]
        # Once a file, though it may be compiled for host and target; neither
        # generated code nor that of others.
        if source in seen or not (ROOT / source).exists():
            continue
        seen.add(source)
        yield {
            "directory": execution_root,
            "file": str(ROOT / source),
            "arguments": arguments,
        }


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("-o", "--output", type=pathlib.Path,
                        default=ROOT / "compile_commands.json")
    parser.add_argument("pattern", nargs="?", default="//...")
    options = parser.parse_args()

    graph = json.loads(bazel(
        "aquery", f"mnemonic(CppCompile, {options.pattern})",
        "--output=jsonproto"))
    commands = list(entries(graph, bazel("info", "execution_root").strip()))
    options.output.write_text(json.dumps(commands, indent=1))
    print(f"{options.output}: {len(commands)} files")


if __name__ == "__main__":
    main()
