# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import os
import tempfile
import unittest
from typing import Any
from unittest import mock

from tests.support import vectors
from tidemark_client import MalformedToken, Token, TokenSeal, UnacceptedToken, WatermarkClient
from tidemark_client import seal as seal_module
from tidemark_client.carried import carried_tokens
from tidemark_client.freshness import Freshness
from tidemark_client.seal import PLAIN
from tidemark_client.wsgi import TidemarkMiddleware

VECTORS = vectors("seals.json")
SECRET = "a" * 32
OTHER = "b" * 32
PLAIN_TEXT = "tm1.7f3a9c21.1.0000000A1B2C3D40"


def form(secrets: list[str]) -> Any:
    return TokenSeal(secrets) if secrets else PLAIN


class SealTest(unittest.TestCase):
    def test_seals_tokens(self) -> None:
        for entry in VECTORS["seal"]:
            with self.subTest(entry["name"]):
                seal = TokenSeal(entry["secrets"])

                self.assertEqual(seal.seal(entry["token"]), entry["sealed"])
                self.assertEqual(seal.open(entry["sealed"]), Token.parse(entry["token"]))

    def test_opens_what_was_sealed_with_either_secret(self) -> None:
        for entry in VECTORS["open"]:
            with self.subTest(entry["name"]):
                self.assertEqual(str(TokenSeal(entry["secrets"]).open(entry["text"])), entry["token"])

    def test_refuses_what_it_did_not_seal(self) -> None:
        for entry in VECTORS["refused"]:
            with self.subTest(entry["name"]):
                with self.assertRaises(MalformedToken) as raised:
                    form(entry["secrets"]).open(entry["text"])
                self.assertIn(entry["error"], str(raised.exception))
                self.assertEqual(getattr(raised.exception, "code", None), entry["code"])
                self.assertEqual(isinstance(raised.exception, UnacceptedToken), entry["code"] is not None)

    def test_names_what_is_wrong_with_secrets(self) -> None:
        for entry in VECTORS["secrets"]:
            with self.subTest(entry["name"]):
                with self.assertRaises(ValueError) as raised:
                    TokenSeal(entry["secrets"])
                self.assertIn(entry["error"], str(raised.exception))
        with self.assertRaises(ValueError):
            TokenSeal(SECRET)  # a text is not a list

    def test_reads_the_tokens_of_requests(self) -> None:
        for entry in VECTORS["carried"]:
            with self.subTest(entry["name"]):
                carried = carried_tokens(entry["header"], entry["cookie"], form(entry["secrets"]))

                self.assertEqual(None if carried.token is None else str(carried.token), entry["token"])
                self.assertEqual(carried.unreadable == "", entry["unreadable"] == [])
                for part in entry["unreadable"]:
                    self.assertIn(part, carried.unreadable)
                self.assertEqual(carried.is_cookie_spoilt, entry["isCookieSpoilt"])

    def test_reads_the_file_again_and_keeps_its_secrets_if_the_file_is_spoilt(self) -> None:
        with tempfile.TemporaryDirectory() as directory:
            file = os.path.join(directory, "secrets")
            write(file, SECRET + "\n")
            now = [100.0]
            with mock.patch.object(seal_module.time, "monotonic", lambda: now[0]):
                seal = TokenSeal.from_file(file)
                before = seal.seal(PLAIN_TEXT)

                write(file, f"{OTHER}\r\n\n{SECRET}\n")

                self.assertEqual(seal.seal(PLAIN_TEXT), before)
                now[0] += 1.0
                after = seal.seal(PLAIN_TEXT)
                self.assertEqual(after, TokenSeal([OTHER]).seal(PLAIN_TEXT))
                self.assertEqual(str(seal.open(before)), PLAIN_TEXT)
                for spoilt in ("", "short", f"{SECRET}\n{SECRET}\n{OTHER}", "x" * 20_000, None):
                    write(file, spoilt)
                    now[0] += 1.0
                    with self.assertLogs("tidemark_client", "ERROR") as logged:
                        self.assertEqual(seal.seal(PLAIN_TEXT), after)
                    self.assertIn("event=token-secrets-unusable", logged.output[0])
                    self.assertNotIn("xxx", logged.output[0])

    def test_does_not_start_with_a_file_that_cannot_be_used(self) -> None:
        with tempfile.TemporaryDirectory() as directory:
            file = os.path.join(directory, "secrets")
            with self.assertRaisesRegex(ValueError, "secrets cannot be used"):
                TokenSeal.from_file(file)
            write(file, "changeme\n")
            with self.assertRaisesRegex(ValueError, "cannot be used: secret 1 is not of 32"):
                TokenSeal.from_file(file)

    def test_a_client_with_a_seal_takes_no_plain_text(self) -> None:
        seal = TokenSeal([SECRET])
        sealed = seal.seal(PLAIN_TEXT)

        self.assertEqual(Freshness.of(Token.parse(PLAIN_TEXT), seal).parameters, {"token": sealed})
        self.assertEqual(Freshness.of(sealed, seal).parameters, {"token": sealed})
        self.assertEqual(Freshness.of("now", seal).again(Token.parse(PLAIN_TEXT)).parameters, {"token": sealed})
        with self.assertRaises(UnacceptedToken):
            WatermarkClient(["http://127.0.0.1:1"], seal=seal).await_("orders-view", PLAIN_TEXT)
        for refused in (WatermarkClient, TidemarkMiddleware):
            with self.assertRaisesRegex(TypeError, "seal is not a TokenSeal"):
                refused(["http://127.0.0.1:1"], seal="secret")  # type: ignore[arg-type]


def write(file: str, content: Any) -> None:
    if content is None:
        os.remove(file)
        return
    with open(file, "w", encoding="ascii") as out:
        out.write(content)


if __name__ == "__main__":
    unittest.main()
