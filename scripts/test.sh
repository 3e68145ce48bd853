#!/usr/bin/env bash
# All tests: Go, the console's units, and the console in a real browser against
# the real binary.
set -euo pipefail
cd "$(dirname "$0")/.."

go test ./...
if command -v npm >/dev/null; then
  (cd web && npm run --silent test)
fi
