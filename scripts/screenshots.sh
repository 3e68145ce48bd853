#!/usr/bin/env bash
# Renews the pictures in the documentation from a site that replays the
# demonstration capture.
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/with-site.sh sh -c 'cd web && npm run --silent screenshots -- --url "$CORDON_URL" --out ../docs/images --theme light'
