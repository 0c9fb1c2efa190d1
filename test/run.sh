#!/usr/bin/env bash
# Builds everything and runs every check and test. What failed, and what passed
# only when it was run a second time, is told again at the end. The last line is
# "N passed, N failed"; the exit status says the same.
# usage: test/run.sh
# $BAZEL_STARTUP_FLAGS and $BAZEL_BUILD_FLAGS are handed to Bazel.
set -euo pipefail
cd "$(dirname "$0")/.."

read -ra startup <<<"${BAZEL_STARTUP_FLAGS-}"
read -ra flags <<<"${BAZEL_BUILD_FLAGS-}"
passed=0
failed=0
troubles=$(mktemp) # what did not pass at once, and the beginning of why

count() {
  passed=$((passed + $1))
  failed=$((failed + $2))
}

heading() {
  printf '\n== %s == (after %d s)\n' "$1" "$SECONDS"
}

# check NAME COMMAND...: passes or fails as a whole.
check() {
  local name=$1
  shift
  heading "$name"
  if "$@"; then
    echo "PASS $name"
    count 1 0
  else
    echo "FAIL $name" | tee -a "$troubles"
    count 0 1
  fi
}

# Benchmarks and what else is tagged `manual` are only built. A test that failed
# is run a second time: it has to do with time and a machine that others use too.
bazel_tests() {
  heading "bazel test"
  local status=0 labels log p f
  log=$(mktemp)
  mapfile -t labels < <(bazel "${startup[@]}" query --noshow_progress \
    --ui_event_filters=-info \
    "tests(//...) except attr(tags, '[\[ ]manual[,\]]', tests(//...))")
  bazel "${startup[@]}" test "${flags[@]}" --keep_going \
    --flaky_test_attempts=2 "${labels[@]}" 2>&1 | tee "$log" || status=$?
  grep -A 6 ': Failure$' "$log" | head -n 60 | sed 's/^/  /' >>"$troubles" || true
  grep -E '^//.* (FLAKY|FAILED|TIMEOUT|NO STATUS)' "$log" >>"$troubles" || true
  rm -f "$log"
  read -r p f < <(/usr/bin/python3 test/count_cases.py \
    "$(bazel "${startup[@]}" info "${flags[@]}" bazel-testlogs)" \
    "${labels[@]}")
  if ((status != 0 && f == 0)); then
    echo "FAIL bazel test ended with status $status" | tee -a "$troubles"
    f=1
  fi
  echo "bazel test: $p passed, $f failed"
  count "$p" "$f"
}

# with_programs NAME SCRIPT...: runs a script, with its arguments, whose last line
# is a count of cases.
with_programs() {
  heading "$1"
  shift
  local log
  log=$(mktemp)
  SLUICE_BAZEL_BIN=$(bazel "${startup[@]}" info "${flags[@]}" bazel-bin) \
    timeout 900 /usr/bin/python3 "$@" | tee "$log" || true
  if [[ $(tail -n 1 "$log") =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed$ ]]; then
    count "${BASH_REMATCH[1]}" "${BASH_REMATCH[2]}"
  else
    echo "FAIL $1 did not come to its end" | tee -a "$troubles"
    count 0 1
  fi
  awk '/^[^ ]/ { left = /^(FAIL|LATER|FLAKY) / ? 30 : 0 } left-- > 0' \
    "$log" >>"$troubles"
  rm -f "$log"
}

bash test/setup.sh
check build bazel "${startup[@]}" build "${flags[@]}" --keep_going //...
bazel_tests
check layers bash bazel/check_layers.sh
check format bash bazel/format.sh --check
check "table of requirements" /usr/bin/python3 bazel/conformance.py
check "table of the log's events" /usr/bin/python3 bazel/log_events.py
check "tables of the metrics" /usr/bin/python3 bazel/metrics.py
with_programs "instructions a message" test/bench/instructions.py
with_programs "constant time" test/constant_time/run.py
with_programs "end to end" test/e2e/run.py
with_programs conformance test/conformance/run.py
with_programs differential test/differential/run.py
with_programs fleet test/fleet/run.py
with_programs faults test/faults/run.py
with_programs soak test/soak/run.py --minutes 0.6
with_programs deploy test/deploy/run.py
with_programs floods test/floods/run.py

printf '\nafter %d s:\n' "$SECONDS"
cat "$troubles"
rm -f "$troubles"
echo "$passed passed, $failed failed"
((failed == 0))
