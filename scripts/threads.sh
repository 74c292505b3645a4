#!/usr/bin/env bash
# Processor time of the same replications on two threads beside one: what parallelism costs in all. Fails when two threads
# take over 5 % more. Runs alternate and the least of each kind counts, so that other work on the machine matters little; a
# machine with one processor says nothing and passes. Arguments: replications (default 40), pairs of runs (default 7).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source scripts/packages.sh

replications=${1:-40}
pairs=${2:-7}
(($(nproc) > 1)) || { echo "one processor: nothing was measured"; exit 0; }

target=$(target_directory)
cargo build --release --locked -q -p dispatchlab

# cpu_ms THREADS: processor time of one run, in user and system mode together, in ms.
cpu_ms() {
  local TIMEFORMAT='%U %S'
  { time "$target/release/dispatchlab" run bench/mm1 --set stop.jobs=200000 --replications "$replications" \
    --threads "$1" --quiet >/dev/null </dev/null; } 2>&1 | awk '{ printf "%d", ($1 + $2) * 1000 }'
}

one= two=
for ((pair = 0; pair < pairs; pair++)); do
  now=$(cpu_ms 1)
  ((now >= ${one:-now + 1})) || one=$now
  now=$(cpu_ms 2)
  ((now >= ${two:-now + 1})) || two=$now
done
printf '%-10s %9s\n' "threads" "cpu ms"
printf '%-10s %9d\n' 1 "$one" 2 "$two"
awk -v one="$one" -v two="$two" 'BEGIN { printf "%-10s %9.3f  limit 1.050\n", "ratio", two / one; exit two > 1.05 * one }'
