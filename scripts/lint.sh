#!/usr/bin/env bash
# Formatting, vet, static analysis, and the console's types.
set -euo pipefail
cd "$(dirname "$0")/.."

unformatted=$(git ls-files '*.go' | xargs gofmt -l)
if [ -n "$unformatted" ]; then
  echo "gofmt would change these files; run gofmt -w on them:" >&2
  echo "$unformatted" >&2
  exit 1
fi
go vet ./...
go run honnef.co/go/tools/cmd/staticcheck@v0.8.2 ./...
go mod verify >/dev/null
scripts/build-web.sh
if command -v npm >/dev/null; then
  (cd web && npm run --silent check)
fi
