#!/usr/bin/env bash
# Runs clang-tidy, with the checks of .clang-tidy, over our own sources.
# usage: bazel/tidy.sh [TARGET_PATTERN]     e.g. bazel/tidy.sh //proxy/mqtt:all
# Exit 1 when there is a finding. Builds the targets first, because clang-tidy
# needs the generated headers. $BAZEL_STARTUP_FLAGS and $BAZEL_BUILD_FLAGS are
# handed to Bazel.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

pattern="${1:-//...}"
read -ra startup <<<"${BAZEL_STARTUP_FLAGS-}"
read -ra build <<<"${BAZEL_BUILD_FLAGS-}"
bazel "${startup[@]}" build "${build[@]}" -- "$pattern"

commands="$(mktemp -d)"
trap 'rm -rf "$commands"' EXIT
bazel/compile_commands.py -o "$commands/compile_commands.json" "$pattern"

# clang-tidy sees the files under Bazel's execution root, where it finds no
# .clang-tidy.
root="$(pwd)"
python3 -c '
import json, sys
for entry in json.load(open(sys.argv[1])):
    print(entry["file"])
' "$commands/compile_commands.json" | sort | xargs -r -n 1 -P "$(nproc)" \
  clang-tidy --quiet -p "$commands" --config-file="$root/.clang-tidy" \
  --header-filter='^(.*/execroot/sluice/|\./)?(proxy|policy|test)/'
echo "clang-tidy: no findings in $pattern"
