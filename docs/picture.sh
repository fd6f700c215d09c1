#!/usr/bin/env bash
# Takes the picture of the README anew: an owner's sheet of the demo, in a real browser.
# Needs Chromium and loopback on the PATH.
set -euo pipefail
cd "$(dirname "$0")/.."
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
loopback demo "$folder/demo" --seed 1 --today 2026-11-22
sheet=$(echo "$folder"/demo/out/2026-11/sheets/george-stirling-*.html)
chromium --headless --no-sandbox --disable-gpu --hide-scrollbars --user-data-dir="$folder/profile" \
  --no-first-run --disable-background-networking --disable-component-update --disable-sync \
  --window-size=700,860 --screenshot="$PWD/docs/sheet.png" "file://$sheet"
