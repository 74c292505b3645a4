#!/usr/bin/env bash
# Mutated inputs through the built command, under limits on time (20 s a command) and memory: scripts/fuzz.sh [SECONDS [FIRST]]
# Each case follows from its number alone, from FIRST (0) on. A failure is an exit code that is not documented, a panic, a
# signal, a command that does not end, a file that is left behind, or a control character in what is printed; it is kept in
# fuzz/failures/NUMBER, with the command that repeats it. No part of the ordinary tests. Targets for cargo-fuzz: fuzz/README.md.
set -euo pipefail
cd "$(dirname "$0")/.."
export DISPATCHLAB_FUZZ_SECONDS=${1:-60}
export DISPATCHLAB_FUZZ_FIRST=${2:-0}
export DISPATCHLAB_FUZZ_OUT=${DISPATCHLAB_FUZZ_OUT:-$PWD/fuzz/failures}
exec cargo test ${FUZZ_PROFILE---release} -p dispatchlab --test mutate -- --ignored --nocapture --exact through_the_binary
