#!/usr/bin/env bash
# Peak memory of a long M/M/1 run beside that of a run of one customer: statistics take no room for each customer. Fails
# when the two differ by more than 10 MiB. The argument is the number of customers, 10^7 unless given (a few
# seconds); the long tests run 10^8.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source scripts/packages.sh

customers=${1:-10000000}
limit_kib=10240
# The program, not the shell's word of the same name.
need /usr/bin/time time || { echo "error: /usr/bin/time is not installed and may not be; nothing was measured" >&2; exit 1; }

target=$(target_directory)
cargo build --release --locked -q -p dispatchlab

# peak JOBS: the largest resident set of the run, in KiB.
peak() {
  /usr/bin/time -f 'peak %M' \
    "$target/release/dispatchlab" run bench/mm1 --set "stop.jobs=$1" --threads 1 --quiet 2>&1 >/dev/null </dev/null |
    sed -nE 's/^peak ([0-9]+)$/\1/p'
}

empty=$(peak 1)
long=$(peak "$customers")
printf '%-12s %9s\n' "customers" "peak KiB"
printf '%-12s %9d\n' 1 "$empty" "$customers" "$long"
printf '%-12s %9d  limit %d\n' "difference" $((long - empty)) "$limit_kib"
((long - empty <= limit_kib))
