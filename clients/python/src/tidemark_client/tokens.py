# SPDX-License-Identifier: Apache-2.0
"""Tokens: parse, print, merge, and take one from a database connection."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Iterable, Union

#: Maximum number of sources in one token.
MAX_SOURCES = 8
#: Maximum number of characters in a token's text.
MAX_LENGTH = 512
#: The statement that returns the token of everything that its session has committed.
TAKE_TOKEN = "select outbox.token()"

_VERSION = "tm1"
_MAX_TIMELINE = 2147483647
_SOURCE = re.compile("[0-9a-f]{8}")
_TIMELINE = re.compile("[1-9][0-9]{0,9}")
_LSN = re.compile("[0-9A-F]{16}")


class MalformedToken(ValueError):
    """A text is not a token, or tokens are too long together. The message names the problem."""

    def __init__(self, why: str) -> None:
        super().__init__(f"malformed token: {why}")


@dataclass(frozen=True)
class TokenPart:
    """The part of a token for one source and timeline."""

    #: 8 lower-case hex digits (``outbox.source``)
    source: str
    #: Postgres' timeline id at the time of the write, 1 or more
    timeline: int
    #: 16 upper-case hex digits; string order is LSN order
    lsn: str

    def __post_init__(self) -> None:
        if not _SOURCE.fullmatch(self.source):
            raise MalformedToken(f"source '{self.source}' is not 8 lower-case hex digits")
        if not (isinstance(self.timeline, int) and 1 <= self.timeline <= _MAX_TIMELINE):
            raise MalformedToken(f"timeline '{self.timeline}' is not a number from 1 to {_MAX_TIMELINE}")
        if not _LSN.fullmatch(self.lsn):
            raise MalformedToken(f"LSN '{self.lsn}' is not 16 upper-case hex digits")

    def __str__(self) -> str:
        return f"{_VERSION}.{self.source}.{self.timeline}.{self.lsn}"


class Token:
    """
    A writer keeps a token to ask "is my write visible yet?". It has a timeline and an LSN for each source it wrote to.
    Immutable. Compare and merge tokens only through this class.
    """

    __slots__ = ("_parts", "_text")

    def __init__(self, parts: Iterable[TokenPart]) -> None:
        self._parts = _canonical(parts)
        self._text = _print(self._parts)

    @classmethod
    def parse(cls, text: str) -> Token:
        """Parse a token's text, or raise :class:`MalformedToken`, which names the problem."""
        if not isinstance(text, str):
            raise MalformedToken(f"it is not a text but {type(text).__name__}")
        if not text:
            raise MalformedToken("it is empty")
        if len(text) > MAX_LENGTH:
            raise MalformedToken(f"it has {len(text)} characters, at most {MAX_LENGTH} are allowed")
        return cls([_parse_part(part) for part in text.split("~")])

    @classmethod
    def of(cls, token_or_text: TokenLike) -> Token:
        """Return the token itself, or the one that a text stands for."""
        return token_or_text if isinstance(token_or_text, Token) else cls.parse(token_or_text)

    @property
    def parts(self) -> tuple[TokenPart, ...]:
        """One part for each source and timeline, sorted."""
        return self._parts

    def merge(self, other: TokenLike) -> Token:
        """
        Return the token that covers both. For the same source and timeline it has the larger LSN. Parts of different
        timelines are kept, because only a relay knows which of them still exists.

        Raises :class:`MalformedToken` when the result would exceed the limits.
        """
        return Token([*self._parts, *Token.of(other).parts])

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Token) and other._text == self._text

    def __hash__(self) -> int:
        return hash(self._text)

    def __str__(self) -> str:
        return self._text

    def __repr__(self) -> str:
        return f"Token.parse({self._text!r})"


TokenLike = Union[Token, str]


def take_token(connection: Any) -> Token:
    """
    Return the token of everything that this connection has committed. Call it after the commit, on the connection that
    committed: one of psycopg, psycopg2, pg8000, or any other of the DB-API.

    Without autocommit, the driver opens a transaction for this call; end it at any time.
    """
    cursor = connection.cursor()
    try:
        cursor.execute(TAKE_TOKEN)
        return Token.parse(cursor.fetchone()[0])
    finally:
        cursor.close()


def _parse_part(text: str) -> TokenPart:
    fields = text.split(".")
    if len(fields) != 4:
        raise MalformedToken(f"'{text}' is not of the form tm1.<source>.<timeline>.<lsn>")
    version, source, timeline, lsn = fields
    if version != _VERSION:
        raise MalformedToken(f"version '{version}' is not known, only {_VERSION} is")
    if not _SOURCE.fullmatch(source):
        raise MalformedToken(f"source '{source}' is not 8 lower-case hex digits")
    if not _TIMELINE.fullmatch(timeline):
        raise MalformedToken(f"timeline '{timeline}' is not a number from 1 to {_MAX_TIMELINE}")
    return TokenPart(source, int(timeline), lsn)


def _canonical(parts: Iterable[TokenPart]) -> tuple[TokenPart, ...]:
    """One part for each source and timeline, sorted by both."""
    by_lineage: dict[tuple[str, int], TokenPart] = {}
    for part in parts:
        lineage = (part.source, part.timeline)
        before = by_lineage.get(lineage)
        if before is None or part.lsn > before.lsn:
            by_lineage[lineage] = part
    if not by_lineage:
        raise MalformedToken("it has no part")
    sources = len({source for source, _ in by_lineage})
    if sources > MAX_SOURCES:
        raise MalformedToken(f"it names {sources} sources, at most {MAX_SOURCES} are allowed")
    ordered = tuple(by_lineage[lineage] for lineage in sorted(by_lineage))
    length = len(_print(ordered))
    if length > MAX_LENGTH:
        raise MalformedToken(f"it would have {length} characters, at most {MAX_LENGTH} are allowed")
    return ordered


def _print(parts: tuple[TokenPart, ...]) -> str:
    return "~".join(map(str, parts))
