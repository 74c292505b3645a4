#!/usr/bin/env bash
# Passes all tests of the workspace: unit, integration and documentation tests, the commands of the documentation, the lints of
# the window as a page of the web, and the limits on instructions a customer and on memory. Installs what it needs from the
# system's packages and from rustup where it may; where it may not, it says by name what did not run. Exit code 0: everything
# that ran passed.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source scripts/packages.sh

step() { printf '\n== %s\n' "$*" >&2; }
log=$(mktemp)
trap 'rm -f "$log"' EXIT
not_run=()

# A C compiler links Rust programs; without one nothing builds.
need cc gcc libc6-dev || { echo "error: no C compiler to link with; install gcc" >&2; exit 1; }

# Cases with known answers are run by a script; without Python the tests of it say that they did not run.
need python3 python3 || true

# The tests compare the two builds; the measurement at the end needs it too.
step "release build"
cargo build --release --locked -p dispatchlab

step "tests of the workspace"
# A test that needs what is not here passes and says `DID NOT RUN: its name: why`.
cargo test --workspace --locked --lib --bins --tests -- --show-output 2>&1 | tee "$log"
cargo test --workspace --locked --doc
while IFS= read -r line; do
  not_run+=("${line#DID NOT RUN: }")
done < <(grep '^DID NOT RUN: ' "$log" | sort -u || true)

status=0
if web_std; then
  step "the window as a page of the web: it compiles, without warnings"
  # Some lints are expected only where pointers are longer.
  cargo clippy -p dispatchlab-gui --target "$web" --locked -- -D warnings -A unfulfilled-lint-expectations || status=$?
else
  not_run+=("the window as a page of the web: no standard library for $web (rustup target add $web)")
fi

if need valgrind valgrind; then
  step "instructions a customer"
  bash scripts/instructions.sh || status=$?
else
  not_run+=("instructions a customer (scripts/instructions.sh): valgrind is not installed")
fi

if need /usr/bin/time time; then
  step "peak memory of a long run"
  bash scripts/memory.sh || status=$?
else
  not_run+=("peak memory of a long run (scripts/memory.sh): /usr/bin/time is not installed")
fi

step "a sweep on two nodes of Slurm"
slurm=0
bash scripts/slurm-test.sh 2> >(tee "$log" >&2) || slurm=$?
if ((slurm == 77)); then
  not_run+=("a sweep on two nodes of Slurm (scripts/slurm-test.sh): $(tail -n 1 "$log")")
elif ((slurm != 0)); then
  status=$slurm
fi

if ((${#not_run[@]})); then
  step "did not run:"
  printf '%s\n' "${not_run[@]}" >&2
fi
((status == 0)) && step "what ran, passed"
exit "$status"
