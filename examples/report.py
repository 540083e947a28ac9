#!/usr/bin/env python3
"""Runs a command and tells a Bellwether board how it went: one validation of a project.

    python3 report.py --project nightly -- make test     # nothing but Python 3.10 or newer, on Unix

Its exit status is the command's own. The event is kept in a file until the board has it: what could not
be told is told the next time, at its own time, and counts once. BELLWETHER_TOKEN, if set, signs it in.
"""
import argparse, fcntl, json, os, random, subprocess, sys, time, urllib.request, uuid
from datetime import datetime, timezone
from pathlib import Path
from urllib.error import HTTPError

class Board:
    """Sends events, and sends them again until the board has them or `patience` seconds have passed."""

    def __init__(self, url, token=None, patience=30):
        self.url, self.token, self.patience = url.rstrip("/"), token, patience

    def send(self, events):
        """Returns the board's answer; raises OSError if it cannot be had, ValueError if none was valid."""
        head = {"Content-Type": "application/x-ndjson"}
        if self.token:
            head["Authorization"] = f"Bearer {self.token}"
        body, pause, end = "\n".join(map(json.dumps, events)).encode(), 0.5, time.monotonic() + self.patience
        while True:
            try:
                request = urllib.request.Request(f"{self.url}/api/v1/events", body, head)
                with urllib.request.urlopen(request, timeout=30) as answer:
                    return json.load(answer)
            except HTTPError as error:
                if error.code == 422:
                    raise ValueError(error.read().decode()) from error
                if error.code not in (429, 502, 503, 504):
                    raise
                last, wait = error, int(error.headers.get("Retry-After", 0))
            except OSError as error:
                last, wait = error, 0
            wait = max(wait, pause * random.uniform(0.5, 1))
            if time.monotonic() + wait > end:
                raise last
            time.sleep(wait)
            pause = min(10, pause * 2)

def event(kind, source, **data):
    # By source and id the board knows it again: an event that is sent twice counts once.
    return {"specversion": "1.0", "id": str(uuid.uuid4()), "source": source, "type": kind,
            "time": datetime.now(timezone.utc).isoformat(timespec="milliseconds"), "data": data}

def run(command):
    """Runs it; returns its exit status, the last line it said on standard error, and milliseconds."""
    begun, last = time.monotonic(), ""
    try:
        with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, errors="replace") as process:
            for line in process.stderr:
                sys.stderr.write(line)
                last = line.strip() or last
        status = process.returncode
    except OSError as error:  # as a shell says it
        status, last = 127 if isinstance(error, FileNotFoundError) else 126, str(error)
        print(last, file=sys.stderr)
    return status, last, (time.monotonic() - begun) * 1000

def alone(path):
    """Opens the file of what is kept, once no other command is about to tell what is in it."""
    while True:
        file = path.open("a+", encoding="utf-8")
        fcntl.flock(file, fcntl.LOCK_EX)
        # Who had it before has removed it if all was told: then nobody would find this one again.
        if os.fstat(file.fileno()).st_nlink:
            return file
        file.close()

def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--url", default=os.environ.get("BELLWETHER_URL", "http://127.0.0.1:3000"))
    parser.add_argument("--project", required=True)
    parser.add_argument("--source", default="report.py")
    parser.add_argument("--patience", type=float, default=30, help="seconds to try for; default 30")
    parser.add_argument("--kept", type=Path, default=Path("report.ndjson"), help="file of what is not told yet")
    parser.add_argument("command", nargs="+")
    options = parser.parse_args()
    status, last, ms = run(options.command)
    data = {"project": options.project, "status": "failed" if status else "passed", "duration_ms": ms}
    if status:
        data["errors"] = [{"type": f"exit status {status}", "message": last[:500]}]
    with alone(options.kept) as file:
        file.write(json.dumps(event("validation.completed", options.source, **data)) + "\n")
        file.seek(0)  # which also writes it
        events = [json.loads(line) for line in file]
        try:
            answer = Board(options.url, os.environ.get("BELLWETHER_TOKEN"), options.patience).send(events)
            print(f"told the board: {answer['accepted']} accepted", *answer["rejected"], file=sys.stderr)
            options.kept.unlink()
        except (OSError, ValueError) as error:
            print(f"not told, kept in {options.kept}: {error}", file=sys.stderr)
    sys.exit(status)

main()
