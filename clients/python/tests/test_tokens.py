# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import functools
import unittest
from typing import Any, Optional

from tests.support import TOKEN, vectors
from tidemark_client import MalformedToken, Token, TokenPart, take_token
from tidemark_client.carried import carried_tokens, kept

VECTORS = vectors("tokens.json")


class TokensTest(unittest.TestCase):
    def assert_malformed(self, problem: str, make: Any) -> None:
        with self.assertRaises(MalformedToken) as raised:
            make()
        self.assertTrue(str(raised.exception).startswith("malformed token: "), raised.exception)
        self.assertIn(problem, str(raised.exception))

    def test_parses_and_prints_tokens(self) -> None:
        for entry in VECTORS["valid"]:
            with self.subTest(entry["name"]):
                token = Token.parse(entry["text"])

                self.assertEqual(str(token), entry["prints"])
                self.assertEqual(Token.parse(entry["prints"]), token)
                self.assertEqual(hash(Token.parse(entry["prints"])), hash(token))
                self.assertEqual(
                    [{"source": part.source, "timeline": part.timeline, "lsn": part.lsn} for part in token.parts],
                    entry["parts"],
                )

    def test_names_the_problem_of_a_malformed_token(self) -> None:
        for entry in VECTORS["invalid"]:
            with self.subTest(entry["name"]):
                self.assert_malformed(entry["error"], lambda: Token.parse(entry["text"]))
        for value in (None, 42, b"tm1"):
            with self.subTest(value=value):
                self.assert_malformed("it is not a text", lambda: Token.parse(value))

    def test_refuses_parts_of_the_wrong_form(self) -> None:
        self.assert_malformed("it has no part", lambda: Token([]))
        self.assert_malformed("timeline", lambda: TokenPart("7f3a9c21", 0, "0000000A1B2C3D40"))
        self.assert_malformed("LSN", lambda: TokenPart("7f3a9c21", 1, "0"))

    def test_merges_tokens(self) -> None:
        for entry in VECTORS["merge"]:
            with self.subTest(entry["name"]):
                merged = lambda: functools.reduce(Token.merge, map(Token.parse, entry["tokens"]))  # noqa: E731
                if "error" in entry:
                    self.assert_malformed(entry["error"], merged)
                else:
                    self.assertEqual(str(merged()), entry["prints"])

    def test_reads_headers_part_by_part(self) -> None:
        for entry in VECTORS["headers"]:
            with self.subTest(entry["name"]):
                carried = carried_tokens(entry["lines"])

                self.assertEqual(carried.token, parsed(entry["token"]))
                self.assertEqual(carried.unreadable == "", entry["unreadable"] == [])
                for part in entry["unreadable"]:
                    self.assertIn(part, carried.unreadable)
                self.assertLess(len(carried.unreadable), 300)

    def test_keeps_what_was_received_and_written(self) -> None:
        for entry in VECTORS["kept"]:
            with self.subTest(entry["name"]):
                self.assertEqual(kept(parsed(entry["received"]), parsed(entry["written"])), parsed(entry["kept"]))

    def test_takes_a_token_from_a_connection_of_the_db_api(self) -> None:
        class Connection:
            statements: list[str] = []
            is_closed = False

            def cursor(self) -> Connection:
                return self

            def execute(self, sql: str) -> None:
                self.statements.append(sql)

            def fetchone(self) -> tuple[str]:
                return (TOKEN,)

            def close(self) -> None:
                self.is_closed = True

        connection = Connection()

        self.assertEqual(str(take_token(connection)), TOKEN)
        self.assertEqual(connection.statements, ["select outbox.token()"])
        self.assertTrue(connection.is_closed)


def parsed(text: Optional[str]) -> Optional[Token]:
    return None if text is None else Token.parse(text)


if __name__ == "__main__":
    unittest.main()
