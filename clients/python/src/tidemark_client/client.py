# SPDX-License-Identifier: Apache-2.0
"""The client: waits for projections, and decides where to read."""

from __future__ import annotations

import json
import logging
import math
import os
import ssl
import time
from enum import Enum
from typing import Any, Callable, Optional, Sequence, TypeVar, Union, overload
from urllib.parse import quote, urlencode

from .answers import CombinedAnswer, WatermarkAnswer, WatermarkStatus, read_answer, read_combined
from .freshness import Freshness, Wanted
from .relays import Deadline, NoRelayAnswered, RelayRequestError, Relays, Request
from .seal import PLAIN, TokenForm, TokenSeal
from .tokens import Token

T = TypeVar("T")

#: Delay between two requests, for relays with a short ``watermark.maxWait``.
_PAUSE_SECONDS = 0.1
_MAX_TIMEOUT_SECONDS = 24 * 60 * 60
_LOG_INTERVAL_SECONDS = 60
_LOG = logging.getLogger("tidemark_client")


class Mode(str, Enum):
    """When a wait for several projections succeeds."""

    ALL = "all"
    ANY = "any"


class Fallback(str, Enum):
    """What a reader does if no relay has confirmed that the projection has caught up."""

    #: Read the projection although it may be behind.
    STALE = "stale"
    #: Read the primary database instead.
    PRIMARY = "primary"
    #: Raise :class:`NotCaughtUp`.
    FAIL = "fail"


class ReadFrom(str, Enum):
    """Where to read, after a wait for a projection."""

    #: It has applied everything up to the token.
    PROJECTION = "projection"
    #: It may lack events up to the token: the caller chose :attr:`Fallback.STALE`.
    STALE_PROJECTION = "stale-projection"
    #: The caller chose :attr:`Fallback.PRIMARY`.
    PRIMARY = "primary"


class NotCaughtUp(Exception):
    """A projection has not caught up within the timeout, and the caller chose :attr:`Fallback.FAIL`."""

    def __init__(self, message: str, answer: WatermarkAnswer) -> None:
        super().__init__(message)
        self.answer = answer


class WatermarkClient:
    """
    Asks relays whether projections have caught up with a token. Blocks its caller for at most the timeout plus 2.5
    seconds, for any number of relays: a relay may answer up to two seconds late. Safe on any thread. Holds connections,
    so create one for each process.

    :param relays: base URLs of one or more replicas, for example ``http://relay:8080``
    :param bearer_token: called for each request, because tokens rotate; an :class:`OSError` counts as an unreachable relay
    :param bearer_token_file: the first line of this file is the bearer token; read again for each request
    :param seal: for relays with ``tokens.secretFile``
    :param ssl_context: for TLS with your own certificates
    :raises ValueError: when there is no relay, or one is not a base URL
    """

    def __init__(
        self,
        relays: Sequence[str],
        *,
        bearer_token: Optional[Callable[[], str]] = None,
        bearer_token_file: Union[str, os.PathLike[str], None] = None,
        seal: Optional[TokenSeal] = None,
        ssl_context: Optional[ssl.SSLContext] = None,
    ) -> None:
        if seal is not None and not isinstance(seal, TokenSeal):
            raise TypeError("seal is not a TokenSeal; write seal=TokenSeal.from_file(…)")
        if bearer_token is not None and bearer_token_file is not None:
            raise ValueError("bearer_token and bearer_token_file are both set; keep one of them")
        if bearer_token is not None and not callable(bearer_token):
            raise TypeError("bearer_token is not a function; write lambda: token, because tokens rotate")
        if bearer_token_file is not None:
            file = bearer_token_file
            bearer_token = lambda: _first_line(file)  # noqa: E731
        self._relays = Relays(relays, bearer_token, ssl_context)
        self.seal = seal
        self._form: TokenForm = seal or PLAIN
        self._next_log = -math.inf

    def await_(self, projection: str, wanted: Wanted, timeout: float = 0.0) -> WatermarkAnswer:
        """
        Wait until the projection has caught up, and return whether it has. If no relay can be reached, the status is
        ``UNREACHABLE``.

        :param wanted: a token, ``"now"``, or :class:`Within`
        :param timeout: in seconds; zero asks once
        :raises RelayRequestError: when all relays refuse with the same HTTP status, for example because none has the
            projection
        """
        _require_name(projection)
        require_timeout(timeout)
        freshness = Freshness.of(wanted, self._form)
        deadline = Deadline(timeout)
        answer = self._ask_one(projection, freshness, deadline)
        while answer.status is WatermarkStatus.TIMEOUT and _pause_before(deadline):
            waited = answer.waited_millis
            answer = self._ask_one(projection, freshness.again(answer.token), deadline).after_waiting(waited)
        return answer

    def _ask_one(self, projection: str, freshness: Freshness, deadline: Deadline) -> WatermarkAnswer:
        since = time.monotonic()
        path = f"/v1/projections/{quote(projection, safe='')}/watermark?{urlencode(freshness.parameters)}"
        try:
            return self._relays.ask(
                lambda left: Request("GET", f"{path}&wait={left}ms&strict=false"),
                lambda content: read_answer(content, freshness.token, freshness.form),
                deadline,
            )
        except NoRelayAnswered as error:
            return _unreachable(projection, freshness.token, str(error), round((time.monotonic() - since) * 1000))

    def await_all(
        self, projections: Sequence[str], wanted: Wanted, timeout: float = 0.0, mode: Union[Mode, str] = Mode.ALL
    ) -> CombinedAnswer:
        """Wait for several projections at once, in one request if the wait is within the relay's maximum."""
        if isinstance(projections, str) or not projections:
            raise ValueError("projections is empty; name at least one in a list")
        for projection in projections:
            _require_name(projection)
        mode = _one_of(Mode, "mode", mode)
        require_timeout(timeout)
        freshness = Freshness.of(wanted, self._form)
        deadline = Deadline(timeout)
        answer = self._ask_all(projections, freshness, deadline, mode)
        while answer.status is WatermarkStatus.TIMEOUT and _pause_before(deadline):
            answer = self._ask_all(projections, freshness.again(answer.token), deadline, mode)
        return answer

    def _ask_all(
        self, projections: Sequence[str], freshness: Freshness, deadline: Deadline, mode: Mode
    ) -> CombinedAnswer:
        def request(left: int) -> Request:
            body: dict[str, Any] = {**freshness.parameters, "wait": f"{left}ms", "mode": mode.value}
            body["projections"] = list(projections)
            return Request("POST", "/v1/wait?strict=false", json.dumps(body).encode())

        try:
            return self._relays.ask(request, lambda content: read_combined(content, freshness.token, freshness.form), deadline)
        except NoRelayAnswered as error:
            return CombinedAnswer(WatermarkStatus.UNREACHABLE, freshness.token, (), str(error))

    @overload
    def read_from(
        self, projection: str, wanted: Wanted, timeout: float = ..., *, fallback: Union[Fallback, str]
    ) -> ReadFrom: ...

    @overload
    def read_from(
        self, projection: str, wanted: Wanted, timeout: float = ..., *, fallback: Callable[[WatermarkAnswer], T]
    ) -> Union[T, ReadFrom]: ...

    def read_from(self, projection: str, wanted: Wanted, timeout: float = 0.0, *, fallback: Any) -> Any:
        """
        Wait until the projection has caught up, and return where to read. The fallback decides in every other case: a
        status other than success, no relay that answers, or all relays refusing the request, which is also logged.

        :param fallback: a :class:`Fallback`, or a function of the answer, whose result is returned
        :raises NotCaughtUp: with :attr:`Fallback.FAIL`
        """
        if not callable(fallback):
            fallback = _one_of(Fallback, "fallback", fallback, ", or a function")
        answer, refusal = self.await_or_refusal(projection, wanted, timeout)
        if answer.is_caught_up:
            return ReadFrom.PROJECTION
        if fallback is Fallback.FAIL:
            raise NotCaughtUp(
                f"projection {projection} has not caught up with {Freshness.of(wanted, self._form)} within {timeout:g} s: {answer.status}"
                + (f" ({answer.reason})" if answer.reason else ""),
                answer,
            ) from refusal
        if isinstance(fallback, Fallback):
            return ReadFrom.STALE_PROJECTION if fallback is Fallback.STALE else ReadFrom.PRIMARY
        return fallback(answer)

    def await_or_refusal(
        self, projection: str, wanted: Wanted, timeout: float
    ) -> tuple[WatermarkAnswer, Optional[RelayRequestError]]:
        """
        As :meth:`await_`, but a refusal by all relays is an answer ``UNREACHABLE`` too, and is logged: a misspelt name or
        a missing bearer token would not be noticed otherwise. At most one line a minute.
        """
        try:
            return self.await_(projection, wanted, timeout), None
        except RelayRequestError as refusal:
            now = time.monotonic()
            if now >= self._next_log:
                self._next_log = now + _LOG_INTERVAL_SECONDS
                _LOG.warning('event=relays-refuse projection=%s reason="%s"', projection, refusal)
            return _unreachable(projection, Freshness.of(wanted, self._form).token, str(refusal), 0), refusal

    def close(self) -> None:
        """Close the connections that are not in use."""
        self._relays.close()

    def __enter__(self) -> WatermarkClient:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _unreachable(projection: str, token: Optional[Token], reason: str, waited_millis: int) -> WatermarkAnswer:
    return WatermarkAnswer(
        projection, WatermarkStatus.UNREACHABLE, token, reason=reason, waited_millis=waited_millis
    )


def _pause_before(deadline: Deadline) -> bool:
    """Return False if no time is left to ask again. A relay limits a wait to its ``watermark.maxWait``."""
    if deadline.left() <= _PAUSE_SECONDS:
        return False
    time.sleep(_PAUSE_SECONDS)
    return True


def _require_name(projection: str) -> None:
    if not isinstance(projection, str) or not projection:
        raise ValueError(f"projection {projection!r} is not a name; write it as in projections[].name of the relay")


def require_timeout(timeout: float) -> None:
    """Raise a :class:`ValueError` for a timeout that is not a number of seconds up to a day."""
    if not isinstance(timeout, (int, float)) or not 0 <= timeout <= _MAX_TIMEOUT_SECONDS:
        raise ValueError(f"timeout is {timeout!r}; write a number of seconds from 0 to {_MAX_TIMEOUT_SECONDS}")


E_ = TypeVar("E_", bound=Enum)


def _one_of(kind: type[E_], name: str, value: Any, more: str = "") -> E_:
    try:
        return kind(value)
    except ValueError:
        known = " or ".join(str(one.value) for one in kind)
        raise ValueError(f"{name} {value!r} is not known; write {known}{more}") from None


def _first_line(file: Union[str, os.PathLike[str]]) -> str:
    with open(file, encoding="utf-8") as lines:
        token = lines.readline().strip()
    if not token:
        raise OSError(f"no bearer token in the first line of {file}")
    return token
