#!/usr/bin/env bash
# Sends a fleet's life to a running board (`make run`). URL may be set, and further options given.
source "$(dirname "$0")/lib.sh"
url=${URL:-http://127.0.0.1:3000}
[ -x target/release/bellwether ] || die "nothing is built yet: start the board with 'make run' first"
exec target/release/bellwether demo --url "$url" "$@"
