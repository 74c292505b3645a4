#!/usr/bin/env bash
# Prints instructions a customer of the three benchmark scenarios beside their limits, and fails when one is exceeded.
#
# Instructions do not depend on the load of the machine, unlike time. Each scenario runs twice under callgrind, N and 2 N
# customers, without recording; the difference over N is free of start-up. A run is a whole command: scenario file,
# statistics, histograms and contract checks are on.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source scripts/packages.sh

customers=${1:-200000}
need valgrind valgrind || { echo "error: valgrind is not installed and may not be; nothing was measured" >&2; exit 1; }

target=$(target_directory)
cargo build --release --locked -q -p dispatchlab

# instructions SCENARIO JOBS: instructions executed by the whole process.
instructions() {
  local out
  out=$(valgrind --tool=callgrind --callgrind-out-file=/dev/null \
    "$target/release/dispatchlab" run "$1" --set "stop.jobs=$2" --threads 1 --quiet 2>&1 >/dev/null </dev/null)
  sed -nE 's/.*Collected : ([0-9]+).*/\1/p' <<<"$out" | grep . || { echo "$out" >&2; return 1; }
}

status=0
printf '%-14s %12s %8s\n' "scenario" "instructions" "limit"
for row in "bench/mm1 585" "bench/lb100 875" "bench/rr 1390"; do
  read -r scenario limit <<<"$row"
  short=$(instructions "$scenario" "$customers")
  long=$(instructions "$scenario" $((2 * customers)))
  each=$(((long - short) / customers))
  verdict=
  if ((each > limit)); then
    verdict="  exceeded"
    status=1
  fi
  printf '%-14s %12d %8d%s\n' "$scenario" "$each" "$limit" "$verdict"
done
exit $status
