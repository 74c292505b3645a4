#!/usr/bin/env bash
# Runs a target with the stable toolchain: fuzz/run.sh scenario -max_total_time=600
# Without a target it names them; `all` runs one after the other and ends at the first that finds something. Needs a C++ compiler, for libFuzzer. What is found goes to fuzz/artifacts, the corpus that
# grows to fuzz/grown (neither is kept in git); fuzz/corpus/TARGET and the library are where it begins.
set -euo pipefail
cd "$(dirname "$0")"
if [ $# = 0 ]; then ls fuzz_targets | sed 's/\.rs$//'; exit 0; fi
target=$1
shift
if [ "$target" = all ]; then
  for each in $(ls fuzz_targets | sed 's/\.rs$//'); do bash run.sh "$each" "$@"; done
  exit 0
fi
# What cargo-fuzz asks for, but for the sanitizer of addresses, which needs another toolchain and finds little in code without
# `unsafe`: coverage, by which libFuzzer steers.
export RUSTFLAGS="--cfg fuzzing -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
-Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
-Cllvm-args=-sanitizer-coverage-trace-compares -Ccodegen-units=1 ${RUSTFLAGS:-}"
# With a target of its own, build scripts and macros are not instrumented.
host=$(rustc -vV | sed -n 's/^host: //p')
cargo build --release --target "$host" --bin "$target" >&2
mkdir -p "grown/$target" "artifacts/$target"
seeds=("corpus/$target")
case $target in
  scenario) seeds+=(../scenarios/library/textbook ../scenarios/library/theory ../scenarios/library/showcase ../scenarios/library/invalid) ;;
  sweep_plan) seeds+=(../scenarios/library/sweeps ../scenarios/library/invalid/sweeps) ;;
esac
for folder in "${seeds[@]}"; do [ -d "$folder" ] || mkdir -p "$folder"; done
exec "target/$host/release/$target" -artifact_prefix="artifacts/$target/" -max_len=4096 -timeout=20 -rss_limit_mb=2048 \
  "$@" "grown/$target" "${seeds[@]}"
