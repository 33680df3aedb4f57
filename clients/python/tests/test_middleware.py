# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import asyncio
import json
import logging
import re
import threading
import unittest
import urllib.parse
from http.client import HTTPConnection
from typing import Any, Callable, NamedTuple, Sequence
from wsgiref.simple_server import WSGIRequestHandler, make_server

from tests.support import TOKEN, FakeRelay, answer, until, vectors
from tidemark_client import TokenSeal, WatermarkClient
from tidemark_client.asgi import TidemarkMiddleware as AsgiMiddleware
from tidemark_client.gate import Cookie, RequestTokens
from tidemark_client.wsgi import TidemarkMiddleware as WsgiMiddleware

TIMEOUT = answer("timeout")
SUCCESS = answer("success")


class Exchanged(NamedTuple):
    """A response."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes

    def all(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key.lower() == name.lower()]


Handle = Callable[[RequestTokens], None]


def over_wsgi(options: dict[str, Any], handle: Handle, request: dict[str, Any]) -> Exchanged:
    """Send a request to a server of the standard library, with the middleware around a handler."""

    def app(environ: Any, start_response: Any) -> Any:
        handle(environ["tidemark"])
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [b"handled"]

    class Quiet(WSGIRequestHandler):
        def log_message(self, *_: Any) -> None:
            pass

    with make_server("127.0.0.1", 0, WsgiMiddleware(app, **options), handler_class=Quiet) as server:
        thread = threading.Thread(target=server.handle_request, daemon=True)
        thread.start()
        connection = HTTPConnection("127.0.0.1", server.server_port, timeout=60)
        connection.putrequest(request["method"], "/")
        for name, value in request["headers"]:
            connection.putheader(name, value)
        connection.endheaders()
        response = connection.getresponse()
        exchanged = Exchanged(response.status, response.getheaders(), response.read())
        connection.close()
        thread.join(60)
        return exchanged


def over_asgi(options: dict[str, Any], handle: Handle, request: dict[str, Any]) -> Exchanged:
    """Send a request as an ASGI server does."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        handle(scope["tidemark"])
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
        await send({"type": "http.response.body", "body": b"handled"})

    return asyncio.run(asgi_exchange(AsgiMiddleware(app, **options), request))


async def asgi_exchange(app: Any, request: dict[str, Any], **more: Any) -> Exchanged:
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    headers = [(name.lower().encode(), value.encode()) for name, value in request["headers"]]
    scope = {"type": "http", "method": request["method"], "path": "/", "headers": headers, "scheme": "http", **more}
    await app(scope, receive, send)
    start, *bodies = sent
    assert start["type"] == "http.response.start"
    return Exchanged(
        start["status"],
        [(name.decode(), value.decode()) for name, value in start["headers"]],
        b"".join(body["body"] for body in bodies),
    )


class MiddlewareTest(unittest.TestCase):
    def setUp(self) -> None:
        logging.getLogger("tidemark_client").disabled = True
        self.addCleanup(setattr, logging.getLogger("tidemark_client"), "disabled", False)

    def client(self, relay: FakeRelay, secrets: Sequence[str] = ()) -> WatermarkClient:
        client = WatermarkClient([relay.url], seal=TokenSeal(secrets) if secrets else None)
        self.addCleanup(client.close)
        return client

    def test_does_what_the_other_middleware_does(self) -> None:
        for exchange in (over_wsgi, over_asgi):
            for case in vectors("middleware.json")["cases"] + vectors("seals.json")["middleware"]:
                with self.subTest(case["name"], over=exchange.__name__):
                    self.check(case, exchange)

    def check(self, case: Any, exchange: Any) -> None:
        expect = case["expect"]
        seen: list[RequestTokens] = []

        def handle(tokens: RequestTokens) -> None:
            seen.append(tokens)
            for token in case["written"]:
                tokens.written(token)

        with FakeRelay(case["relay"]) as relay:
            client = self.client(relay, case.get("secrets", ()))
            response = exchange({**options(case["options"]), "client": client}, handle, case["request"])

        self.assertEqual(response.status, expect["status"])
        self.assertEqual(len(seen), 1 if expect["handled"] else 0)
        self.assertEqual(response.all("Tidemark-Token"), listed(expect["token"]))
        self.assertEqual(response.all("Tidemark-Status"), listed(expect["tidemarkStatus"]))
        self.assertEqual(response.all("Set-Cookie"), listed(expect["setCookie"]))
        self.assertEqual(response.all("Retry-After"), listed(expect.get("retryAfter")))
        asked = [urllib.parse.parse_qs(urllib.parse.urlsplit(line).query)["token"][0] for line in relay.requests]
        self.assertEqual(asked, expect["asked"])
        if "isCaughtUp" in expect:
            self.assertEqual(seen[0].is_caught_up, expect["isCaughtUp"])
        if not expect["handled"]:
            self.assertEqual(response.all("Content-Type"), ["application/problem+json"])
            problem = json.loads(response.body)
            self.assertEqual(problem["status"], expect["status"])
            self.assertIn(expect.get("detail", ""), problem["detail"])
            self.assertNotIn("of the inside", problem["detail"])

    def test_lets_an_own_function_decide(self) -> None:
        async def later(found: Any, scope: Any) -> str:
            return "fail"

        request = {"method": "GET", "headers": [("Tidemark-Token", TOKEN)]}
        with FakeRelay([TIMEOUT]) as relay:
            common = {"client": self.client(relay), "projection": lambda _: "orders-view", "timeout": 0}
            nothing: Handle = lambda tokens: None  # noqa: E731
            for exchange in (over_wsgi, over_asgi):
                self.assertEqual(exchange({**common, "otherwise": lambda *_: "pass"}, nothing, request).status, 200)
                self.assertEqual(exchange({**common, "otherwise": lambda *_: "fail"}, nothing, request).status, 503)
            self.assertEqual(over_asgi({**common, "otherwise": later}, nothing, request).status, 503)
            with self.assertRaisesRegex(ValueError, "the result of otherwise 'perhaps' is not known; write pass or fail"):
                over_asgi({**common, "otherwise": lambda *_: "perhaps"}, nothing, request)

    def test_marks_the_cookie_secure_if_the_request_is(self) -> None:
        async def app(scope: Any, receive: Any, send: Any) -> None:
            scope["tidemark"].written(TOKEN)
            await send({"type": "http.response.start", "status": 200, "headers": [(b"set-cookie", b"theme=dark")]})
            await send({"type": "http.response.body", "body": b""})

        request = {"method": "POST", "headers": []}
        response = asyncio.run(asgi_exchange(AsgiMiddleware(app), request, scheme="https"))

        self.assertEqual(response.all("Set-Cookie")[0], "theme=dark")
        self.assertIn("; Secure; ", response.all("Set-Cookie")[1])

        def start(status: str, headers: list[tuple[str, str]], *_: Any) -> None:
            cookies.extend(value for name, value in headers if name == "Set-Cookie")

        def wsgi(environ: Any, start_response: Any) -> Any:
            environ["tidemark"].written(TOKEN)
            start_response("200 OK", [("Set-Cookie", "theme=dark")])
            return []

        cookies: list[str] = []
        WsgiMiddleware(wsgi)({"REQUEST_METHOD": "POST", "wsgi.url_scheme": "https"}, start)
        self.assertEqual(cookies[0], "theme=dark")
        self.assertIn("; Secure; ", cookies[1])

    def test_uses_the_tokens_that_an_outer_middleware_has_read(self) -> None:
        request = {"method": "GET", "headers": [("Tidemark-Token", TOKEN)]}
        with FakeRelay([SUCCESS]) as relay:
            inner = {"client": self.client(relay), "projection": "orders-view", "timeout": 0}

            async def app(scope: Any, receive: Any, send: Any) -> None:
                scope["tidemark"].written("tm1.7f3a9c21.1.0000000A1B2C3D41")
                await send({"type": "http.response.start", "status": 200, "headers": []})
                await send({"type": "http.response.body", "body": b""})

            response = asyncio.run(asgi_exchange(AsgiMiddleware(AsgiMiddleware(app, **inner)), request))

            self.assertEqual(response.all("Tidemark-Status"), ["success"])
            self.assertEqual(response.all("Tidemark-Token"), ["tm1.7f3a9c21.1.0000000A1B2C3D41"])
            self.assertEqual(len(response.all("Set-Cookie")), 1)
            self.assertEqual(len(relay.requests), 1)

    def test_asgi_waits_do_not_block_the_event_loop_and_are_limited(self) -> None:
        async def app(scope: Any, receive: Any, send: Any) -> None:
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b""})

        async def run(relay: FakeRelay) -> list[Exchanged]:
            client = self.client(relay)
            waiting = AsgiMiddleware(app, client=client, projection="orders-view", timeout=0.2, max_waits=1)
            first = asyncio.create_task(asgi_exchange(waiting, asks))
            while not relay.requests:
                await asyncio.sleep(0.01)
            second = asyncio.create_task(asgi_exchange(waiting, asks))
            free = await asgi_exchange(waiting, {"method": "GET", "headers": []})
            self.assertFalse(first.done(), "the loop was free while a request waited")
            return [free, await first, await second]

        asks = {"method": "GET", "headers": [("Tidemark-Token", TOKEN)]}
        with FakeRelay([{"does": "hangs"}]) as relay:
            free, first, second = asyncio.run(run(relay))

        self.assertEqual(free.all("Tidemark-Status"), ["none"])
        self.assertEqual(first.all("Tidemark-Status"), ["unreachable"])
        self.assertEqual(second.all("Tidemark-Status"), ["unreachable"])

    def test_other_scopes_pass_untouched(self) -> None:
        seen = []

        async def app(scope: Any, receive: Any, send: Any) -> None:
            seen.append(scope)

        scope = {"type": "lifespan"}
        asyncio.run(AsgiMiddleware(app)(scope, None, None))  # type: ignore[arg-type]

        self.assertEqual(seen, [{"type": "lifespan"}])

    def test_names_bad_options(self) -> None:
        client = WatermarkClient(["http://127.0.0.1:1"])
        for refused, message in (
            ({"projection": "orders-view"}, "client is not a WatermarkClient; write client=WatermarkClient"),
            ({"client": client, "projection": ""}, "projection '' is neither a name nor a function"),
            ({"client": client, "otherwise": "guess"}, "otherwise 'guess' is not known; write pass or fail, or a function"),
            ({"client": client, "unreadable_tokens": "x"}, "unreadable_tokens 'x' is not known; write ignore or reject"),
            ({"client": client, "timeout": -1}, "timeout is -1; write a number of seconds"),
        ):
            for middleware in (WsgiMiddleware, AsgiMiddleware):
                with self.assertRaisesRegex((TypeError, ValueError), re.escape(message)):
                    middleware(None, **refused)
        with self.assertRaisesRegex(ValueError, "max_waits is 0; write a number of threads, 1 or more"):
            AsgiMiddleware(None, max_waits=0)  # type: ignore[arg-type]
        with self.assertRaisesRegex(ValueError, "cookie.path '/; Secure' is not valid"):
            Cookie(path="/; Secure")
        with self.assertRaisesRegex(ValueError, "cookie.same_site 'none' is not valid"):
            Cookie(same_site="none")


def options(case: dict[str, Any]) -> dict[str, Any]:
    """Translate the options of a case into those of Python."""
    translated: dict[str, Any] = {}
    for name, value in case.items():
        if name == "timeoutMillis":
            translated["timeout"] = value / 1000
        elif name == "unreadableTokens":
            translated["unreadable_tokens"] = value
        elif name == "cookie" and value is False:
            translated["cookie"] = None
        elif name == "cookie":
            snake = {re.sub("[A-Z]", lambda letter: "_" + letter[0].lower(), key): field for key, field in value.items()}
            translated["cookie"] = Cookie(**snake)
        else:
            translated[name] = value
    return translated


def listed(value: Any) -> list[str]:
    return [] if value is None else [value]


if __name__ == "__main__":
    unittest.main()
