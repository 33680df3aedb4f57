# SPDX-License-Identifier: Apache-2.0
"""What the WSGI and the ASGI middleware have in common."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any, Callable, Generic, Optional, TypeVar, Union

from .answers import WatermarkAnswer
from .carried import TOKEN_HEADER, CarriedTokens, carried_tokens, kept
from .client import WatermarkClient, require_timeout
from .seal import PLAIN, TokenForm, TokenSeal, token_of
from .tokens import Token, TokenLike

#: The type of a request: WSGI's environ, or ASGI's scope.
R = TypeVar("R")

STATUS_HEADER = "Tidemark-Status"

_DEFAULT_TIMEOUT_SECONDS = 0.75

#: What a refusal tells a caller; the answer has more, for the application.
_REFUSALS = {
    "unreadable": (400, "Bad Request", "send the token that the server returned, or omit it"),
    "ahead": (409, "Conflict", "the token is not of this database"),
    "diverged": (409, "Conflict", "the write of the token was lost in a failover"),
    "foreign": (409, "Conflict", "the token is of a database that is not known here"),
    "expired": (410, "Gone", "the token is too old"),
}
_NOT_YET = (503, "Service Unavailable", "the data does not show your last write yet; try again")


@dataclass(frozen=True)
class Cookie:
    """The attributes of the cookie ``Tidemark-Token``. It is always HttpOnly."""

    path: str = "/"
    domain: str = ""
    same_site: str = "Lax"
    max_age_seconds: int = 300
    #: None: if the request is secure. Behind a proxy that ends TLS, set True.
    secure: Optional[bool] = None

    def __post_init__(self) -> None:
        for attribute, value, form in (
            ("path", self.path, "/[!-:<-~]*"),
            ("domain", self.domain, "[A-Za-z0-9.-]{0,253}"),
            ("same_site", self.same_site, "Strict|Lax|None"),
            ("max_age_seconds", self.max_age_seconds, "[1-9][0-9]{0,8}"),
        ):
            if not re.fullmatch(form, str(value)):
                raise ValueError(f"cookie.{attribute} {value!r} is not valid; it must match {form}")

    def header(self, text: str, is_secure: bool) -> str:
        """Return the value of ``Set-Cookie`` that sets the token's text, or deletes the cookie."""
        return "; ".join(
            [
                f"{TOKEN_HEADER}={text}",
                f"Path={self.path}",
                *([f"Domain={self.domain}"] if self.domain else []),
                "HttpOnly",
                f"SameSite={self.same_site}",
                *(["Secure"] if (is_secure if self.secure is None else self.secure) else []),
                f"Max-Age={self.max_age_seconds if text else 0}",
            ]
        )


class RequestTokens:
    """The tokens of one request: received with it, and written while it is served."""

    def __init__(self, carried: CarriedTokens, form: TokenForm = PLAIN) -> None:
        #: the token that the caller has sent, or the one to continue with after the wait; None if none
        self.received: Optional[Token] = carried.token
        #: why a part of the token was ignored, for people; empty if none was
        self.unreadable: str = carried.unreadable
        #: the status of the answer, ``none`` (the caller has sent no token), ``unreadable``, or empty: no relay was asked
        self.status: str = ""
        #: the answer of the wait; None if no relay was asked
        self.answer: Optional[WatermarkAnswer] = None
        self._form = form
        self._written: Optional[Token] = None
        self._has_cookie = carried.has_cookie
        self._is_cookie_replaced = carried.is_cookie_spoilt
        self._is_replaced = False

    @property
    def is_caught_up(self) -> bool:
        """
        Whether a read of the projection sees all writes of the caller; True if it brings no token. False if no relay was
        asked, or if a part of the token could not be read.
        """
        return not self.unreadable and self.status in ("none", "success")

    def written(self, token: TokenLike) -> None:
        """
        Add the token of a write to those that the response returns: a Token, the text of ``outbox.token()``, or a sealed
        token of another service. Call it before the response is started.
        """
        added = token_of(token, self._form)
        self._written = added if self._written is None else self._written.merge(added)

    def carry_on(self, token: Optional[TokenLike]) -> None:
        """
        Replace the request's token by the one that a relay's answer says to continue with, so that the caller does not
        return with a part whose write was lost. The middleware does it for its own question.
        """
        left = None if token is None else token_of(token, self._form)
        if left != self.received:
            self.received = left
            self._is_replaced = True
            self._is_cookie_replaced = self._is_cookie_replaced or self._has_cookie

    def response_headers(self, cookie: Optional[Cookie], is_secure: bool) -> list[tuple[str, str]]:
        """Return what the response has of them. An empty token: the caller has none any more."""
        token = kept(self.received, self._written)
        text = "" if token is None else self._form.seal(token)
        headers = []
        if self.status:
            headers.append((STATUS_HEADER, self.status))
        if token is not None or self._is_replaced:
            headers.append((TOKEN_HEADER, text))
        if cookie is not None and (self._written is not None or self._is_cookie_replaced):
            headers.append(("Set-Cookie", cookie.header(text, is_secure)))
        return headers


@dataclass(frozen=True)
class Refusal:
    """The response to a request that is not served."""

    status: int
    title: str
    headers: list[tuple[str, str]]
    body: bytes


def refusal_of(tokens: RequestTokens) -> Refusal:
    """Return the response for a request that must not be served with stale data."""
    status, title, detail = _REFUSALS.get(tokens.status, _NOT_YET)
    if tokens.status == "unreadable":
        detail = f"{TOKEN_HEADER}: {tokens.unreadable}; {detail}"
    body = json.dumps({"type": "about:blank", "title": title, "status": status, "detail": detail}).encode()
    headers = [
        ("Content-Type", "application/problem+json"),
        ("Cache-Control", "no-store"),
        ("Content-Length", str(len(body))),
        *([("Retry-After", "1")] if status == 503 else []),
    ]
    return Refusal(status, title, headers, body)


Otherwise = Union[str, Callable[[WatermarkAnswer, R], str]]


class TokenGate(Generic[R]):
    """Reads the tokens of requests, and decides what waits. Knows neither WSGI nor ASGI. Safe on any thread."""

    def __init__(
        self,
        client: Optional[WatermarkClient],
        projection: Union[str, Callable[[R], Optional[str]], None],
        timeout: float,
        otherwise: Otherwise[R],
        unreadable_tokens: Optional[str],
        waits_before: Optional[Callable[[R], bool]],
        cookie: Optional[Cookie],
        seal: Optional[TokenSeal],
    ) -> None:
        if seal is None and client is not None:
            seal = getattr(client, "seal", None)
        if seal is not None and not isinstance(seal, TokenSeal):
            raise TypeError("seal is not a TokenSeal; write seal=TokenSeal.from_file(…)")
        if projection is not None and not isinstance(client, WatermarkClient):
            raise TypeError("client is not a WatermarkClient; write client=WatermarkClient([…])")
        if projection == "" or not (projection is None or isinstance(projection, str) or callable(projection)):
            raise ValueError(f"projection {projection!r} is neither a name nor a function of the request")
        require_timeout(timeout)
        if not callable(otherwise):
            _require_one_of("otherwise", otherwise, ("pass", "fail"), ", or a function")
        if unreadable_tokens is None:
            unreadable_tokens = "reject" if otherwise == "fail" else "ignore"
        _require_one_of("unreadable_tokens", unreadable_tokens, ("ignore", "reject"))
        self._form: TokenForm = seal or PLAIN
        self._client = client
        self._projection = projection
        self.timeout = timeout
        self._otherwise = otherwise
        self._rejects_unreadable = unreadable_tokens == "reject"
        self._waits_before = waits_before
        self.cookie = cookie

    def tokens_of(
        self, header_lines: list[str], cookie_lines: list[str]
    ) -> RequestTokens:
        return RequestTokens(carried_tokens(header_lines, cookie_lines, self._form), self._form)

    def refuses(self, tokens: RequestTokens) -> bool:
        """Judge the tokens before any wait; True if the request is refused because of a token that cannot be read."""
        if tokens.unreadable and (self._rejects_unreadable or tokens.received is None):
            tokens.status = "unreadable"
            return self._rejects_unreadable
        if tokens.received is None:
            tokens.status = "none"
        return False

    def projection_to_wait_for(self, tokens: RequestTokens, request: R, method: str) -> Optional[str]:
        """Return the projection, or None if the request does not wait."""
        if tokens.received is None:
            return None
        waits = method in ("GET", "HEAD") if self._waits_before is None else self._waits_before(request)
        if not waits:
            return None
        projection = self._projection
        return projection(request) if callable(projection) else projection

    def wait(self, tokens: RequestTokens, projection: str, timeout: float) -> WatermarkAnswer:
        """Block until the projection has caught up or the time is over, and return the answer."""
        if self._client is None or tokens.received is None:
            raise RuntimeError("nothing to wait for")
        return self._client.await_or_refusal(projection, tokens.received, timeout)[0]

    def answered(self, tokens: RequestTokens, answer: WatermarkAnswer) -> None:
        tokens.answer = answer
        tokens.status = answer.status.value
        tokens.carry_on(answer.token)

    def decide(self, answer: WatermarkAnswer, request: R) -> Any:
        """Return ``pass`` or ``fail``, or what an own function returns (see :func:`passes`)."""
        if answer.is_caught_up:
            return "pass"
        return self._otherwise(answer, request) if callable(self._otherwise) else self._otherwise


def passes(decision: Any) -> bool:
    """Whether a decision lets the request pass."""
    _require_one_of("the result of otherwise", decision, ("pass", "fail"))
    return bool(decision == "pass")


def _require_one_of(name: str, value: Any, known: tuple[str, ...], more: str = "") -> None:
    if value not in known:
        raise ValueError(f"{name} {value!r} is not known; write {' or '.join(known)}{more}")
