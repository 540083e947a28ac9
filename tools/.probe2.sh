part() { timeout -s INT -k 10 "${T:-100}" env -C "$work" "$TESTER" --config-file "$ROOT/tools/schemathesis.toml" run "$url/api/openapi.json" --checks all --phases coverage --max-examples 1 --seed 1 --request-timeout 20 --continue-on-failure "${exclude[@]}" --header "Authorization: Bearer $token" "${@:2}" >/tmp/cov.$1 2>&1; }
token=$("$BIN" token add x --role admin --data-dir "$work/data")
part work --include-path-regex '^/api/v1/(tasks|agents|jobs|commands|events|import|hooks|write|pings)|^/v1' &
a=$!
part rest --include-path-regex '^/(token|logout|dashboard|badge|docs|ping|health|ready|metrics|settings|api/docs|api/dashboard)|^/api/v1/(alerts|silences|rules|channels|settings|tokens|users|me|audit)' &
b=$!
part other --exclude-path-regex '^/(v1|token|logout|dashboard|badge|docs|ping|health|ready|metrics|settings|api/docs|api/dashboard)|^/api/v1/(tasks|agents|jobs|commands|events|import|hooks|write|pings|alerts|silences|rules|channels|settings|tokens|users|me|audit)' &
c=$!
wait $a $b $c
grep -q panicked "$work/err" && grep -A3 panicked "$work/err"
exit
