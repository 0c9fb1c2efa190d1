#!/usr/bin/env bash
# Unpacks Debian's BoringSSL source package into the current directory.
#
# apt verifies the archive's signature and the checksums. The machine's own
# package lists are left alone: a private apt state is used, with the machine's
# own Debian entries turned into source entries.
set -euo pipefail

package=android-platform-external-boringssl
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/lists/partial" "$work/sources" "$work/cache/archives/partial"

# deb822 entries: the stanza whose keyring is Debian's archive keyring.
for f in /etc/apt/sources.list.d/*.sources; do
  [ -f "$f" ] || continue
  if grep -qE '^URIs:.*debian' "$f"; then
    sed -E 's/^Types:.*/Types: deb-src/' "$f" >"$work/sources/$(basename "$f")"
  fi
done
# One-line entries.
for f in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
  [ -f "$f" ] || continue
  sed -nE 's/^deb(-src)?[[:space:]]+(.*debian.*)$/deb-src \2/p' "$f" |
    sort -u >"$work/sources/$(basename "$f" .list)-src.list"
done

opts=(-q
  -o "Dir::Etc::SourceList=/dev/null"
  -o "Dir::Etc::SourceParts=$work/sources"
  -o "Dir::State::Lists=$work/lists"
  -o "Dir::Cache=$work/cache"
  -o "APT::Sandbox::User=root")
apt-get "${opts[@]}" update
(cd "$work" && apt-get "${opts[@]}" source --download-only "$package")
dpkg-source --no-copy -x "$work"/"$package"_*.dsc "$work/src"
cp -a "$work/src/." .
