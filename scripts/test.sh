#!/usr/bin/env bash
# Passes all tests of the workspace: unit, integration and documentation tests, the commands of the documentation, and the
# limits on instructions a customer. Installs what it needs from the system's packages where it may (as root); where it may
# not, it says by name what did not run. Exit code 0: everything that ran passed.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source scripts/packages.sh

not_run=()
step() { printf '\n== %s\n' "$*" >&2; }

# A C compiler links Rust programs; without one nothing builds.
need cc gcc libc6-dev || { echo "error: no C compiler to link with; install gcc" >&2; exit 1; }

step "tests of the workspace"
cargo test --workspace --locked

if need valgrind valgrind; then
  step "instructions a customer"
  bash scripts/instructions.sh
else
  not_run+=("instructions a customer (scripts/instructions.sh): valgrind is not installed")
fi

if ((${#not_run[@]})); then
  step "did not run"
  printf 'not run: %s\n' "${not_run[@]}" >&2
else
  step "everything ran and passed"
fi
