#!/usr/bin/env bash
# Installs the Debian packages that tests, benchmarks and the lab use as peers
# and oracles. Does nothing, quickly, when they are there. None of the servers
# is started: tests start their own.
set -euo pipefail

packages=(
  # oracles and tools
  tshark libndpi-bin chromium fonts-inter postgresql zstd iproute2 ieee-data curl tcpdump nftables
  # the lab's devices
  dnsmasq-base udhcpc orthanc dcmtk mosquitto mosquitto-clients samba smbclient nginx-light snmpd snmp openssh-server
  openssh-client chrony freeradius freeradius-utils sip-tester postgresql-client dnsutils
  # the lab's attackers
  nmap hydra dsniff hping3 vsftpd
)

missing=()
installed=$(dpkg-query -W -f='${db:Status-Status} ${Package}\n' "${packages[@]}" 2>/dev/null || true)
for p in "${packages[@]}"; do
  grep -qx "installed $p" <<<"$installed" || missing+=("$p")
done
[ "${#missing[@]}" -eq 0 ] && exit 0

if [ "$(id -u)" -ne 0 ]; then
  echo "Some packages are missing. Run: sudo apt-get install --no-install-recommends ${missing[*]}" >&2
  exit 1
fi

# Debian starts a server when its package is installed, unless this says no
# (invoke-rc.d(8)).
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  printf '#!/bin/sh\nexit 101\n' >"$policy"
  chmod +x "$policy"
  trap 'rm -f "$policy"' EXIT
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -qq -y --no-install-recommends "${missing[@]}" >/dev/null
