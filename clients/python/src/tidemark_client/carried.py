# SPDX-License-Identifier: Apache-2.0
"""The tokens that a request carries, in a header and a cookie, and the token that its caller keeps."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Iterable, Iterator, Optional

from .seal import PLAIN, TokenForm, UnacceptedToken
from .tokens import MalformedToken, Token

#: The name of the header and of the cookie.
TOKEN_HEADER = "Tidemark-Token"

#: Maximum length of the reason: a header may be long, and the reason is logged.
_MAX_REASON_CHARS = 200
#: A proxy or a client may have joined several header lines with commas.
_HEADER_PARTS = re.compile("[,~]")
_COOKIE_PARTS = re.compile("~")
#: Some frameworks encode the value of a cookie as in a URL.
_ENCODED_TILDE = re.compile("%7[Ee]")
#: A part that a newer application, beside this one during an upgrade, may be able to read.
_OTHER_VERSION = re.compile(r"t[ms](?!1\.)[0-9]{1,4}\.")


@dataclass
class CarriedTokens:
    """What was read. A spoilt cookie has a part that can be read by no version and with no secret."""

    token: Optional[Token] = None
    problems: list[str] = field(default_factory=list)
    has_cookie: bool = False
    is_cookie_spoilt: bool = False

    @property
    def unreadable(self) -> str:
        """What is wrong with the parts that were not used, for people; empty if nothing."""
        reason = "; ".join(self.problems)
        return reason[:_MAX_REASON_CHARS] + "…" if len(reason) > _MAX_REASON_CHARS else reason


def carried_tokens(
    header_lines: Iterable[str], cookie_lines: Iterable[str] = (), form: TokenForm = PLAIN
) -> CarriedTokens:
    """
    Join the tokens in the lines of the header and of cookies: a reader that has both has seen the writes of both. Each
    part between ``~`` is read separately, so that an unreadable part does not affect others.
    """
    carried = CarriedTokens()
    for line in header_lines:
        for _ in _unused(carried, _HEADER_PARTS.split(line), form):
            pass
    may_be_of_use = False
    for value in _cookie_values(cookie_lines):
        carried.has_cookie = True
        for part, error in _unused(carried, _COOKIE_PARTS.split(_ENCODED_TILDE.sub("~", value)), form):
            carried.is_cookie_spoilt = True
            may_be_of_use = may_be_of_use or _may_be_of_use(part, error)
    carried.is_cookie_spoilt = carried.is_cookie_spoilt and not may_be_of_use
    return carried


def _may_be_of_use(part: str, error: Optional[MalformedToken]) -> bool:
    return error is None or isinstance(error, UnacceptedToken) or _OTHER_VERSION.match(part) is not None


def _unused(
    carried: CarriedTokens, parts: Iterable[str], form: TokenForm
) -> Iterator[tuple[str, Optional[MalformedToken]]]:
    """Add the parts that can be read, and yield the others, with what is wrong; None if they are too long together."""
    for part in filter(None, (text.strip() for text in parts)):
        read: Optional[Token] = None
        try:
            read = form.open(part)
            carried.token = read if carried.token is None else carried.token.merge(read)
        except MalformedToken as error:
            carried.problems.append(str(error))
            yield part, error if read is None else None


def _cookie_values(lines: Iterable[str]) -> Iterator[str]:
    """The values of our cookie, of which a browser sends several if they have different paths."""
    for line in lines:
        for pair in line.split(";"):
            name, equals, value = pair.partition("=")
            if equals and name.strip() == TOKEN_HEADER:
                value = value.strip()
                is_quoted = len(value) > 1 and value.startswith('"') and value.endswith('"')
                yield value[1:-1] if is_quoted else value


def kept(received: Optional[Token], written: Optional[Token]) -> Optional[Token]:
    """Return the token for the caller: both together, so that it also reads its older writes."""
    if received is None or written is None:
        return written or received
    try:
        return received.merge(written)
    except MalformedToken:
        return written  # together too long: a long request token must not spoil the token of the caller's new write
