#!/usr/bin/env bash
# Measures against floors and peers, then weighs the site. Arguments choose: tools/bench.sh ingest fold
source "$(dirname "$0")/lib.sh"
tools/setup.sh
# The peer that snapshots are measured against; its service is not started.
export PATH="$PATH:/usr/sbin"
if ! have nginx; then
  if have apt-get && { [ "$(id -u)" = 0 ] || sudo -n true 2>/dev/null; }; then
    as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi; }
    timed "installing nginx to compare with (about 10 s)" as_root sh -c \
      'apt-get update -qq && RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends nginx-light >/dev/null' \
      || say "nginx cannot be installed; going on without it"
  else
    say "nginx is not installed; going on without it"
  fi
fi
timed "building the site" tools/site.sh
timed "building and measuring (the first build takes 7 min)" \
  cargo bench --no-default-features --features ssr --bench bench -- "$@"
[ $# -gt 0 ] || node tools/size.mjs
