#!/usr/bin/env bash
# Checks that no library reaches what its layer may not use (see
# docs/architecture.md). Bazel's visibility keeps targets from depending on a
# higher layer; this keeps the pure layers free of I/O libraries as well.
# usage: bazel/check_layers.sh
# Exit 1 and the offending path when a rule is broken. $BAZEL_STARTUP_FLAGS is
# handed to Bazel.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

read -ra startup <<<"${BAZEL_STARTUP_FLAGS-}"
failed=0

query() {
  bazel "${startup[@]}" query --noshow_progress --ui_event_filters=-info "$@"
}

# forbid FROM WHAT...: nothing in the packages FROM may reach any of WHAT.
forbid() {
  local from="$1" path
  shift
  path="$(query "somepath($from, $(printf '%s + ' "$@")set())")"
  if [[ -n "$path" ]]; then
    echo "FAIL $from must not depend on ${path##*$'\n'}, but does:"
    sed 's/^/  /' <<<"$path"
    failed=1
  else
    echo "ok   $from reaches none of: $*"
  fi
}

uv=@system//:uv
grpc=@system//:grpc
ssl=@boringssl//:ssl
crypto=@boringssl//:crypto
curl=@system//:curl

forbid //proxy/base/... //proxy/mqtt/... //proxy/authz/... \
  //proxy/session/... //policy/... @system//:protobuf "$uv" "$grpc" "$crypto"
forbid //proxy/admin_http/... //proxy/config/... //proxy/mqtt/... \
  //proxy/authz/... //proxy/session/... //proxy/transport/... //policy/... \
  @system//:protobuf "$uv" "$grpc" "$crypto"
forbid //proxy/config/... //proxy/mqtt/... //proxy/authz/... \
  //proxy/session/... //policy/... "$uv" "$grpc" "$crypto"
forbid //proxy/mqtt/... //proxy/authz/... //proxy/session/... //policy/... \
  @system//:protobuf "$uv" "$grpc" "$crypto"
forbid //proxy/authz/... //proxy/session/... //policy/... \
  "$uv" "$grpc" "$crypto"
forbid //policy/rules/... //policy/store/... //policy/service/... \
  //policy/admin/... //policy/server/... "$uv" "$grpc" "$crypto"
forbid //proxy/session/... //proxy/transport/... //proxy/policy_client/... \
  "(//policy/... - //policy/revocation/...)" "$uv" "$grpc" "$crypto"
forbid //policy/ace/... //policy/http/... //policy/service/... \
  //policy/store/... "$uv" "$grpc" "$ssl" "$curl"
forbid //policy/store/... //policy/ace/... //policy/http/... \
  //policy/service/... "$uv" "$ssl" "$curl"
forbid //policy/admin/... //policy/http:http_client //policy/server/... \
  //policy/ctl/... //proxy/session/... "$uv" "$ssl" "$curl"
forbid //policy/service/... //policy/admin/... //policy/http:http_client \
  //policy/server/... //proxy/session/... "$uv" "$ssl" "$curl"
forbid //proxy/transport/... //proxy/policy_client:policy_client \
  //proxy/server/... "$grpc"
forbid //proxy/policy_client/... //proxy/server/... "$ssl"

exit "$failed"
