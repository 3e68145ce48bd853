#!/usr/bin/env bash
# Builds the console into web/dist, if its sources are newer than the build.
# Without Node the binary still builds; the console is then a page that says so.
set -euo pipefail
cd "$(dirname "$0")/../web"

if ! command -v npm >/dev/null; then
  echo "Node is not installed: building without the console." >&2
  exit 0
fi
if [ ! -d node_modules ] || [ package-lock.json -nt node_modules/.package-lock.json ]; then
  npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
fi
if [ -f dist/index.html ] && [ -z "$(find src index.html package.json vite.config.ts public ../api/v1/openapi.json -newer dist/index.html 2>/dev/null | head -1)" ]; then
  exit 0
fi
npm run --silent build
