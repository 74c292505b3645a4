# Sourced by the other scripts: what the system's packages provide, and where Cargo puts what it builds.

# need PROGRAM PACKAGE...: succeeds when PROGRAM is there, or could be installed. Packages are installed only as root and
# only where apt-get exists; nothing is asked.
need() {
  local program=$1
  shift
  command -v "$program" >/dev/null && return 0
  [[ $(id -u) -eq 0 ]] && command -v apt-get >/dev/null || return 1
  echo "installing $* for $program" >&2
  if [[ -z ${packages_updated:-} ]]; then
    apt-get update -qq >&2 || true
    packages_updated=yes
  fi
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >&2 </dev/null || true
  command -v "$program" >/dev/null
}

# The target of pages of the web.
web=wasm32-unknown-unknown

# web_std: succeeds when the standard library for that target is here, or rustup could add it.
web_std() {
  local place
  place=$(rustc --print target-libdir --target "$web" 2>/dev/null) || return 1
  [[ -d $place ]] && return 0
  command -v rustup >/dev/null || return 1
  echo "adding the standard library for $web" >&2
  timeout 120 rustup target add "$web" >&2 </dev/null || true
  [[ -d $place ]]
}

# Where Cargo puts what it builds, whatever variables or configuration say.
target_directory() {
  cargo metadata --format-version 1 --no-deps --locked | sed -E 's/.*"target_directory":"([^"]*)".*/\1/'
}
