#!/usr/bin/env bash
# Formats our C++ sources and protobuf files with clang-format.
# usage: bazel/format.sh [--check] [FILE...]
#   --check  change nothing; exit 1 and name the places when something would
#            change.
# Without files: all that git knows or would add.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

mode=(-i)
if [[ "${1-}" == --check ]]; then
  mode=(--dry-run --Werror)
  shift
fi
if (($# > 0)); then
  files=("$@")
else
  mapfile -t files < <(git ls-files --cached --others --exclude-standard -- \
    '*.h' '*.cc' '*.proto' | while read -r file; do
    [[ -e "$file" ]] && printf '%s\n' "$file"
  done)
fi
((${#files[@]} > 0)) || exit 0
printf '%s\0' "${files[@]}" | xargs -0 -n 50 -P "$(nproc)" \
  clang-format "${mode[@]}"
