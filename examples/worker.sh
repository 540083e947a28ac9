#!/usr/bin/env bash
# A worker that a Bellwether board watches and commands, with nothing but bash (4.4 or newer) and curl.
#
#     ./worker.sh                       # does 20 tasks, then waits for commands until Ctrl-C
#     TASKS=5 FAIL_PERCENT=100 BELLWETHER_URL=http://board:3000 ./worker.sh
#
# It makes up tasks and does one after the other; some fail, and one that fails TRIES times is given
# up. Retry or cancel it on the board, and the worker obeys. BELLWETHER_TOKEN, if set, signs it in.
set -euo pipefail

url=${BELLWETHER_URL:-http://127.0.0.1:3000} agent=${AGENT:-sh-1} source=${SOURCE:-worker.sh/$HOSTNAME}
tasks=${TASKS:-20} tries=${TRIES:-3} fail_percent=${FAIL_PERCENT:-30} pace=${PACE:-1} # seconds
queue=${QUEUE:-examples} run=$(date +%s)-$$ said=0 patience=10
declare -A failures=() dead=() mended=() # by task
declare -A answers=() # by command
waiting=()

# ask method path [body]: the board's answer, however long it takes to reach it.
ask() {
  local with=(-X "$1")
  [ $# -gt 2 ] && with+=(-H 'Content-Type: application/json' --data-binary "$3")
  [ -n "${BELLWETHER_TOKEN:-}" ] && with+=(-H "Authorization: Bearer $BELLWETHER_TOKEN")
  until curl -fsS --max-time 60 --retry "$patience" --retry-connrefused "${with[@]}" "$url$2"; do
    [ $? -ne 22 ] && [ "$patience" -gt 0 ] || return 22 # it refuses, or this ends
    sleep 1
  done
}

# tell type members: an event. Told again it is the same, by its id, and counts once.
tell() {
  said=$((said + 1))
  ask POST /api/v1/events \
    "{\"id\":\"$run-$said\",\"source\":\"$source\",\"type\":\"$1\",\"data\":{$2}}" >/dev/null
}

enqueue() {
  waiting+=("$1") failures[$1]=0
  tell task.queued "\"task\":\"$1\",\"queue\":\"$queue\",\"description\":\"An example\""
}

# member name object: a text in a flat JSON object.
member() { [[ $2 =~ \"$1\":\"([^\"]*)\" ]] && printf %s "${BASH_REMATCH[1]}"; }

# obey seconds: does what the board asks for within that time. What comes again, because the answer
# was lost, is only answered again.
obey() {
  local said_so command id task
  said_so=$(ask GET "/api/v1/commands?source=$source&wait=$1")
  while read -r command; do
    [[ $command == *task_id* ]] || continue # there is none
    id=$(member id "$command") task=$(member task_id "$command")
    if [ -z "${answers[$id]:-}" ]; then
      answers[$id]=done
      case $(member command "$command")${dead[$task]:+-dead}${failures[$task]:+-known} in
        retry-dead*) unset "dead[$task]" && mended[$task]=yes && enqueue "$task" ;;
        cancel-*)
          unset "dead[$task]" "failures[$task]"
          tell task.cancelled "\"task\":\"$task\",\"reason\":\"cancelled on the board\"" ;;
        *) answers[$id]=refused ;;
      esac
    fi
    # A board that does not wait for the answer any more refuses it.
    ask POST "/api/v1/commands/$id/ack" "{\"status\":\"${answers[$id]}\"}" >/dev/null || true
  done < <(grep -o '{[^{}]*}' <<<"$said_so")
}

work() {
  local it="\"task\":\"$1\",\"agent\":\"$agent\"" error again=false
  tell task.assigned "$it"
  tell task.started "$it"
  sleep "$pace"
  obey 0
  [ -n "${failures[$1]:-}" ] || return 0 # cancelled
  if [ -n "${mended[$1]:-}" ] || [ $((RANDOM % 100)) -ge "$fail_percent" ]; then
    unset "failures[$1]"
    tell task.completed "$it,\"tokens_used\":1000"
    return
  fi
  failures[$1]=$((failures[$1] + 1)) error="\"error\":\"timeout after $RANDOM ms\""
  [ "${failures[$1]}" -ge "$tries" ] || again=true
  tell task.failed "$it,$error,\"attempt\":${failures[$1]},\"will_retry\":$again"
  if $again; then waiting+=("$1") && return; fi
  dead[$1]=yes
  tell task.dead_lettered "\"task\":\"$1\",$error,\"retry_count\":$((tries - 1))"
}

tell agent.online "\"agent\":\"$agent\",\"name\":\"worker.sh\",\"interval_s\":10"
# Shows that it is there, as long as it is.
(run+=-beat; while sleep 10 && kill -0 $$; do tell agent.heartbeat "\"agent\":\"$agent\""; done) 2>/dev/null &
trap 'patience=0; tell agent.offline "\"agent\":\"$agent\""' EXIT
for ((n = 1; n <= tasks; n++)); do enqueue "$agent-$run-$n"; done
while :; do
  if [ ${#waiting[@]} -eq 0 ]; then obey 20; continue; fi
  task=${waiting[0]} waiting=("${waiting[@]:1}")
  [ -z "${failures[$task]:-}" ] || work "$task"
done
