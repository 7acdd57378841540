#!/bin/sh
# Builds the release addon for the platform that this runs on, and runs the Node tests with it.
set -eu

# The containers bring no compiler; the other runners have one.
if command -v apk >/dev/null; then
  apk add --no-cache build-base curl
elif command -v dnf >/dev/null; then
  # The system's own gcc 8 is too old for the linker that Rust brings.
  dnf --assumeyes --quiet module enable nodejs:20
  dnf --assumeyes --quiet install gcc-toolset-13-gcc nodejs npm
  export PATH="/opt/rh/gcc-toolset-13/root/usr/bin:$PATH"
fi

if ! command -v rustup >/dev/null; then
  curl --proto '=https' --tlsv1.2 --silent --show-error --fail https://sh.rustup.rs |
    sh -s -- -y --profile minimal --default-toolchain none
  export PATH="$HOME/.cargo/bin:$PATH"
fi
# One compiler for every platform: the one that Cargo.toml asks for.
: "${RUSTUP_TOOLCHAIN:=$(sed -n 's/^rust-version = "\(.*\)"$/\1/p' Cargo.toml)}"
export RUSTUP_TOOLCHAIN
rustup toolchain install "$RUSTUP_TOOLCHAIN" --profile minimal --no-self-update

node --version
rustc --version --verbose
npm run build:release
node --test --test-concurrency=1 --test-reporter=spec __test__/*.spec.mjs __test__/process/*.spec.mjs
