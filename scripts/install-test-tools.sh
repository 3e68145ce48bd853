#!/usr/bin/env bash
# Installs the Debian packages that tests and benchmarks use as peers and
# oracles. Does nothing, quickly, when they are there.
set -euo pipefail

packages=(tshark libndpi-bin chromium postgresql zstd iproute2 ieee-data)

missing=()
for p in "${packages[@]}"; do
  dpkg-query -W -f='${db:Status-Status}' "$p" 2>/dev/null | grep -qx installed || missing+=("$p")
done
[ "${#missing[@]}" -eq 0 ] && exit 0

if [ "$(id -u)" -ne 0 ]; then
  echo "Some packages are missing. Run: sudo apt-get install ${missing[*]}" >&2
  exit 1
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -qq -y --no-install-recommends "${missing[@]}" >/dev/null
