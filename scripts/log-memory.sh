#!/usr/bin/env bash
# Peak memory and time of an access log of many lines, plain, compressed and from a pipe. The text is not held: fails where a
# request takes more than 48 bytes beside what a short log takes. 10^6 lines by default; the long tests read 10^7. Run from
# anywhere; needs a Rust toolchain, awk, gzip and GNU time. Arguments: the number of lines.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source scripts/packages.sh

lines=${1:-1000000}
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

log 50000 >"$folder/short.log"
log "$lines" >"$folder/plain.log"
gzip --fast --keep "$folder/plain.log"
read -r base _ < <(measured "$folder/short.log")
status=0
printf '%-8s %12s %12s %10s %10s %8s\n' input lines "file KiB" "peak KiB" "B/request" seconds
for name in plain.log plain.log.gz -; do
  if [[ $name == - ]]; then
    file=$folder/plain.log
    read -r peak seconds < <(cat "$file" | measured -)
  else
    file=$folder/$name
    read -r peak seconds < <(measured "$file")
  fi
  size=$(($(stat -c %s "$file") / 1024))
  # What a pipe gave is kept, packed.
  held=0
  [[ $name != - ]] || held=$(($(stat -c %s "$folder/plain.log.gz") / 1024 * 2))
  each=$(((peak - base - held) * 1024 / lines))
  verdict=
  if ((each > 48)); then
    verdict="  exceeded"
    status=1
  fi
  label=${name#plain.}
  printf '%-8s %12d %12d %10d %10d %8s%s\n' "${label/#-/pipe}" "$lines" "$size" "$peak" "$each" "$seconds" "$verdict"
done
exit $status
