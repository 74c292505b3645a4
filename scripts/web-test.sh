#!/usr/bin/env bash
# Opens the page of scripts/web.sh in headless Chromium and uses it: steps, zooms, drops files, exports, comes back.
# scripts/web-test.sh [FOLDER FOR PICTURES]. Not among the tests of scripts/test.sh: the page takes ten minutes of
# processor time to build. Exit code 77: something is not here; the last line says what.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source scripts/packages.sh
exec </dev/null

missing() { echo "$*" >&2; exit 77; }

built=$(target_directory)
pictures=${1:-$built/web-test}
if ! need chromium chromium && ! need google-chrome; then missing "no Chromium"; fi
need node nodejs npm && need npm npm || missing "no Node.js with npm"

bash scripts/web.sh

tools=$built/web-test-tools
if [[ ! -d $tools/node_modules/playwright-core ]]; then
  mkdir -p "$tools"
  npm install --prefix "$tools" --no-audit --no-fund --no-save playwright-core@1 >&2 ||
    missing "npm cannot fetch playwright-core"
fi
mkdir -p "$pictures"
program=$(find "$built/release/dispatchlab" "$built/debug/dispatchlab" -type f 2>/dev/null | head -n 1 || true)
NODE_PATH=$tools/node_modules PAGE=$built/page PICTURES=$pictures PROGRAM=$program \
  CHROMIUM=$(command -v chromium || command -v google-chrome) node scripts/web-test.cjs
