#!/bin/sh
# Installs or upgrades the agent's package, once it is shown to be what was signed:
#   sh install.sh --from https://example.org/trainyard
#   sh install.sh --from FOLDER [--key FILE] [--check] [--downgrade]
# --key names the Ed25519 public key (PEM) to go by in the place of this file's own; --check installs nothing; --downgrade lets an older
# version in the place of a newer one.
set -eu
KEY='@KEY@'
TIMEOUT_S=600
from= check= downgrade=

fail() { echo "install.sh: $1: $2" >&2; exit 1; }
usage() { fail usage 'sh install.sh --from <https address or folder> [--key <file>] [--check] [--downgrade]'; }

while [ $# -gt 0 ]; do
  case "$1" in
    --from) [ $# -ge 2 ] || usage; from=${2%/}; shift 2 ;;
    --key) [ $# -ge 2 ] || usage; [ -r "$2" ] || fail key-unreadable "$2 can't be read."; KEY=$(cat "$2"); shift 2 ;;
    --check) check=yes; shift ;;
    --downgrade) downgrade=yes; shift ;;
    *) usage ;;
  esac
done
[ -n "$from" ] || usage
case "$KEY" in *'BEGIN PUBLIC KEY'*) ;; *) fail no-key 'this copy holds no public key: name one with --key, from where you trust it.' ;; esac
case "$from" in https://*) fetcher=curl ;; *) fetcher= ;; esac
for program in openssl sha256sum dpkg apt-get $fetcher; do
  command -v "$program" >/dev/null || fail program-missing "$program is not there: apt-get install openssl coreutils dpkg $fetcher."
done

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
get() {
  case "$from" in
    https://*) curl --fail --silent --show-error --location --proto '=https' --retry 3 --max-time "$TIMEOUT_S" --output "$work/$1" "$from/$1" ||
      fail download-failed "$from/$1 can't be fetched." ;;
    *://*) fail download-failed "$from is neither an https address nor a folder." ;;
    *) cp "$from/$1" "$work/$1" 2>/dev/null || fail file-missing "there is no $from/$1." ;;
  esac
}

get SHA256SUMS
get SHA256SUMS.sig
printf '%s\n' "$KEY" >"$work/key.pem"
openssl pkeyutl -verify -pubin -inkey "$work/key.pem" -rawin -in "$work/SHA256SUMS" -sigfile "$work/SHA256SUMS.sig" >/dev/null 2>&1 ||
  fail signature-wrong "$from/SHA256SUMS is not signed with the key that is trusted here. Nothing was installed."

machine=$(dpkg --print-architecture)
name=$(awk -v end="_$machine.deb" 'substr($2, length($2) - length(end) + 1) == end { print $2 }' "$work/SHA256SUMS")
[ -n "$name" ] || fail machine-missing "$from/SHA256SUMS lists no package for $machine."
case "$name" in *[!A-Za-z0-9._+~-]*) fail list-unclear "$from/SHA256SUMS lists more than one package for $machine." ;; esac
get "$name"
wanted=$(awk -v name="$name" '$2 == name { print $1 }' "$work/SHA256SUMS")
found=$(sha256sum "$work/$name" | cut -d ' ' -f 1)
[ "$found" = "$wanted" ] ||
  fail package-changed "$from/$name is not what was signed: its SHA-256 is $found, and $wanted was. Nothing was installed."
echo "install.sh: $name is what was signed."
[ -z "$check" ] || exit 0
[ "$(id -u)" = 0 ] || fail no-root 'run it as root, or with --check.'
old=$(dpkg-query --show --showformat='${Version}' trainyard-agent 2>/dev/null || true)
new=$(dpkg-deb --field "$work/$name" Version)
if [ -n "$old" ] && [ -z "$downgrade" ] && dpkg --compare-versions "$new" lt "$old"; then
  fail downgrade "$name is older than $old, which is installed: give --downgrade where that is meant. Nothing was installed."
fi
chmod 755 "$work"
apt-get install --yes --no-install-recommends --allow-downgrades "$work/$name" ||
  fail install-failed "$name was not installed; the lines above say why."
