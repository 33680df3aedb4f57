# SPDX-License-Identifier: Apache-2.0
"""Asks one relay after another until one answers or the time is over. Safe on any thread."""

from __future__ import annotations

import json
import random
import re
import ssl
import time
from dataclasses import dataclass
from typing import Any, Callable, Generic, Optional, Sequence, TypeVar, Union
from urllib.parse import urlsplit

from .answers import NoAnswer
from .connections import HttpServer, RequestFailed, Response

T = TypeVar("T")

#: A relay may hold a request for this long after the wait, if the offsets that it needs are late.
_LATENESS_SECONDS = 2.0
#: Maximum time of a call after its wait: the relay's lateness and the network round trip.
GRACE_SECONDS = _LATENESS_SECONDS + 0.5
_FIRST_PAUSE_SECONDS = 0.05
_LONGEST_PAUSE_SECONDS = 2.0
_LONGEST_RETRY_AFTER_SECONDS = 60


class RelayRequestError(Exception):
    """
    All relays refuse the request with the same HTTP status, and a retry would not help: the request is malformed, names
    a projection that no relay has, or has no valid bearer token.
    """

    def __init__(self, http_status: int, message: str) -> None:
        super().__init__(message)
        #: 4xx, as the relay has answered
        self.http_status = http_status


class NoRelayAnswered(Exception):
    """No relay has answered in time. The message has a reason for each relay."""


class Deadline:
    """Until when a caller waits, and how much longer a request may take. One for a whole call."""

    def __init__(self, wait_seconds: float) -> None:
        self._end = time.monotonic() + wait_seconds

    def left(self) -> float:
        """Return the rest of the wait in seconds; zero when it is over."""
        return max(0.0, self._end - time.monotonic())

    def left_for_a_request(self) -> float:
        """Return the rest of the wait plus a relay's lateness, limited by the remaining grace."""
        until_grace_ends = self._end + GRACE_SECONDS - time.monotonic()
        return max(0.0, min(self.left() + _LATENESS_SECONDS, until_grace_ends))


@dataclass(frozen=True)
class Request:
    """A request of the relay's API."""

    method: str
    path: str
    body: Optional[bytes] = None


@dataclass(frozen=True)
class _Answered(Generic[T]):
    answer: T


@dataclass(frozen=True)
class _Refused:
    """The relay would refuse it again. Another relay may be newer, or configured differently."""

    error: RelayRequestError

    @property
    def reason(self) -> str:
        return str(self.error)


@dataclass(frozen=True)
class _Later:
    """No answer now: no connection, the relay is busy, or the response is not from a relay."""

    reason: str
    retry_after_seconds: float = 0.0


class Relays:
    """
    The relays of one client. If one is unreachable, is busy (429, 503), refuses, or returns something that is not a
    relay's answer, the next one is asked. After each round there is a pause. A relay with ``Retry-After`` is not asked
    before that time. Starts with the relay that answered last.
    """

    def __init__(
        self,
        relays: Sequence[str],
        bearer_token: Optional[Callable[[], str]],
        ssl_context: Optional[ssl.SSLContext],
    ) -> None:
        self._urls = _base_urls(relays)
        self._servers = [HttpServer(urlsplit(url), ssl_context) for url in self._urls]
        self._bearer_token = bearer_token
        self._first = 0

    def ask(
        self, request: Callable[[int], Request], reader: Callable[[Any], T], deadline: Deadline
    ) -> T:
        """
        Return the answer of the first relay that answers.

        ``request`` gets the milliseconds that are left of the wait. Raises :class:`RelayRequestError` when all relays
        refuse with the same HTTP status, :class:`NoRelayAnswered` when the wait is over, or will be before a relay wants
        to be asked again.
        """
        count = len(self._urls)
        last: list[Union[_Refused, _Later, None]] = [None] * count
        due = [0.0] * count
        pause = _FIRST_PAUSE_SECONDS
        while True:
            first = self._first
            for relay in ((first + i) % count for i in range(count)):
                timeout = deadline.left_for_a_request()
                if due[relay] <= time.monotonic() and timeout > 0:
                    attempt = self._send(relay, request(int(deadline.left() * 1000)), reader, timeout)
                    if isinstance(attempt, _Answered):
                        self._first = relay
                        return attempt.answer
                    last[relay] = attempt
                    wait = attempt.retry_after_seconds if isinstance(attempt, _Later) else 0.0
                    due[relay] = time.monotonic() + wait
            _raise_if_all_refuse(last)
            left = deadline.left()
            wait = max(min(due) - time.monotonic(), pause)
            if left <= wait:
                raise NoRelayAnswered(self._reasons(last))
            time.sleep(min(wait + random.uniform(0, wait / 2), left))
            pause = min(pause * 2, _LONGEST_PAUSE_SECONDS)

    def _send(
        self, relay: int, request: Request, reader: Callable[[Any], T], timeout: float
    ) -> Union[_Answered[T], _Refused, _Later]:
        headers = {"Accept": "application/json"}
        if request.body is not None:
            headers["Content-Type"] = "application/json"
        try:
            if self._bearer_token is not None:
                headers["Authorization"] = f"Bearer {_as_header(self._bearer_token())}"
            path = urlsplit(self._urls[relay]).path + request.path
            response = self._servers[relay].send(request.method, path, headers, request.body, timeout)
        except (OSError, RequestFailed) as error:
            return _Later(str(error))
        return _attempt_of(response, reader)

    def _reasons(self, last: Sequence[Union[_Refused, _Later, None]]) -> str:
        return "; ".join(
            f"{url}: {attempt.reason if attempt else 'not asked, the time was over'}"
            for url, attempt in zip(self._urls, last)
        )

    def close(self) -> None:
        """Close the idle connections."""
        for server in self._servers:
            server.close()


def _base_urls(relays: Sequence[str]) -> list[str]:
    if isinstance(relays, str) or not relays:
        raise ValueError("relays is empty; name at least one in a list, for example ['http://relay:8080']")
    return [_base_url(relay) for relay in relays]


def _base_url(relay: str) -> str:
    try:
        url = urlsplit(relay)
        is_base = url.scheme in ("http", "https") and url.hostname and url.port != 0
    except (ValueError, AttributeError, TypeError):
        is_base = False
    if not is_base or url.query or url.fragment or url.username or not re.fullmatch("[!-~]+", relay):
        raise ValueError(f"relay '{relay}' is not a base URL; write for example http://relay:8080")
    return relay[:-1] if relay.endswith("/") else relay


def _raise_if_all_refuse(last: Sequence[Union[_Refused, _Later, None]]) -> None:
    """If every relay refuses with the same status, the first refusal is the caller's."""
    refusals = [attempt.error for attempt in last if isinstance(attempt, _Refused)]
    if len(refusals) == len(last) and len({refusal.http_status for refusal in refusals}) == 1:
        raise refusals[0]


def _attempt_of(response: Response, reader: Callable[[Any], T]) -> Union[_Answered[T], _Refused, _Later]:
    """
    What a response means: an answer, a refusal that the relay would repeat, or a reason to ask again later. The only
    place that looks at HTTP status codes.
    """
    status = response.status
    content = _parsed(response.body)
    detail = content.get("detail") if isinstance(content, dict) else None
    if status == 200 and isinstance(content, dict):
        try:
            return _Answered(reader(content))
        except NoAnswer as error:
            return _Later(str(error))
    if status == 429 or status >= 500:
        what = detail if isinstance(detail, str) else _what_came(response, content)
        return _Later(f"HTTP {status} {what}", _retry_after(response))
    # RFC 9457, the format of a relay's refusal; a gateway's page has another
    if status >= 400 and isinstance(detail, str):
        return _Refused(RelayRequestError(status, f"the relay refuses: HTTP {status} {detail}"))
    return _Later(f"HTTP {status} {_what_came(response, content)}, which is not a relay's answer")


def _as_header(bearer_token: str) -> str:
    if not re.fullmatch("[!-~]+", bearer_token):
        raise OSError("the bearer token is empty, or has characters that a header cannot have")
    return bearer_token


_NOT_JSON = object()


def _parsed(body: str) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return _NOT_JSON


def _what_came(response: Response, content: Any) -> str:
    if 300 <= response.status < 400:
        return f"to {response.headers.get('Location', 'nowhere')}"
    if not response.body:
        return "without a body"
    if content is _NOT_JSON:
        return f"with {response.headers.get('Content-Type', 'a body that is not JSON')}"
    return "with JSON that a relay does not write" if isinstance(content, dict) else "with JSON that is not an object"


def _retry_after(response: Response) -> float:
    """Seconds, as the relay writes it. A date, the other form of RFC 9110, is ignored."""
    text = response.headers.get("Retry-After", "")
    return float(min(int(text), _LONGEST_RETRY_AFTER_SECONDS)) if re.fullmatch("[0-9]{1,9}", text) else 0.0
