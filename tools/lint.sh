#!/usr/bin/env bash
# Clippy over both halves; a warning is an error.
source "$(dirname "$0")/lib.sh"
half=${1:-both}
case $half in both | server | browser) ;; *) die "usage: tools/lint.sh [server|browser]" ;; esac
if [ "$half" != browser ]; then
  cargo clippy --all-targets --no-default-features --features ssr -- -D warnings
fi
if [ "$half" != server ]; then
  cargo clippy --lib --target wasm32-unknown-unknown --no-default-features --features hydrate -- -D warnings
fi
