#!/usr/bin/env bash
# Renews what is generated from the code and checked in.
set -euo pipefail
cd "$(dirname "$0")/.."

go generate ./...
go run ./tools/clidocs docs/cli
go run ./tools/apidocs docs/api.md
(cd web && npm run --silent generate)
