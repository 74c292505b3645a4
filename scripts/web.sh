#!/usr/bin/env bash
# Builds the classroom as a page of the web: scripts/web.sh [FOLDER], by default `page` where Cargo puts what it builds.
# The folder then holds all there is; any web server will do, and no file needs to be larger than the program.
#
# The standard library for the web comes from rustup; where it cannot be had, from Debian's rustc-web and rust-web-src,
# which build it themselves.
# DISPATCHLAB_WEB_TOOLCHAIN=rustup or =debian asks for one of them.
# Exit code 77: neither is here; the last line says what is missing.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source scripts/packages.sh
exec </dev/null

step() { printf '\n== %s\n' "$*" >&2; }
missing() { echo "$*" >&2; exit 77; }

name=dispatchlab-gui
built=$(target_directory)
page=${1:-$built/page}
wanted=${DISPATCHLAB_WEB_TOOLCHAIN:-}

build=(build --locked -p "$name" --bin "$name" --profile web --target "$web")
if [[ $wanted != debian ]] && web_std; then
  step "build"
  cargo "${build[@]}"
elif [[ $wanted != rustup ]]; then
  need /usr/bin/cargo cargo-web rustc-web rust-web-src || true
  [[ -f $(/usr/bin/rustc --print sysroot 2>/dev/null)/lib/rustlib/src/rust/library/std/Cargo.toml ]] ||
    missing "no standard library for $web: neither \`rustup target add $web\` nor Debian's rust-web-src can be had"
  # Debian's own linker is older than what its compiler makes; the one that comes with a toolchain of rustup is not.
  linker=$(find "$(rustc --print sysroot)" -name rust-lld -type f 2>/dev/null | head -n 1)
  [[ -n $linker ]] || linker=$(command -v wasm-ld || true)
  [[ -n $linker ]] || missing "no linker for $web: neither rust-lld nor wasm-ld is here"
  step "build, with the standard library, by Debian's compiler"
  env PATH="/usr/bin:/bin:$PATH" RUSTC=/usr/bin/rustc RUSTC_BOOTSTRAP=1 \
    CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER="$linker" CARGO_TARGET_DIR="$built/web-debian" \
    /usr/bin/cargo "${build[@]}" -Zbuild-std=std,panic_abort
  built_page=$built/web-debian
else
  missing "no standard library for $web: \`rustup target add $web\` failed"
fi

# The program and what writes its bindings must be of one version.
version=$(sed -n '/^name = "wasm-bindgen"$/{n;s/^version = "\(.*\)"$/\1/p}' Cargo.lock)
bindgen=wasm-bindgen
if [[ $($bindgen --version 2>/dev/null || true) != "wasm-bindgen $version" ]]; then
  tools=$built/web-tools-$version
  bindgen=$tools/bin/wasm-bindgen
  if [[ ! -x $bindgen ]]; then
    step "wasm-bindgen $version"
    cargo install wasm-bindgen-cli --version "$version" --no-default-features --root "$tools" --target-dir "$built/web-tools-build"
  fi
fi

step "page"
new=$page.new
rm -rf "$new"
mkdir -p "$new/pkg"
"$bindgen" --target web --no-typescript --out-dir "$new/pkg" --out-name "$name" \
  "${built_page:-$built}/$web/web/$name.wasm"
if command -v wasm-opt >/dev/null; then
  wasm-opt -O2 --all-features "$new/pkg/${name}_bg.wasm" -o "$new/pkg/${name}_bg.wasm"
fi
cp gui/web/index.html "$new/"
rm -rf "$page"
mv "$new" "$page"
printf '%s: %s bytes, %s as they travel\n' "$page" \
  "$(wc -c <"$page/pkg/${name}_bg.wasm")" "$(gzip -9 <"$page/pkg/${name}_bg.wasm" | wc -c)" >&2
