#!/usr/bin/env bash
# Peak memory and time of an access log of many lines: the text, and some room for each request. Fails where a request takes
# more than 200 bytes beside the text. 10^6 lines by default; the long tests read 10^7. Run from anywhere; needs a Rust
# toolchain, awk and GNU time. Arguments: the number of lines.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

lines=${1:-1000000}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cargo build --release --locked --quiet -p dispatchlab

# 200 requests a second, of 5 to 34 ms each.
awk -v lines="$lines" 'BEGIN {
  for (i = 0; i < lines; i++) {
    s = int(i / 200)
    printf "10.%d.%d.%d - - [%02d/May/2026:%02d:%02d:%02d +0000] \"GET /p/%d HTTP/1.1\" 200 %d \"-\" \"b\" 0.%03d\n", \
      i % 7, i % 250, i % 199, 1 + int(s / 86400), int(s / 3600) % 24, int(s / 60) % 60, s % 60, i % 1000, 200 + i % 900, \
      5 + i * 7919 % 30
  }
}' >"$folder/big.log"
/usr/bin/time -f '%M %e' -o "$folder/took" \
  target/release/dispatchlab run "$folder/big.log" --service field --servers 8 --quiet --output "$folder/out.csv"
read -r peak seconds <"$folder/took"
text=$(($(stat -c %s "$folder/big.log") / 1024))
each=$(((peak - text) * 1024 / lines))
printf '%-12s %9s %9s %9s %9s\n' lines "text KiB" "peak KiB" "B/request" seconds
printf '%-12s %9d %9d %9d %9s\n' "$lines" "$text" "$peak" "$each" "$seconds"
((each <= 200)) || { echo "a request takes $each bytes beside the text; at most 200 are allowed"; exit 1; }
