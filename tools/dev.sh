#!/usr/bin/env bash
# Builds quickly, serves, and does so again whenever a source file changes. Ctrl-C ends it.
source "$(dirname "$0")/lib.sh"
listen=${LISTEN:-127.0.0.1:3000}
tools/setup.sh

server=
stop() {
  [ -z "$server" ] || { kill "$server" && wait "$server"; } 2>/dev/null || true
  server=
}
trap stop EXIT
trap 'exit 130' INT TERM

mark=target/dev.mark
while true; do
  # Taken before the build: what changes during it is built next.
  touch "$mark"
  if tools/site.sh --dev && cargo build --no-default-features --features ssr --bin bellwether; then
    stop
    target/debug/bellwether serve --listen "$listen" --data-dir "${DATA_DIR:-target/dev-data}" &
    server=$!
  fi
  until [ -n "$(find src style public build.rs Cargo.toml Cargo.lock -newer "$mark" -type f -print -quit)" ]; do
    sleep 0.5
  done
  say "something changed"
done
