#!/usr/bin/env python3
"""Shows a Celery cluster on a Bellwether board, and carries out what is asked for there.

    pip install -r requirements.txt       # Python 3.10 or newer, Celery 5.3 or newer
    python3 celery_bridge.py -A project   # the application, as for `celery -A`; --help names all options

The application should set task_send_sent_event (else a task is first heard of when a worker has it) and
result_extended (else only what can be read from events can be sent again). A retry sends the task again
under its own id, cancel revokes it. BELLWETHER_TOKEN, if set, signs the bridge in.
"""
import argparse, ast, json, logging, os, queue, random, threading, time, urllib.parse, urllib.request
from datetime import datetime, timezone
from functools import partialmethod
from urllib.error import HTTPError
from celery.app.utils import find_app
from celery.backends.base import DisabledBackend
from celery.events.receiver import EventReceiver
from kombu.utils.functional import LRUCache

BATCH, KNOWN, BEAT_S, NEW = 500, 10_000, 10, (None, None, 0, 0)

class Board:
    def __init__(self, url, source):
        self.url, self.source, self.waiting = url.rstrip("/"), source, queue.Queue(50_000)

    def ask(self, method, path, body=None):
        """Asks until the board has answered; waits as long as it says, or longer each time."""
        head, token, pause = {"Content-Type": "application/json"}, os.environ.get("BELLWETHER_TOKEN"), 0.5
        head |= {"Authorization": f"Bearer {token}"} if token else {}
        body = None if body is None else json.dumps(body).encode()
        while True:
            try:
                request = urllib.request.Request(self.url + path, body, head, method=method)
                with urllib.request.urlopen(request, timeout=60) as answer:
                    return json.load(answer)
            except HTTPError as error:
                if error.code in (404, 409, 413, 422):  # and would be the next time
                    return {"rejected": error.read(2000).decode(errors="replace")}
                logging.warning("the board does not take it: %s", error)
                pause = max(pause, int(error.headers.get("Retry-After", 0)))
            except (OSError, ValueError) as error:
                logging.warning("the board does not answer: %s", error)
            time.sleep(pause * random.uniform(1, 1.5))
            pause = min(30, pause * 2)

    def tell(self, kind, key, at, **data):
        # The same event has the same id whenever it is told, and counts once.
        time = datetime.fromtimestamp(at, timezone.utc).isoformat(timespec="milliseconds")
        event = {"id": f"{key}/{kind}", "source": self.source, "type": kind, "time": time, "data": data}
        self.waiting.put(event)

    def deliver(self):
        while True:
            batch = [self.waiting.get()]
            time.sleep(0.1)  # what comes together goes together
            while len(batch) < BATCH and not self.waiting.empty():
                batch.append(self.waiting.get())
            if rejected := self.ask("POST", "/api/v1/events", batch)["rejected"]:
                logging.error("not taken: %s", rejected)

class Receiver(EventReceiver):  # which takes times as they are: Celery shifts them by time zones
    event_from_message = partialmethod(EventReceiver.event_from_message, localize=False)

class Cluster:
    def __init__(self, app, board, terminate):
        self.app, self.board, self.terminate = app, board, terminate
        self.state, self.answers, self.beats = app.events.State(max_tasks_in_memory=KNOWN), LRUCache(KNOWN), {}
        self.runs = LRUCache(KNOWN)  # of a task: retries received, retries begun, received at, newest time
        app.conf.task_send_sent_event = True  # of what is sent from here

    def listen(self):
        while True:
            try:
                with self.app.connection_for_read() as connection:
                    self.app.control.enable_events()
                    Receiver(connection, {"*": self.hear}, app=self.app).capture()
            except Exception as error:  # brokers' libraries raise what they like
                logging.warning("the broker does not answer: %s", error)
            time.sleep(1)

    def hear(self, event):
        try:
            self.state.event(dict(event))
            (self.task if "uuid" in event else self.worker)(event["type"], **event)
        except Exception:  # an event like none we know must not end the bridge
            logging.exception("not understood: %s", event)

    def worker(self, kind, hostname, timestamp, freq=0, **_):
        if kind != "worker-heartbeat" or timestamp >= self.beats.get(hostname, 0) + BEAT_S:  # else too soon
            self.beats[hostname] = timestamp
            self.board.tell(f"agent.{kind[7:]}", f"{hostname}/{timestamp}", timestamp, agent=hostname,
                            name=hostname, interval_s=max(BEAT_S, freq or 0))

    def task(self, kind, uuid, hostname, timestamp, retries=0, exception=None, **event):
        received, begun, since, newest = self.runs.get(uuid, NEW)
        at = newest = max(timestamp, newest)
        if kind == "task-sent" and received == retries:
            at = since - 0.001  # a producer tells it once it has sent: the worker was quicker
        elif kind == "task-received":
            received, since = retries, at
        elif kind == "task-started":
            begun = received
        self.runs[uuid] = received, begun, since, newest
        tell = lambda kind, **data: self.board.tell(kind, f"{uuid}/{timestamp}", at, task=uuid, **data)
        if kind == "task-sent":  # without its arguments, which may hold secrets
            tell("task.queued", description=event.get("name"), queue=event.get("queue"), submitted_by=hostname)
        elif kind == "task-started" or kind == "task-received" and not event.get("eta"):  # that waits
            tell("task.started" if kind == "task-started" else "task.assigned", agent=hostname)
        elif kind == "task-succeeded":
            tell("task.completed", agent=hostname, duration_ms=event["runtime"] * 1000)
        elif kind in ("task-retried", "task-failed", "task-rejected"):
            again, error = kind == "task-retried" or bool(event.get("requeue")), (exception or kind)[:2000]
            tell("task.failed", agent=hostname, error=error, attempt=(begun or 0) + 1, will_retry=again)
            if begun and not again:  # its retries are used up
                tell("task.dead_lettered", error=error, retry_count=begun)
        elif kind == "task-revoked":
            tell("task.cancelled", reason="expired" if event.get("expired") else "revoked")

    def cancel(self, task):
        known = self.state.tasks.get(task)
        if known and known.state == "STARTED" and not self.terminate:
            return "it runs, and the bridge was started without --terminate"
        heard = self.app.control.revoke(task, terminate=self.terminate, reply=True, timeout=2)
        return None if heard else "no worker answers"

    def retry(self, task):
        known, backend = self.state.tasks.get(task), self.app.backend
        kept = {} if isinstance(backend, DisabledBackend) else backend.get_task_meta(task, cache=False)
        if kept.get("status") in ("SUCCESS", "REVOKED", "STARTED", "RETRY"):
            return f"its result says {kept['status']}"
        name, args, kwargs = (kept.get(member) for member in ("name", "args", "kwargs"))
        if not name and known and "..." not in f"{known.args}{known.kwargs}":  # else they are cut off
            name, args, kwargs = known.name, ast.literal_eval(known.args), ast.literal_eval(known.kwargs)
        if not name:
            return "its arguments are not known; set result_extended"
        self.runs.pop(task, None)
        self.app.send_task(name, args, kwargs, task_id=task, queue=kept.get("queue"))

    def serve(self):
        ask = "/api/v1/commands?" + urllib.parse.urlencode({"source": self.board.source, "wait": 30})
        while True:
            answer = self.board.ask("GET", ask)
            if "commands" not in answer:
                logging.error("no commands: %s", answer.get("rejected"))
                time.sleep(30)
            for it in answer.get("commands", []):
                if it["id"] not in self.answers:  # else its answer was lost, and is only given again
                    try:
                        why_not = {"retry": self.retry, "cancel": self.cancel}[it["command"]](it["task_id"])
                    except Exception as error:
                        why_not = f"{type(error).__name__}: {error}"
                    self.answers[it["id"]] = {"status": "refused" if why_not else "done", "detail": why_not}
                self.board.ask("POST", f"/api/v1/commands/{it['id']}/ack", self.answers[it["id"]])

def main():
    logging.basicConfig(level=logging.INFO)
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("-A", "--app", required=True)
    parser.add_argument("--url", default=os.environ.get("BELLWETHER_URL", "http://127.0.0.1:3000"))
    parser.add_argument("--source", default="celery", help="one a cluster; default celery")
    parser.add_argument("--terminate", action="store_true", help="cancel also kills what runs")
    options = parser.parse_args()
    cluster = Cluster(find_app(options.app), Board(options.url, options.source), options.terminate)
    for work in (cluster.listen, cluster.serve):
        threading.Thread(target=work, daemon=True).start()
    cluster.board.deliver()

main()
