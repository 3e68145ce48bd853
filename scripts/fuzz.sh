#!/usr/bin/env bash
# Fuzzes each target for the given time, one after another: fuzz.sh 60s [JOBS].
# With JOBS over 1, that many targets run at once. Inputs that fail are reported
# as they were found: minimising them can take longer than the whole run.
set -euo pipefail
cd "$(dirname "$0")/.."
duration=${1:-60s}
jobs=${2:-1}

targets() {
  grep -rlE --include='*_test.go' '^func Fuzz' . | xargs -n1 dirname | sort -u | while read -r dir; do
    grep -hoE '^func Fuzz[A-Za-z0-9_]*' "$dir"/*_test.go | sed 's/^func //' | while read -r name; do
      echo "$dir $name"
    done
  done
}

targets | xargs -P "$jobs" -L 1 sh -c '
  echo "fuzz $1 $2 for '"$duration"'"
  if ! out=$(go test -run "^$" -fuzz "^$2\$" -fuzztime '"$duration"' -fuzzminimizetime 1x -parallel 1 "$1" 2>&1); then
    printf "FAILED %s %s\n%s\n" "$1" "$2" "$out"
    exit 255
  fi
  printf "%s\n" "$out" | grep "^fuzz: elapsed" | tail -1
' fuzz
