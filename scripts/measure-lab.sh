#!/usr/bin/env bash
# Measures what a lab takes: how long until all services answer, and processor
# and memory while a whole day passes. Usage: measure-lab.sh [MODE [SPEED]]
# Takes root, and at the default speed two and a half minutes.
set -euo pipefail
cd "$(dirname "$0")/.."

mode=${1:-router} speed=${2:-720}
bin=${CORDON:-bin/cordon}
seconds=$((86400 / speed))

exec 9>"${TMPDIR:-/tmp}/lab.lock"
flock 9
trap '"$bin" lab down >/dev/null' EXIT

processes() {
  ip netns list | awk '/^cordon-lab-/ { print $1 }' | xargs -n1 ip netns pids | sort -u
}

# Ticks of all processes with those of children that have ended.
ticks() {
  for pid in $(processes); do cat "/proc/$pid/stat" 2>/dev/null || true; done |
    sed 's/^.*) //' | awk '{ sum += $12 + $13 + $14 + $15 } END { print sum + 0 }'
}

memory() { # proportional set size in KiB
  for pid in $(processes); do cat "/proc/$pid/smaps_rollup" 2>/dev/null || true; done |
    awk '/^Pss:/ { sum += $2 } END { print sum + 0 }'
}

began=$(date +%s%N)
"$bin" lab up --mode "$mode" --speed "$speed" >/dev/null
ready=$(date +%s%N)
before=$(ticks) most=0
for ((left = seconds; left > 0; left -= 5)); do
  sleep 5
  now=$(memory)
  ((now > most)) && most=$now
done
ended=$(date +%s%N)
after=$(ticks)

awk -v mode="$mode" -v speed="$speed" -v up=$((ready - began)) -v wall=$((ended - ready)) \
  -v ticks=$((after - before)) -v hz="$(getconf CLK_TCK)" -v kib="$most" 'BEGIN {
  printf "%s, speed %d: all services answered after %.1f s; over %.0f s it took %.2f cores and at most %.0f MB\n",
    mode, speed, up / 1e9, wall / 1e9, ticks / hz / (wall / 1e9), kib / 1024
}'
"$bin" lab status | sed -n '/^WHAT ARRIVED/,$p'
