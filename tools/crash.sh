#!/usr/bin/env bash
# The crash test at length: 200 × kill -9 under load, or as many as CRASHES says.
source "$(dirname "$0")/lib.sh"
export BELLWETHER_CRASHES=${CRASHES:-200}
timed "$BELLWETHER_CRASHES crashes" cargo test --features ssr --test it crash -- --nocapture
