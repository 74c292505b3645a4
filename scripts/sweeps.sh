#!/usr/bin/env bash
# What sweeps cost: peak memory of 10^5 cells beside that of 10^3, and processor time on two threads beside one. Fails when
# memory grows by more than 10 MiB, or when two threads take more than 5 % more processor time in the median of the rounds:
# other programs that run meanwhile disturb the second. Takes some minutes. The arguments are the greater number of cells in
# thousands, 100 unless given, and the rounds, 5.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source scripts/packages.sh

thousands=${1:-100}
rounds=${2:-5}
limit_kib=10240
need /usr/bin/time time || { echo "error: /usr/bin/time is not installed and may not be; nothing was measured" >&2; exit 1; }

target=$(target_directory)
cargo build --release --locked -q -p dispatchlab
dispatchlab=$target/release/dispatchlab
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT

# plan REPLICATIONS JOBS: 20 points.
plan() {
  cat <<END
scenario = "mm1"
replications = $1
metrics = ["response/mean", "response/p99", "utilization/mean"]
[set]
"stop.jobs" = $2
[grid]
"jobs.arrivals.poisson" = { from = "50/s", to = "95/s", step = "5/s" }
"cpu.cores" = [1, 2]
END
}

# measured FORMAT COMMAND...: what /usr/bin/time says of a command.
measured() {
  local format=$1
  shift
  /usr/bin/time -o "$place/time" -f "$format" "$dispatchlab" -q "$@" >/dev/null </dev/null
  cat "$place/time"
}

status=0
printf '%-10s %12s %12s\n' "cells" "run KiB" "merge KiB"
for cells in 1 "$thousands"; do
  plan $((cells * 50)) 100 >"$place/plan.toml"
  "$dispatchlab" -q sweep new "$place/plan.toml" --out "$place/m$cells"
  run=$(measured %M sweep run "$place/m$cells" --threads 2)
  merge=$(measured %M sweep merge "$place/m$cells" -o "$place/m$cells.csv")
  printf '%-10s %12d %12d\n' "${cells}000" "$run" "$merge"
  ((cells == 1)) && small=($run $merge) || large=($run $merge)
done
for which in 0 1; do
  ((large[which] - small[which] <= limit_kib)) || status=1
done
printf '%-10s %12d %12d  limit %d\n' "difference" $((large[0] - small[0])) $((large[1] - small[1])) "$limit_kib"

# Processor time in hundredths of a second, user and system together.
plan 100 20000 >"$place/plan.toml"
printf '\n%-10s %12s %12s %8s\n' "round" "1 thread" "2 threads" "ratio"
ratios=()
for ((round = 1; round <= rounds; round++)); do
  for threads in 1 2; do
    "$dispatchlab" -q sweep new "$place/plan.toml" --out "$place/c$round-$threads"
    time=$(measured '%U %S' sweep run "$place/c$round-$threads" --threads "$threads" | awk '{ print ($1 + $2) * 100 }')
    ((threads == 1)) && one=$time || two=$time
  done
  ratio=$((two * 1000 / one))
  ratios+=("$ratio")
  awk -v round="$round" -v one="$one" -v two="$two" -v ratio="$ratio" \
    'BEGIN { printf "%-10d %10.2f s %10.2f s %8.3f\n", round, one / 100, two / 100, ratio / 1000 }'
done
median=$(printf '%s\n' "${ratios[@]}" | sort -n | sed -n "$(((rounds + 1) / 2))p")
((median <= 1050)) || status=1
awk -v median="$median" 'BEGIN { printf "%-10s %34.3f  limit 1.050\n", "median", median / 1000 }'
exit "$status"
