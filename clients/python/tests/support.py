# SPDX-License-Identifier: Apache-2.0
"""A relay that gives recorded answers, and the files of clients/conformance."""

from __future__ import annotations

import json
import pathlib
import socket
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

CONFORMANCE = pathlib.Path(__file__).resolve().parents[2] / "conformance"
TOKEN = "tm1.7f3a9c21.1.0000000A1B2C3D40"


def vectors(file: str) -> Any:
    """Read a file that the clients in every language must pass."""
    return json.loads((CONFORMANCE / file).read_text(encoding="utf-8"))


def answer(status: str, **fields: Any) -> dict[str, Any]:
    """An answer of a relay with this status."""
    return {"status": 200, "headers": {}, "body": {"status": status, "projection": "orders-view", **fields}}


class FakeRelay:
    """Gives the recorded answers in turn and repeats the last one; records the requests."""

    def __init__(self, script: list[dict[str, Any]]) -> None:
        self.requests: list[str] = []
        self.authorizations: list[str] = []
        self._script = list(script)
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._open: set[socket.socket] = set()
        relay = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def setup(self) -> None:
                super().setup()
                relay._open.add(self.connection)

            def do_GET(self) -> None:
                relay._answer(self)

            do_POST = do_GET

            def log_message(self, *_: Any) -> None:
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_: Any) -> None:
                pass  # a client that goes away is part of the tests

        self._server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    @classmethod
    def away(cls) -> FakeRelay:
        """A relay that is away: nothing listens at its URL."""
        relay = cls([])
        relay.close()
        return relay

    def _answer(self, handler: BaseHTTPRequestHandler) -> None:
        body = handler.rfile.read(int(handler.headers.get("Content-Length", 0))).decode()
        with self._lock:
            self.requests.append(f"{handler.command} {handler.path}" + (f" {body}" if body else ""))
            self.authorizations.append(handler.headers.get("Authorization", ""))
            answer = self._script.pop(0) if len(self._script) > 1 else self._script[0]
        getattr(self, f"_{answer.get('does', 'answers')}")(handler, answer)

    def _answers(self, handler: BaseHTTPRequestHandler, answer: dict[str, Any]) -> None:
        body = answer["body"]
        content = (body if isinstance(body, str) else json.dumps(body)).encode()
        handler.send_response(answer["status"])
        for name, value in answer["headers"].items():
            handler.send_header(name, value)
        if answer["status"] != 204:
            handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        handler.wfile.write(content)

    def _hangs(self, handler: BaseHTTPRequestHandler, _: Any) -> None:
        self._closing.wait(60)
        handler.close_connection = True

    def _dribbles(self, handler: BaseHTTPRequestHandler, _: Any) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", "1000000")
        handler.end_headers()
        while not self._closing.wait(0.05):
            handler.wfile.write(b" ")

    def _cuts(self, handler: BaseHTTPRequestHandler, _: Any) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", "1000")
        handler.end_headers()
        handler.wfile.write(b'{"status":"success"}')
        self._closes(handler, None)

    def _closes(self, handler: BaseHTTPRequestHandler, _: Any) -> None:
        handler.close_connection = True
        handler.connection.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self._closing.set()
        self._server.shutdown()
        self._server.server_close()
        for connection in self._open:
            connection.close()

    def __enter__(self) -> FakeRelay:
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()


def until(condition: Any, seconds: float = 30) -> None:
    """Wait for a condition that must become true."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise AssertionError("the condition did not become true")
        time.sleep(0.01)
