#!/usr/bin/env bash
# Installs what building and testing need and a fresh Debian 12 lacks: Debian
# packages, and the npm packages of a client and an authorization server. Run as
# root or with sudo at hand. Prints nothing unless something is installed or
# fails; does nothing, quickly, when all is there. With the argument "bench" it
# installs the peers that test/bench compares with, too.
set -euo pipefail
cd "$(dirname "$0")/.."

readonly PACKAGES=(
  # To build.
  bazel-bootstrap dpkg-dev libgrpc++-dev libprotobuf-dev protobuf-compiler
  protobuf-compiler-grpc libuv1-dev libyaml-cpp-dev nlohmann-json3-dev
  prometheus-cpp-dev libcurl4-openssl-dev libsqlite3-dev
  libcbor-dev libseccomp-dev
  # To test.
  libgtest-dev libgmock-dev libbenchmark-dev clang-format mosquitto
  mosquitto-clients haproxy openssl curl python3 python3-paho-mqtt
  python3-openssl python3-cryptography python3-grpcio python3-protobuf
  rabbitmq-server etcd-server valgrind
  # To test deploy/: the image, the monitoring, the manifests, the chart.
  umoci skopeo runc prometheus systemd python3-yaml python3-jsonschema golang-go
  golang-github-masterminds-sprig-dev golang-gopkg-yaml.v3-dev
)
readonly BENCH_PACKAGES=(nginx-light libnginx-mod-stream stunnel4)
# Of packages that tests start by themselves: these must not run on their own.
readonly -A SERVICES=(
  [rabbitmq-server]="rabbitmq-server.service epmd.service epmd.socket"
  [etcd-server]=etcd.service
  [haproxy]=haproxy.service
  [mosquitto]=mosquitto.service
  [prometheus]=prometheus.service
  [nginx-light]=nginx.service
  [stunnel4]=stunnel4.service
)

# Runs a command; shows what it printed only if it fails.
quietly() {
  local log status=0
  log=$(mktemp)
  "$@" >"$log" 2>&1 </dev/null || status=$?
  if ((status != 0)); then
    cat "$log" >&2
    echo "setup: failed: $*" >&2
  fi
  rm -f "$log"
  return "$status"
}

as_root() {
  if ((EUID == 0)); then
    env "$@"
  elif command -v sudo >/dev/null; then
    sudo -n env "$@"
  else
    echo "setup: run this once as root: $*" >&2
    return 1
  fi
}

# The packages among the arguments that are not installed.
missing_packages() {
  local installed
  installed=$(dpkg-query -W -f '${db:Status-Abbrev}${Package}\n' |
    sed -n 's/^ii *//p')
  printf '%s\n' "$@" | grep -vxFf <(printf '%s\n' "$installed") || true
}

install_debian_packages() {
  local wanted=("${PACKAGES[@]}") missing
  [[ $1 != bench ]] || wanted+=("${BENCH_PACKAGES[@]}")
  # Any node since 18 will do.
  if ! node -e 'process.exit(parseInt(process.versions.node) < 18)' \
    2>/dev/null; then
    wanted+=(nodejs)
  fi
  command -v npm >/dev/null || wanted+=(npm)
  command -v kubectl >/dev/null || wanted+=(kubernetes-client)
  mapfile -t missing < <(missing_packages "${wanted[@]}")
  ((${#missing[@]} > 0)) || return 0
  echo "setup: installing ${missing[*]}"
  quietly as_root apt-get -q update
  install_without_starting "${missing[@]}"
}

install() {
  quietly as_root DEBIAN_FRONTEND=noninteractive apt-get -q install -y \
    --no-install-recommends "$@"
}

# While /usr/sbin/policy-rc.d says 101, no package starts a service. One that is
# there already has its own say.
install_without_starting() {
  local policy=/usr/sbin/policy-rc.d status=0 package services
  if [[ -e $policy ]]; then
    policy=
  else
    as_root sh -c "printf '#!/bin/sh\nexit 101\n' >$policy && chmod 755 $policy"
  fi
  install "$@" || status=$?
  [[ -z $policy ]] || as_root rm -f "$policy"
  ((status == 0)) || return "$status"
  command -v systemctl >/dev/null || return 0
  for package; do
    read -ra services <<<"${SERVICES[$package]-}"
    ((${#services[@]} == 0)) ||
      quietly as_root systemctl disable "${services[@]}"
  done
}

# npm leaves a copy of the lock file in node_modules; an older one is outdated.
install_npm_packages() {
  local dir
  for dir in examples/mqttjs test/e2e/as; do
    [[ $dir/node_modules/.package-lock.json -nt $dir/package-lock.json ]] &&
      continue
    echo "setup: installing the npm packages of $dir"
    quietly npm --prefix "$dir" ci --no-audit --no-fund
    touch "$dir/node_modules/.package-lock.json"
  done
}

install_debian_packages "${1-}"
install_npm_packages
