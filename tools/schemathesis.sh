#!/usr/bin/env bash
# The live server against its own description, as every built-in role and as nobody: no 5xx, no
# answer that the description does not allow, no bad input taken for good.
#   tools/schemathesis.sh               short, as CI runs it
#   EXAMPLES=200 tools/schemathesis.sh  long; all phases for every role
source "$(dirname "$0")/lib.sh"

BIN=${BELLWETHER_BIN:-$ROOT/target/debug/bellwether}
TESTER=${SCHEMATHESIS:-$TOOLS/venv/bin/schemathesis}
EXAMPLES=${EXAMPLES:-3}
LONGEST=${LONGEST:-$((90 + EXAMPLES * 30))} # seconds a run may take; then it tells what it has found, and is a failure
[ -x "$BIN" ] || die "build the binary first: cargo build --features ssr --bin bellwether"
[ -x "$TESTER" ] || die "run tools/setup.sh test first"

work=$(mktemp -d)
trap 'kill "$server" 2>/dev/null || true; wait 2>/dev/null || true; rm -rf "$work"' EXIT
# With a secret, so that the hook of GitHub looks at what it is sent.
BELLWETHER_GITHUB_SECRET=$(head -c 18 /dev/urandom | base64)
export BELLWETHER_GITHUB_SECRET
touch "$work/out"
"$BIN" serve --listen 127.0.0.1:0 --data-dir "$work/data" --no-sampler >"$work/out" 2>"$work/err" &
server=$!
for _ in $(seq 100); do
  url=$(sed -n 's/^listening on //p' "$work/out")
  [ -n "$url" ] && break
  kill -0 "$server" 2>/dev/null || { cat "$work/err" >&2; die "the server did not start"; }
  sleep 0.2
done
[ -n "$url" ] || die "the server is not ready"

# Something to be read, sent as producers would send it.
"$BIN" send --url "$url" tools/schemathesis.ndjson >/dev/null
head -c 18 /dev/urandom | base64 | "$BIN" user add root --role admin --password-stdin --data-dir "$work/data" >/dev/null

# What is left out, and why:
#   pages   functions of the board's own pages, which change with them
#   sockets a request that does not upgrade has one answer, which tests/ looks at
#   read_events: with `follow` it may go on for ever, which src/tests/around.rs looks at
exclude=(--exclude-tag pages --exclude-tag live --exclude-operation-id read_events)

status=0
tests_as() {
  local role=$1 phases=$2 examples=$3 token header=()
  if [ "$role" != nobody ]; then
    # On a line of its own: a failure within an argument would go unseen.
    token=$("$BIN" token add "$role" --role "$role" --data-dir "$work/data")
    curl -fsS -o /dev/null -H "Authorization: Bearer $token" "$url/api/v1/me" || die "the token of $role is not taken"
    header=(--header "Authorization: Bearer $token")
  fi
  # What it remembers of a run is not kept.
  timed "the description, as $role" timeout -s INT -k 10 "$LONGEST" env -C "$work" \
    SCHEMATHESIS_HOOKS="$ROOT/tools/schemathesis_hooks.py" PYTHONDONTWRITEBYTECODE=1 "$TESTER" --config-file "$ROOT/tools/schemathesis.toml" run "$url/api/openapi.json" \
    --checks all --phases "$phases" --max-examples "$examples" --seed 1 --request-timeout 20 \
    --continue-on-failure "${exclude[@]}" "${header[@]}" || status=1
}

if [ "$EXAMPLES" -gt 10 ]; then
  others=examples,coverage,fuzzing few=$EXAMPLES
else
  # The examples are tried once; what a role may not is told before anything else is looked at.
  others=fuzzing few=1
fi
tests_as admin examples,coverage,fuzzing "$EXAMPLES"
for role in operator trader viewer producer nobody; do
  tests_as "$role" "$others" "$few"
done
if grep -q panicked "$work/err"; then
  grep -A3 panicked "$work/err" >&2
  status=1
fi
kill -0 "$server" 2>/dev/null || { echo "the server did not survive" >&2; status=1; }
exit "$status"
