#!/usr/bin/env bash
# Peak memory and time of an access log of many lines, plain, compressed and from a pipe. The text is not held: fails where a
# request takes more than 48 bytes beyond what a tenth of the log takes in the same form. A tenth must have more jobs than a
# run records, 100 000, which takes more room than they do. 10^7 lines by default, 10^6 at least. Run from anywhere; needs
# a Rust toolchain, awk, gzip and GNU time. Arguments: the number of lines.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source scripts/packages.sh

lines=${1:-10000000}
((lines >= 1000000)) || { echo "error: $lines lines are too few to tell; 1000000 at least" >&2; exit 2; }
need time time || { echo "error: GNU time is not installed and may not be; nothing was measured" >&2; exit 1; }
gnu_time=$(type -P time)
target=$(target_directory)
cargo build --release --locked --quiet -p dispatchlab

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

# log LINES: 200 requests a second, of 5 to 34 ms each.
log() {
  awk -v lines="$1" 'BEGIN {
    for (i = 0; i < lines; i++) {
      s = int(i / 200)
      printf "10.%d.%d.%d - - [%02d/May/2026:%02d:%02d:%02d +0000] \"GET /p/%d HTTP/1.1\" 200 %d \"-\" \"b\" 0.%03d\n", \
        i % 7, i % 250, i % 199, 1 + int(s / 86400), int(s / 3600) % 24, int(s / 60) % 60, s % 60, i % 1000, 200 + i % 900, \
        5 + i * 7919 % 30
    }
  }'
}

# measured INPUT: peak KiB and seconds of a run, standard input being what this is given.
measured() {
  "$gnu_time" -f '%M %e' -o "$folder/took" \
    "$target/release/dispatchlab" run "$1" --service field --servers 8 --quiet --no-manifest --output "$folder/out.csv"
  cat "$folder/took"
}

# input NAME FORM: its peak and seconds, from a file or, with FORM pipe, from a pipe.
input() {
  if [[ $2 == pipe ]]; then
    cat "$folder/$1.log" | measured -
  else
    measured "$folder/$1.$2"
  fi
}

short=$((lines / 10 + 100000))
log "$short" >"$folder/short.log"
log "$lines" >"$folder/long.log"
gzip --fast --keep "$folder/short.log" "$folder/long.log"
bytes() { stat -c %s "$folder/$1"; }
status=0
printf '%-8s %12s %12s %10s %10s %8s\n' input lines "file KiB" "peak KiB" "B/request" seconds
for form in log log.gz pipe; do
  read -r base _ < <(input short "$form")
  read -r peak seconds < <(input long "$form")
  # What a pipe gave is kept, packed, in room that doubles as it fills.
  held=0
  [[ $form != pipe ]] || held=$(((2 * $(bytes long.log.gz) - $(bytes short.log.gz)) / 1024))
  each=$(((peak - base - held) * 1024 / (lines - short)))
  verdict=
  if ((each > 48)); then
    verdict="  exceeded"
    status=1
  fi
  size=$(($(bytes "long.${form/pipe/log}") / 1024))
  printf '%-8s %12d %12d %10d %10d %8s%s\n' "$form" "$lines" "$size" "$peak" "$each" "$seconds" "$verdict"
done
exit $status
