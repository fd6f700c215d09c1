#!/usr/bin/env bash
# Takes the pictures of the README anew: an owner's mail, a roll-up and a workbook of the demo, in a
# real browser and a real spreadsheet. Needs Chromium, LibreOffice Calc, pdftoppm and loopback on
# the PATH. A demo that was made already can be named: docs/picture.sh DIR
set -euo pipefail
cd "$(dirname "$0")/.."
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
demo=${1:-$folder/demo}
[ -d "$demo" ] || loopback demo "$demo" --seed 1 --today 2026-11-22

# A page in a frame, since a window of a browser cannot be as narrow as a phone.
shot() { # page width height scheme picture; scheme 0 is dark, 1 is light
  printf '<body style="margin:0"><iframe src="file://%s" width="%s" height="%s" style="border:0" scrolling="no">' \
    "$1" "$2" "$3" > "$folder/frame.html"
  chromium --headless --no-sandbox --disable-gpu --hide-scrollbars --user-data-dir="$folder/profile" \
    --no-first-run --disable-background-networking --disable-component-update --disable-sync \
    --blink-settings=preferredColorScheme="$4" --window-size="$2,$3" \
    --screenshot="$PWD/docs/$5.png" "file://$folder/frame.html"
}

sheets=$demo/out/2026-11/sheets
owner=$(echo "$sheets"/george-stirling-*.html)
shot "$owner" 720 1080 1 sheet
shot "$owner" 360 900 0 sheet-phone
shot "$(echo "$sheets"/tom-thorne-*.html)" 720 1080 1 rollup
soffice -env:UserInstallation="file://$folder/office" --headless --convert-to pdf --outdir "$folder" "${owner%.html}.xlsx"
pdftoppm -png -singlefile -r 110 -x 30 -y 30 -W 1230 -H 330 "$folder"/george-stirling-*.pdf docs/workbook
