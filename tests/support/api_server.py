"""An HTTP API of the tests' own: real, on loopback, in this process; it answers what a test tells it to.

Put here: how it starts and stops. Keep out: what it answers (each test says).
"""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit


@dataclass
class Reply:
    """One answer. `cut` sends half of the body and hangs up."""

    body: object = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    cut: bool = False


@dataclass
class Api:
    """`answer` makes the reply of a request (path, parameters, headers); `asked` is every request so far."""

    url: str
    answer: Callable[[str, dict[str, str], dict[str, str]], Reply] = lambda *_: Reply(status=404)
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)


@contextmanager
def run_api() -> Iterator[Api]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            address = urlsplit(self.path)
            params = dict(parse_qsl(address.query))
            api.asked.append((address.path, params))
            reply = api.answer(address.path, params, dict(self.headers))
            text = reply.body if isinstance(reply.body, str) else json.dumps(reply.body)
            body = text.encode()
            with suppress(BrokenPipeError, ConnectionResetError):
                self.send_response(reply.status)
                headers = {"Content-Type": "application/json", "Content-Length": str(len(body)), **reply.headers}
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()
                if self.command == "HEAD":
                    return
                self.wfile.write(body[: len(body) // 2] if reply.cut else body)
                if reply.cut:
                    self.wfile.flush()
                    self.connection.shutdown(socket.SHUT_RDWR)
                    self.close_connection = True

        do_HEAD = do_GET

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        api = Api(f"http://127.0.0.1:{server.server_address[1]}")
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield api
        server.shutdown()
