#!/usr/bin/env bash
# All tests: Rust's against the embedded site, then the browser's against the real binary.
source "$(dirname "$0")/lib.sh"
tools/setup.sh test
timed "building the browser half" tools/site.sh
# What is tested is what ships: the site inside the binary.
export BELLWETHER_EMBED=1
# The second runner below must run even if the first one failed.
status=0
if have cargo-nextest; then
  timed "Rust tests" cargo nextest run --features ssr --no-fail-fast || status=1
else
  timed "Rust tests" cargo test --features ssr --no-fail-fast || status=1
fi
if [ -e end2end/package.json ]; then
  # Built with the tests: by itself it would be compiled once more, with fewer features of its
  # dependencies.
  export BELLWETHER_BIN=$ROOT/target/debug/bellwether
  timed "the description against the server" tools/schemathesis.sh || status=1
  (cd end2end && timed "browser tests" npx --no-install playwright test) || status=1
fi
exit "$status"
