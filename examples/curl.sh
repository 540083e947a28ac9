#!/usr/bin/env bash
# Every kind of event once, and the questions that they answer, with nothing but bash and curl.
#
#     ./curl.sh                                    # a board on this machine
#     BELLWETHER_URL=https://board.example BELLWETHER_TOKEN=… ./curl.sh
#
# Every event has an id made of RUN, so that running it again under the same RUN doubles nothing.
set -euo pipefail

url=${BELLWETHER_URL:-http://127.0.0.1:3000} run=${RUN:-$(date +%s)-$$} said=0

# ask path [curl's options]: the board's answer; its error if it refuses.
ask() {
  local path=$1 with=(-sS --fail-with-body --max-time 30 --retry 5 --retry-connrefused)
  shift
  [ -n "${BELLWETHER_TOKEN:-}" ] && with+=(-H "Authorization: Bearer $BELLWETHER_TOKEN")
  curl "${with[@]}" "$@" "$url$path"
}

# tell type data: one event.
tell() {
  said=$((said + 1))
  ask '/api/v1/events?wait=applied' -H 'Content-Type: application/json' --data-binary \
    "{\"id\":\"$run-$said\",\"source\":\"curl.sh\",\"type\":\"$1\",\"data\":$2}" >/dev/null
  echo "told $1"
}

# Projects: who they are, how their validations went, how long their requests took.
tell project.registered '{"project":"shop","name":"The shop","owner":"web","tags":["example"]}'
tell validation.completed '{"project":"shop","status":"failed","duration_ms":41000,"branch":"main",
  "checks":{"total":120,"passed":119,"failed":1,"skipped":0},
  "errors":[{"type":"AssertionError","message":"the cart is empty","file":"cart.py","line":12}]}'
tell request.observed '{"project":"shop","duration_ms":83.5,"route":"/cart","status_code":200}'

# Agents and tasks.
tell agent.online '{"agent":"curl-1","name":"A shell","capabilities":["example"]}'
tell task.queued "{\"task\":\"mail-$run\",\"description\":\"Send the newsletter\",\"queue\":\"mail\",\"priority\":1}"
tell task.assigned "{\"task\":\"mail-$run\",\"agent\":\"curl-1\"}"
tell task.started "{\"task\":\"mail-$run\",\"agent\":\"curl-1\"}"
tell task.progress "{\"task\":\"mail-$run\",\"agent\":\"curl-1\",\"percent\":50,\"note\":\"half of them\"}"
tell task.completed "{\"task\":\"mail-$run\",\"agent\":\"curl-1\",\"duration_ms\":1200,\"tokens_used\":0}"
tell task.queued "{\"task\":\"bill-$run\",\"description\":\"Send the bills\",\"queue\":\"mail\"}"
tell task.failed "{\"task\":\"bill-$run\",\"agent\":\"curl-1\",\"error\":\"timeout\",\"attempt\":1,\"will_retry\":false}"
tell task.dead_lettered "{\"task\":\"bill-$run\",\"error\":\"timeout\",\"retry_count\":0}"
tell agent.offline '{"agent":"curl-1"}'

# Money. Decimals are exact, as numbers and as strings.
tell cash.moved '{"amount":"10000","account":"example","reason":"deposit"}'
tell trade.executed "{\"trade\":\"t-$run\",\"symbol\":\"ACME\",\"side\":\"buy\",\"quantity\":\"10\",\"price\":\"99.95\",\"fees\":\"0.35\",\"account\":\"example\"}"
tell price.updated '{"symbol":"ACME","price":101.2}'

# Metrics, hosts, and alerts of other systems.
tell metric.observed '{"name":"wait","value":12.5,"unit":"ms","labels":{"queue":"mail"}}'
tell host.sampled '{"host":"web-1","cpu":{"usage_percent":12.5,"cores":8},
  "memory":{"total_mb":16000,"used_mb":4000,"percent":25},"load":[0.4,0.3,0.2]}'
tell alert.raised '{"alert":"backup","title":"The backup is late","severity":"warning","source":"cron"}'
tell alert.cleared '{"alert":"backup","source":"cron"}'

# Many at once: an event a line, compressed. What is wrong is named, what is right is taken.
for n in 1 2 3; do
  echo "{\"id\":\"$run-batch-$n\",\"source\":\"curl.sh\",\"type\":\"metric.observed\",\"data\":{\"name\":\"wait\",\"value\":$n}}"
done | gzip | ask /api/v1/events -H 'Content-Type: application/x-ndjson' -H 'Content-Encoding: gzip' \
  --data-binary @-
echo

# The questions.
ask /dashboard/summary && echo
ask '/dashboard/projects?tag=example&sort=score' && echo
ask /dashboard/projects/shop && echo
ask '/api/v1/tasks?queue=mail&limit=10' && echo
ask "/api/v1/tasks/mail-$run" && echo
ask /api/v1/agents && echo
ask '/api/v1/portfolio?account=example' && echo
ask '/api/v1/trades?symbol=ACME' && echo
ask '/api/v1/metrics/wait/latest?label.queue=mail' && echo
ask '/api/v1/metrics/wait?aggregation=p95&by=queue&step=5m' && echo
ask '/api/v1/alerts?source=cron' && echo
ask /api/v1/system && echo
