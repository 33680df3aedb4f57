# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import ast
import os
import pathlib
import socket
import tempfile
import time
import unittest
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import tidemark_client
from tests.support import TOKEN, FakeRelay, answer, vectors
from tidemark_client import (
    Behind,
    Fallback,
    NotCaughtUp,
    ReadFrom,
    RelayRequestError,
    Token,
    WatermarkClient,
    WatermarkStatus,
    Within,
)

SUCCESS = answer("success", token=TOKEN)
TIMEOUT = answer("timeout", waitedMillis=7)


class RecordedRelayTest(unittest.TestCase):
    def test_answers_as_the_other_clients_do(self) -> None:
        recorded = vectors("relay.json")
        cases = recorded["cases"] + recorded["freshness"]
        with ThreadPoolExecutor(8) as threads:
            results = [(case, threads.submit(self.check, case)) for case in cases]
            for case, result in results:
                with self.subTest(case["name"]):
                    result.result(120)

    def check(self, case: Any) -> None:
        fakes = [FakeRelay.away() if relay == "away" else FakeRelay(relay) for relay in case["relays"]]
        client = WatermarkClient([fake.url for fake in fakes])
        try:
            for _ in range(case.get("calls", 1)):
                since = time.monotonic()
                self.ask(client, case["ask"], case["expect"])
                elapsed = (time.monotonic() - since) * 1000
                bounds = case.get("elapsedMillis", {})
                self.assertGreaterEqual(elapsed, bounds.get("min", 0))
                self.assertLessEqual(elapsed, bounds.get("max", 60_000))
            counts = [len(fake.requests) for fake in fakes]
            expected = case["requests"]
            if isinstance(expected, list):
                self.assertEqual(counts, expected)
            else:
                self.assertGreaterEqual(sum(counts), expected.get("min", 0))
                self.assertLessEqual(sum(counts), expected.get("max", 1000))
            for i, part in enumerate(case.get("questions", [])):
                self.assertIn(part.replace('":"', '": "'), fakes[0].requests[i])
            for request in (request for fake in fakes for request in fake.requests):
                self.assertIn("strict=false", request)
        finally:
            client.close()
            for fake, relay in zip(fakes, case["relays"]):
                if relay != "away":
                    fake.close()

    def ask(self, client: WatermarkClient, ask: Any, expect: Any) -> None:
        if "refused" in expect:
            with self.assertRaises(RelayRequestError) as raised:
                self.answer(client, ask)
            self.assertEqual(raised.exception.http_status, expect["refused"])
            self.assertIn(expect["message"], str(raised.exception))
            return
        found = self.answer(client, ask)
        self.assertEqual(found.is_caught_up, expect["status"] == "success")
        for field, value in expect.items():
            if field == "status":
                self.assertEqual(found.status.value, value, found.reason)
            elif field == "phase":
                self.assertEqual(found.phase, value)
            elif field == "waitedMillis":
                self.assertEqual(found.waited_millis, value)
            elif field == "reason":
                for part in value:
                    self.assertIn(part, found.reason)
            elif field == "behind":
                self.assertEqual(found.behind, tuple(Behind(**one) for one in value))
            elif field == "answers":
                self.assertEqual([one.status.value for one in found.answers], value)
            elif field == "token":
                self.assertEqual(found.token, None if value is None else Token.parse(value))
            else:
                self.fail(f"relay.json: expect.{field} is not known")

    @staticmethod
    def answer(client: WatermarkClient, ask: Any) -> Any:
        timeout = ask["timeoutMillis"] / 1000
        wanted = Within(ask["maxStalenessMillis"] / 1000) if "maxStalenessMillis" in ask else ask["token"]
        if "projections" in ask:
            return client.await_all(ask["projections"], wanted, timeout, ask["mode"])
        return client.await_(ask["projection"], wanted, timeout)


class ClientTest(unittest.TestCase):
    def client(self, *relays: str, **settings: Any) -> WatermarkClient:
        client = WatermarkClient(relays, **settings)
        self.addCleanup(client.close)
        return client

    def test_sends_the_documented_request(self) -> None:
        with FakeRelay([SUCCESS]) as relay:
            client = self.client(relay.url + "/")
            client.await_("orders view/1", TOKEN, 20)
            client.await_all(["orders-view", "stock"], TOKEN, mode="any")

            self.assertRegex(
                relay.requests[0],
                r"^GET /v1/projections/orders%20view%2F1/watermark\?token=tm1\.7f3a9c21\.1\.0000000A1B2C3D40"
                r"&wait=[0-9]+ms&strict=false$",
            )
            self.assertEqual(
                relay.requests[1],
                'POST /v1/wait?strict=false {"token": "' + TOKEN + '", "wait": "0ms", "mode": "any",'
                ' "projections": ["orders-view", "stock"]}',
            )

    def test_keeps_the_path_of_a_base_url(self) -> None:
        with FakeRelay([SUCCESS]) as relay:
            self.client(relay.url + "/relays/eu/").await_("orders-view", TOKEN)

            self.assertTrue(relay.requests[0].startswith("GET /relays/eu/v1/projections/"))

    def test_applies_the_fallback_that_the_caller_chose(self) -> None:
        with FakeRelay([TIMEOUT]) as relay:
            client = self.client(relay.url)

            def ask(fallback: Any) -> Any:
                return client.read_from("orders-view", TOKEN, fallback=fallback)

            self.assertEqual(ask(Fallback.STALE), ReadFrom.STALE_PROJECTION)
            self.assertEqual(ask("primary"), ReadFrom.PRIMARY)
            self.assertEqual(ask(lambda found: f"own {found.status}"), "own timeout")
            with self.assertRaises(NotCaughtUp) as raised:
                ask("fail")
            self.assertIs(raised.exception.answer.status, WatermarkStatus.TIMEOUT)
            with self.assertRaisesRegex(ValueError, "fallback 'guess' is not known; write stale or primary or fail, or"):
                ask("guess")

    def test_uses_the_fallback_if_all_relays_refuse_and_says_so_once(self) -> None:
        with FakeRelay([{"status": 404, "headers": {}, "body": {"detail": "no projection 'x'"}}]) as relay:
            client = self.client(relay.url)
            with self.assertLogs("tidemark_client", "WARNING") as logs:
                self.assertEqual(client.read_from("x", TOKEN, fallback="stale"), ReadFrom.STALE_PROJECTION)
                self.assertEqual(client.read_from("x", TOKEN, fallback="primary"), ReadFrom.PRIMARY)
            self.assertEqual(len(logs.output), 1)
            self.assertIn("event=relays-refuse projection=x reason=", logs.output[0])
            with self.assertRaises(NotCaughtUp) as raised:
                client.read_from("x", TOKEN, fallback="fail")
            self.assertIsInstance(raised.exception.__cause__, RelayRequestError)

    def test_sends_the_bearer_token_that_the_file_has_now(self) -> None:
        with FakeRelay([SUCCESS]) as relay, tempfile.TemporaryDirectory() as directory:
            file = pathlib.Path(directory, "token")
            file.write_text("first-token-of-16+\nanother-line\n")
            client = self.client(relay.url, bearer_token_file=file)
            client.await_("orders-view", TOKEN)
            file.write_text("second-token-of-16+\n")
            client.await_all(["orders-view"], TOKEN)
            self.client(relay.url, bearer_token=lambda: "third").await_("orders-view", TOKEN)
            self.client(relay.url).await_("orders-view", TOKEN)

            self.assertEqual(
                relay.authorizations,
                ["Bearer first-token-of-16+", "Bearer second-token-of-16+", "Bearer third", ""],
            )

    def test_asks_no_relay_without_a_bearer_token_and_returns_the_reason(self) -> None:
        with FakeRelay([SUCCESS]) as relay, tempfile.TemporaryDirectory() as directory:
            file = pathlib.Path(directory, "token")
            file.write_text("\n")
            found = self.client(relay.url, bearer_token_file=file).await_("orders-view", TOKEN)
            self.assertIs(found.status, WatermarkStatus.UNREACHABLE)
            self.assertIn(f"no bearer token in the first line of {file}", found.reason)

            found = self.client(relay.url, bearer_token=lambda: "se\r\ncret").await_("orders-view", TOKEN)
            self.assertIn("characters that a header cannot have", found.reason)
            self.assertNotIn("cret", found.reason)
            self.assertEqual(relay.requests, [])

    def test_repeats_a_request_whose_idle_connection_was_closed(self) -> None:
        with FakeRelay([SUCCESS, {"does": "closes"}, SUCCESS]) as relay:
            client = self.client(relay.url)

            self.assertTrue(client.await_("orders-view", TOKEN).is_caught_up)
            self.assertTrue(client.await_("orders-view", TOKEN).is_caught_up)
            self.assertEqual(len(relay.requests), 3)

    def test_may_be_used_by_several_threads(self) -> None:
        with FakeRelay([SUCCESS]) as relay:
            client = self.client(relay.url)
            with ThreadPoolExecutor(16) as threads:
                answers = list(threads.map(lambda _: client.await_("orders-view", TOKEN, 20), range(200)))

            self.assertTrue(all(one.is_caught_up for one in answers))

    @unittest.skipUnless(hasattr(os, "fork"), "this system cannot fork")
    def test_does_not_use_the_connections_of_a_parent_process(self) -> None:
        with FakeRelay([SUCCESS]) as relay:
            client = self.client(relay.url)
            client.await_("orders-view", TOKEN)
            idle = client._relays._servers[0]._idle
            before = [connection.sock.getsockname() for connection in idle]
            self.assertEqual(len(before), 1)
            child = os.fork()
            if child == 0:
                try:
                    client.await_("orders-view", TOKEN)
                    os._exit(0 if idle[0].sock.getsockname() != before[0] else 1)
                finally:
                    os._exit(2)
            _, status = os.waitpid(child, 0)

            self.assertEqual(os.WEXITSTATUS(status), 0)

    def test_a_relay_that_accepts_no_connection_leaves_time_for_the_next(self) -> None:
        with FakeRelay([SUCCESS]) as relay, socket.socket() as full:
            full.bind(("127.0.0.1", 0))
            full.listen(0)
            waiting = []
            for _ in range(8):  # fills the queue of connections that nobody accepts
                sock = socket.socket()
                sock.setblocking(False)
                sock.connect_ex(full.getsockname())
                waiting.append(sock)
            since = time.monotonic()
            found = self.client(f"http://127.0.0.1:{full.getsockname()[1]}", relay.url).await_(
                "orders-view", TOKEN, 20
            )
            for sock in waiting:
                sock.close()

            self.assertTrue(found.is_caught_up)
            self.assertLess(time.monotonic() - since, 15)

    def test_names_bad_settings_and_arguments(self) -> None:
        for relays in ([], "http://relay:8080"):
            with self.assertRaisesRegex(ValueError, "relays is empty; name at least one in a list"):
                WatermarkClient(relays)
        for relay in ("relay:8080", "relay", "ftp://relay", "http://relay?x=1", "http://me@relay", "http://r:99999", None):
            with self.assertRaisesRegex(ValueError, "is not a base URL; write for example http://relay:8080"):
                WatermarkClient([relay])  # type: ignore[list-item]
        with self.assertRaisesRegex(TypeError, "bearer_token is not a function"):
            WatermarkClient(["http://a"], bearer_token="text")  # type: ignore[arg-type]
        with self.assertRaisesRegex(ValueError, "bearer_token and bearer_token_file are both set"):
            WatermarkClient(["http://a"], bearer_token=lambda: "x", bearer_token_file="y")
        client = WatermarkClient(["http://127.0.0.1:1"])
        for timeout in (-1, float("nan"), float("inf"), "750", 86_401):
            with self.assertRaisesRegex(ValueError, "timeout is .*; write a number of seconds from 0"):
                client.await_("orders-view", TOKEN, timeout)  # type: ignore[arg-type]
        with self.assertRaisesRegex(ValueError, "projection '' is not a name"):
            client.await_("", TOKEN)
        with self.assertRaisesRegex(ValueError, "malformed token"):
            client.await_("orders-view", "tm2.x")
        for seconds in (0.09, float("nan"), "5s", None):
            with self.assertRaisesRegex(ValueError, "max_staleness is .*; write a number of seconds from 0.1"):
                Within(seconds)  # type: ignore[arg-type]
        for projections in ([], "orders-view"):
            with self.assertRaisesRegex(ValueError, "projections is empty; name at least one in a list"):
                client.await_all(projections, TOKEN)
        with self.assertRaisesRegex(ValueError, "mode 'some' is not known; write all or any"):
            client.await_all(["a"], TOKEN, mode="some")


class SourceTest(unittest.TestCase):
    def test_the_sources_need_no_more_than_python_3_9_and_its_library(self) -> None:
        package = pathlib.Path(tidemark_client.__file__).parent
        modules = sorted(package.glob("*.py"))
        self.assertGreater(len(modules), 5)
        for module in modules:
            with self.subTest(module.name):
                tree = ast.parse(module.read_text(encoding="utf-8"), feature_version=(3, 9))
                for node in ast.walk(tree):
                    names = []
                    if isinstance(node, ast.Import):
                        names = [alias.name for alias in node.names]
                    elif isinstance(node, ast.ImportFrom) and node.level == 0:
                        names = [node.module or ""]
                    for name in names:
                        self.assertIn(name.split(".")[0], STANDARD_LIBRARY)


STANDARD_LIBRARY = {
    "__future__", "asyncio", "base64", "binascii", "collections", "concurrent", "dataclasses", "enum", "hashlib", "hmac",
    "http", "inspect", "io", "json", "logging", "math", "os", "random", "re", "socket", "ssl", "threading", "time",
    "typing", "urllib",
}  # fmt: skip


if __name__ == "__main__":
    unittest.main()
