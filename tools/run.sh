#!/usr/bin/env bash
# Builds Bellwether as it ships and serves it on this machine. LISTEN and DATA_DIR may be set.
source "$(dirname "$0")/lib.sh"
listen=${LISTEN:-127.0.0.1:3000}

tools/setup.sh
timed "building the browser half (3 min the first time)" tools/site.sh
timed "building the server (7 min the first time)" \
  cargo build --release --no-default-features --features ssr

arguments=(serve --listen "$listen")
[ -n "${DATA_DIR:-}" ] && arguments+=(--data-dir "$DATA_DIR")
# Says how to go on once the server has said that it listens, and at which address.
guide() {
  local line
  # Ctrl-C is for the server, which may have something to say as it ends.
  trap '' INT
  while IFS= read -r line; do
    echo "$line"
    case $line in "listening on "*) ;; *) continue ;; esac
    say "Open ${line#listening on }/ and, in another terminal, make something appear:"
    cat >&2 <<TEXT
    curl ${line#listening on }/api/v1/events -H 'content-type: application/json' -d '{"type":"validation.completed","data":{"project":"hello","status":"passed"}}'
TEXT
  done
}
exec target/release/bellwether "${arguments[@]}" > >(guide)
