#!/usr/bin/env bash
# Runs the end-to-end tests, conformance and the faults against programs that
# were built with a sanitizer, and fails when it has found something. What it
# found is kept. The last line is "N reports". Tests may fail without a report:
# what takes a tenth of a second may take one.
# usage: test/sanitized.sh asan|tsan [SCRIPT [WORD]...]
# SCRIPT is one of test/*/run.py, only which is then run.
set -euo pipefail
cd "$(dirname "$0")/.."

readonly config=${1-}
case "$config" in
  asan) readonly options=ASAN_OPTIONS names="detect_stack_use_after_return=1" ;;
  tsan)
    readonly options=TSAN_OPTIONS
    names="ignore_noninstrumented_modules=1:history_size=4"
    names+=":suppressions=$PWD/test/tsan.supp"
    readonly names
    ;;
  *)
    echo "usage: $0 asan|tsan [SCRIPT [WORD]...]" >&2
    exit 2
    ;;
esac

shift

# Apart from what else is built, which would have to be built again each time.
base=${SLUICE_SANITIZER_BASE:-${XDG_CACHE_HOME:-$HOME/.cache}/sluice}/$config
readonly base
mkdir -p "$base"
bazel=(bazel "--output_base=$base")
"${bazel[@]}" build --config="$config" --symlink_prefix=/ \
  //proxy:sluice-proxy //policy:sluice-policy //policy:sluicectl
SLUICE_BAZEL_BIN=$("${bazel[@]}" info --config="$config" bazel-bin)
export SLUICE_BAZEL_BIN SLUICE_SANITIZED=$config
"${bazel[@]}" shutdown

reports=$(mktemp -d)
export "$options=$names:log_path=$reports/report:exitcode=0"
run() {
  /usr/bin/python3 "$@" || true
}
if (($# > 0)); then
  run "$@"
else
  run test/e2e/run.py
  run test/conformance/run.py
  run test/faults/run.py
fi

count=$(cat "$reports"/* 2>/dev/null | grep -c '^SUMMARY' || true)
if ((count == 0)); then
  rmdir "$reports"
else
  cat "$reports"/* | grep '^SUMMARY' | sort | uniq -c | sort -rn
  echo "the reports are in $reports"
fi
echo "$count reports"
((count == 0))
