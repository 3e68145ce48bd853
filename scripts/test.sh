#!/usr/bin/env bash
# All tests: Go, the console's units, the console in a real browser with
# prepared data and against the real binary, and the agreement with nDPI.
set -euo pipefail
cd "$(dirname "$0")/.."

# There is one lab on a machine, so the tests that build it take turns.
go test $(go list ./... | grep -v /internal/lab)
go test -p 1 -timeout 30m ./internal/lab/...
(cd web && npm run --silent test)
(cd web && npm run --silent e2e)
scripts/with-site.sh sh -c 'cd web && npm run --silent e2e'
if [ -d "${CORDON_CORPUS:-../shared/corpus}" ]; then
  go run ./tools/agreement -recall 0.90 -precision 0.95
fi
