"""Who alerts go to in tests: a real mail server and a real web server, on loopback.

Put here: servers that remember what came, and misbehave when asked. Keep out: what is expected (the tests).
"""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

from aiosmtpd.controller import Controller


@dataclass
class MailBox:
    """A mail server: the mails that came, and the answers it still has to give before it takes one."""

    url: str = ""
    mails: list[EmailMessage] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)

    async def handle_DATA(self, _server, _session, envelope) -> str:  # the name is aiosmtpd's
        if self.answers:
            return self.answers.pop(0)
        self.mails.append(message_from_bytes(envelope.content, policy=default))
        return "250 OK"


@dataclass
class Hook:
    """A web server: the bodies and headers that came, and what it answers first (a status, or "hang up")."""

    url: str = ""
    bodies: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    answers: list[int | str] = field(default_factory=list)


@contextmanager
def run_mail_server(host: str = "127.0.0.1", **options: Any) -> Iterator[MailBox]:
    box = MailBox()
    with socket.socket() as free:
        free.bind((host, 0))
        port = free.getsockname()[1]
    server = Controller(box, hostname=host, port=port, **options)
    server.start()
    box.url = f"smtp://{host}:{port}"
    try:
        yield box
    finally:
        server.stop()


@contextmanager
def run_hook() -> Iterator[Hook]:
    hook = Hook()

    class Answer(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            hook.headers.append(dict(self.headers))
            hook.bodies.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            answer = hook.answers.pop(0) if hook.answers else 200
            if answer == "hang up":
                self.close_connection = True
                return
            self.send_response(answer)
            self.send_header("Location", "/elsewhere")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    thread = Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    hook.url = f"http://127.0.0.1:{server.server_port}/hook"
    try:
        yield hook
    finally:
        server.shutdown()
        server.server_close()
