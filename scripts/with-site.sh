#!/usr/bin/env bash
# Runs a command against a site that replays the demonstration capture:
# with-site.sh COMMAND…, with the site's address in CORDON_URL.
set -euo pipefail
cd "$(dirname "$0")/.."

data=$(mktemp -d)
out=$data/up.out
bin/cordon up --replay "${CORDON_DEMO:-testdata/captures/clinic.pcap.zst}" --speed max --listen 127.0.0.1:0 --data "$data/data" --name "Demonstration clinic" >"$out" 2>"$data/up.log" &
site=$!
trap 'kill "$site" 2>/dev/null; wait "$site" 2>/dev/null; rm -rf "$data"' EXIT

for _ in $(seq 200); do
  CORDON_URL=$(sed -n 's/^Cordon is up: \(.*\)\/$/\1/p' "$out")
  [ -n "$CORDON_URL" ] && break
  kill -0 "$site" 2>/dev/null || { cat "$data/up.log" >&2; exit 1; }
  sleep 0.1
done
export CORDON_URL
for _ in $(seq 300); do
  curl -sk "$CORDON_URL/api/v1/site" | grep -q '"state":"done"' && break
  sleep 0.1
done
"$@"
