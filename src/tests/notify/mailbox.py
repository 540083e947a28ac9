"""A mail server: writes down what came as lines of JSON.

It listens on 127.0.0.1:PORT (0 for a free one) and says where. With CERT and KEY it offers STARTTLS,
or speaks TLS from the first byte with --implicit. With USER and PASSWORD one must sign in. How it
answers a mail is read from the file BEHAVE: `250 OK`, or `451 later`.
"""

import argparse
import asyncio
import json
import pathlib
import ssl

from aiosmtpd.smtp import SMTP, AuthResult

parser = argparse.ArgumentParser()
parser.add_argument("--port", type=int, default=0)
parser.add_argument("--log", type=pathlib.Path, required=True)
parser.add_argument("--behave", type=pathlib.Path, required=True)
parser.add_argument("--cert")
parser.add_argument("--key")
parser.add_argument("--implicit", action="store_true")
parser.add_argument("--user")
parser.add_argument("--password")
args = parser.parse_args()


class Handler:
    async def handle_DATA(self, server, session, envelope):
        answer = args.behave.read_text().strip()
        line = {
            "from": envelope.mail_from,
            "to": envelope.rcpt_tos,
            "content": envelope.content.decode(),
            "tls": session.ssl is not None or args.implicit,
            "user": session.auth_data and session.auth_data.login.decode(),
            "answered": answer,
        }
        with args.log.open("a") as log:
            log.write(json.dumps(line) + "\n")
        return answer


def authenticate(server, session, envelope, mechanism, data):
    good = (data.login.decode(), data.password.decode()) == (args.user, args.password)
    return AuthResult(success=good, handled=good, auth_data=data)


async def main():
    context = None
    if args.cert:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(args.cert, args.key)
    extra = {}
    if args.user:
        extra = {"authenticator": authenticate, "auth_required": True}
        extra["auth_require_tls"] = bool(args.cert) and not args.implicit

    def session():
        starttls = None if args.implicit else context
        return SMTP(Handler(), hostname="mailbox.test", tls_context=starttls, **extra)

    loop = asyncio.get_running_loop()
    implicit = context if args.implicit else None
    server = await loop.create_server(session, "127.0.0.1", args.port, ssl=implicit)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


asyncio.run(main())
