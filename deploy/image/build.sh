#!/usr/bin/env bash
# Makes an OCI image with sluice-proxy, sluice-policy and sluicectl, the shared
# libraries that they load, the system's CA certificates, and nothing else: no
# shell, no package manager. It runs as uid 65532. Needs Debian's umoci; no
# daemon, no root.
#   build.sh DIRECTORY [BIN]
# BIN is where the programs were built (default: bazel-bin). Writes
#   DIRECTORY/layout               an OCI layout, tag VERSION
#   DIRECTORY/sluice-VERSION.tar   the same as an archive ("oci-archive:")
# The same programs and libraries give the same bytes; times are those of
# $SOURCE_DATE_EPOCH (default: of the last commit; outside of a clone: of the
# newest program).
set -euo pipefail

readonly PROGRAMS=(proxy/sluice-proxy policy/sluice-policy policy/sluicectl)

if (($# < 1 || $# > 2)); then
  sed -n '2,12s/^# \{0,1\}//p' "$0" >&2
  exit 2
fi
repository=$(cd "$(dirname "$0")/../.." && pwd)
bin=$(cd "${2:-$repository/bazel-bin}" && pwd)
mkdir -p "$1"
out=$(cd "$1" && pwd)
epoch=${SOURCE_DATE_EPOCH-}
if [[ -z $epoch ]] &&
  ! epoch=$(git -C "$repository" log -1 --format=%ct 2>/dev/null); then
  epoch=$(cd "$bin" && stat -L -c %Y "${PROGRAMS[@]}" | sort -n | tail -n 1)
  echo "no last commit; times are those of the newest program" >&2
fi
created=$(date -u -d "@$epoch" +%Y-%m-%dT%H:%M:%SZ)
version=$("$bin/proxy/sluice-proxy" --version | sed 's/.* //')
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
root=$work/root
umask 022

# The shared libraries of the programs, the loader among them.
libraries() {
  local program
  for program in "${PROGRAMS[@]}"; do
    ldd "$bin/$program"
  done | grep -o '/[^ ]*' | sort -u
}

add_programs() {
  local program
  mkdir -p "$root/usr/bin" "$root/usr/lib"
  for program in "${PROGRAMS[@]}"; do
    install -m 755 "$bin/$program" "$root/usr/bin/"
  done
}

# As on Debian, /lib is a link into /usr.
add_libraries() {
  local library
  ln -s usr/lib "$root/lib"
  if [[ -e /lib64 ]]; then
    mkdir "$root/usr/lib64"
    ln -s usr/lib64 "$root/lib64"
  fi
  while read -r library; do
    mkdir -p "$root$(dirname "$library")"
    install -m 755 "$(readlink -f "$library")" "$root$library"
  done < <(libraries)
}

# Licences of the libraries, and what scanners read to know their versions.
add_package_notes() {
  local package
  mkdir -p "$root/var/lib/dpkg/status.d"
  # A library is known by the path where its package has put it, which may go
  # through a link.
  {
    libraries | sed 'p; s#^/usr/#/#; t; s#^#/usr#' |
      xargs dpkg-query -S 2>/dev/null || true
    echo ca-certificates:
  } | cut -d: -f1 | sort -u | while read -r package; do
    install -D -m 644 "/usr/share/doc/$package/copyright" \
      "$root/usr/share/doc/$package/copyright"
    dpkg-query -s "$package" >"$root/var/lib/dpkg/status.d/$package"
  done
  install -D -m 644 "$repository/LICENSE" "$root/usr/share/doc/sluice/copyright"
}

add_system_files() {
  mkdir -p "$root/etc/ssl/certs" "$root/etc/sluice" "$root/proc" "$root/sys" \
    "$root/dev"
  install -m 644 /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/"
  printf '%s\n' 'root:x:0:0:root:/:/nonexistent' \
    'sluice:x:65532:65532:sluice:/:/nonexistent' >"$root/etc/passwd"
  printf '%s\n' 'root:x:0:' 'sluice:x:65532:' >"$root/etc/group"
  echo 'hosts: files dns' >"$root/etc/nsswitch.conf"
}

# DIRECTORY FILE: a tar that depends on contents and names only.
pack() {
  tar -C "$1" --format=gnu --sort=name --mtime="@$epoch" --owner=0 --group=0 \
    --numeric-owner -cf "$2" .
}

add_programs
add_libraries
add_package_notes
add_system_files
pack "$root" "$work/layer.tar"

layout=$out/layout
rm -rf "$layout"
umoci init --layout "$layout"
image=(--image "$layout:$version")
umoci new "${image[@]}"
umoci raw add-layer "${image[@]}" --history.created "$created" \
  --history.created_by deploy/image/build.sh "$work/layer.tar"
umoci config "${image[@]}" --no-history --created "$created" \
  --architecture "$(dpkg --print-architecture)" --os linux \
  --config.user 65532:65532 --config.workingdir /etc/sluice \
  --clear config.entrypoint --config.entrypoint /usr/bin/sluice-proxy \
  --clear config.cmd --config.cmd --config \
  --config.cmd /etc/sluice/proxy.yaml \
  --config.exposedports 8883/tcp --config.exposedports 9901/tcp \
  --config.label org.opencontainers.image.title=sluice \
  --config.label "org.opencontainers.image.description=MQTT policy sidecar" \
  --config.label "org.opencontainers.image.version=$version" \
  --config.label "org.opencontainers.image.created=$created" \
  --config.label org.opencontainers.image.licenses=Apache-2.0
umoci gc --layout "$layout"
pack "$layout" "$out/sluice-$version.tar"
printf '%s: %s kB\n' "$out/sluice-$version.tar" \
  "$(($(stat -c %s "$out/sluice-$version.tar") / 1000))"
