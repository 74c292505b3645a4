#!/usr/bin/env bash
# The stochastic tests with replications 20 times as long and standard errors three times as small, all cases of queueing
# theory through scripts/cases at full length, the comparison of the
# release build with the dev build, the peak memory of 10^8 customers, and what a second thread and sweeps of 10^5 cells cost.
# Takes about half an hour on two processors. Run from anywhere; needs a Rust toolchain. Arguments go to the test binary, and
# then the measurements are left out: `scripts/long-tests.sh oracles::farms`.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

cargo build --release --locked -p dispatchlab
DISPATCHLAB_LONG=1 cargo test --locked -p dispatchlab --test cases -- --nocapture "$@"
(($#)) || bash scripts/memory.sh 100000000
(($#)) || bash scripts/log-memory.sh 10000000
(($#)) || bash scripts/threads.sh
(($#)) || bash scripts/sweeps.sh
