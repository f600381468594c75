"""A real SMTP server (aiosmtpd) that fails in every way: one port per way, told on stdout as one JSON line; then one line per mail."""

import asyncio
import json
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult


def say(what):
    print(json.dumps(what), flush=True)


class Handler:
    def __init__(self, way):
        self.way = way

    async def handle_RCPT(self, server, session, envelope, address, options):
        if self.way == "reject_receiver":
            return "550 5.1.1 no such user here"
        if self.way == "busy":
            return "451 4.3.0 try again later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        if self.way == "drop":
            server.transport.abort()
            return "250 OK"
        if self.way == "reject_text":
            return "554 5.7.1 this is spam"
        say({
            "way": self.way,
            "from": envelope.mail_from,
            "to": envelope.rcpt_tos,
            "login": session.authenticated is True,
            "tls": session.ssl is not None or self.way == "tls",
            "text": envelope.content.decode(),
        })
        return "250 OK"


def authenticator(server, session, envelope, mechanism, data):
    right = (data.login, data.password) == (b"wall", b"open sesame")
    return AuthResult(success=right, handled=False)


class Silent(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport = transport


class Closing(asyncio.Protocol):
    def connection_made(self, transport):
        transport.write(b"220 hello\r\n")
        transport.close()


async def main(certificate, key):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    login = dict(authenticator=authenticator, auth_required=True)

    def smtp(way, **options):
        return lambda: SMTP(Handler(way), hostname="test", **options)

    ways = {
        "plain": (smtp("plain"), None),
        "reject_receiver": (smtp("reject_receiver"), None),
        "busy": (smtp("busy"), None),
        "reject_text": (smtp("reject_text"), None),
        "drop": (smtp("drop"), None),
        "starttls": (smtp("starttls", tls_context=context, require_starttls=True, **login), None),
        "tls": (smtp("tls", auth_require_tls=False, **login), context),
        "silent": (Silent, None),
        "closing": (Closing, None),
    }
    loop = asyncio.get_running_loop()
    ports = {}
    for way, (factory, tls) in ways.items():
        server = await loop.create_server(factory, "127.0.0.1", 0, ssl=tls)
        ports[way] = server.sockets[0].getsockname()[1]
    say(ports)
    # Ends with whoever started it.
    await loop.run_in_executor(None, sys.stdin.read)


asyncio.run(main(*sys.argv[1:]))
