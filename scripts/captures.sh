#!/usr/bin/env bash
# Makes the captures in testdata/captures anew: an hour of the lab's morning,
# from the first frame on, as the mirror port shows the whole clinic and as two
# of its segments show it. The seed fixes what happens when; times, ports and
# keys differ from one making to the next. Takes root and five minutes.
set -euo pipefail
cd "$(dirname "$0")/.."

seed=1 speed=15 minutes=4
out=testdata/captures
bin=bin/cordon

work=$(mktemp -d)
exec 9>"${TMPDIR:-/tmp}/lab.lock"
flock 9
trap '"$bin" lab down >/dev/null; rm -rf "$work"' EXIT

"$bin" lab up --mode router --seed "$seed" --speed "$speed" --record "$work"
sleep $((60 * minutes))
"$bin" lab status | sed -n '/^WHAT ARRIVED/,$p'
"$bin" lab down

mkdir -p "$out"
for name in clinic ward imaging; do
  zstd -q -19 -f "$work/$name.pcap" -o "$out/$name.pcap.zst"
done
cp "$work/labels.jsonl" "$out/"
# Where it was recorded is nobody's business.
sed '/^  "record": /d' "$work/truth.json" >"$out/truth.json"
ls -l "$out"
"$bin" lab score --capture "$out/clinic.pcap.zst"
