"""A receiver of webhooks: verifies signatures, and writes down what came as lines of JSON.

It listens on 127.0.0.1:PORT (0 for a free one) and says where. How it answers is read from the file
BEHAVE at each request: a status, or `hang`; after a blank, a value of Location or Retry-After.
"""

import argparse
import http.server
import json
import pathlib
import threading

from standardwebhooks.webhooks import Webhook, WebhookVerificationError

parser = argparse.ArgumentParser()
parser.add_argument("--port", type=int, default=0)
parser.add_argument("--log", type=pathlib.Path, required=True)
parser.add_argument("--behave", type=pathlib.Path, required=True)
parser.add_argument("--secret")
args = parser.parse_args()
lock = threading.Lock()


def verified(body, headers):
    if not args.secret:
        return None
    try:
        Webhook(args.secret).verify(body, headers)
        return True
    except WebhookVerificationError:
        return False


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        how, _, more = args.behave.read_text().strip().partition(" ")
        line = {
            "path": self.path,
            "headers": headers,
            "body": body.decode(),
            "verified": verified(body, headers),
            "answered": how,
        }
        with lock, args.log.open("a") as log:
            log.write(json.dumps(line) + "\n")
        if how == "hang":
            threading.Event().wait()
        status = int(how)
        self.send_response(status)
        if more:
            self.send_header("location" if 300 <= status < 400 else "retry-after", more)
        answer = b"" if status < 400 else b"not now: " + body[:2000]
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", args.port), Handler)
server.daemon_threads = True
print(server.server_address[1], flush=True)
server.serve_forever()
