# SPDX-License-Identifier: Apache-2.0
"""What relays answer, and how it is read from JSON. JSON without a known status is not an answer."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any, Optional

from .seal import PLAIN, TokenForm
from .tokens import MalformedToken, Token


class WatermarkStatus(str, Enum):
    """A relay's answer to "has it caught up with this token?"."""

    SUCCESS = "success"
    TIMEOUT = "timeout"
    STALLED = "stalled"
    STOPPED = "stopped"
    REBUILDING = "rebuilding"
    UNKNOWN = "unknown"
    AHEAD = "ahead"
    DIVERGED = "diverged"
    FOREIGN = "foreign"
    EXPIRED = "expired"
    #: No relay has answered within the timeout. Only this library reports it.
    UNREACHABLE = "unreachable"

    def __str__(self) -> str:
        return self.value


@dataclass(frozen=True)
class Behind:
    """A partition that is behind."""

    topic: str
    partition: int
    #: the offset to reach
    need: int
    #: the offset reached; 0 if it is not known
    have: int


@dataclass(frozen=True)
class WatermarkAnswer:
    """Whether a projection has caught up with a token, and if not, why."""

    #: its name; the name in the question if no relay has answered
    projection: str
    status: WatermarkStatus
    #: the token to continue with; None when nothing of it is left, or when the question had none and no relay has
    #: answered. Hand it to the caller instead of the old one.
    token: Optional[Token]
    #: of a timeout: ``source`` (not published) or ``projection`` (not consumed); otherwise empty
    phase: str = ""
    #: for people; empty if the status is enough
    reason: str = ""
    #: total time that relays have waited in all requests
    waited_millis: int = 0
    #: the partitions that are behind, as far as the relay reports them
    behind: tuple[Behind, ...] = ()

    @property
    def is_caught_up(self) -> bool:
        return self.status is WatermarkStatus.SUCCESS

    def after_waiting(self, millis: int) -> WatermarkAnswer:
        """Return the same answer after an earlier wait."""
        return replace(self, waited_millis=self.waited_millis + millis)


@dataclass(frozen=True)
class CombinedAnswer:
    """The answer about several projections."""

    #: success when the mode of the wait is satisfied
    status: WatermarkStatus
    #: as in :class:`WatermarkAnswer`
    token: Optional[Token]
    #: one for each projection, in the order of the question; empty if no relay has answered
    answers: tuple[WatermarkAnswer, ...] = ()
    reason: str = ""

    @property
    def is_caught_up(self) -> bool:
        return self.status is WatermarkStatus.SUCCESS


class NoAnswer(Exception):
    """JSON that is not a relay's answer: a gateway's page, or a relay of another version."""


def read_answer(json: Any, asked: Optional[Token], form: TokenForm = PLAIN) -> WatermarkAnswer:
    return _answer(json, _carry_on(json, asked, form))


def read_combined(json: Any, asked: Optional[Token], form: TokenForm = PLAIN) -> CombinedAnswer:
    status = _status(json)
    token = _carry_on(json, asked, form)
    projections = json.get("projections")
    answers = projections if isinstance(projections, list) else []
    return CombinedAnswer(status, token, tuple(_answer(one, token) for one in answers), _text(json, "reason"))


def _answer(json: Any, token: Optional[Token]) -> WatermarkAnswer:
    status = _status(json)
    behind = json.get("behind")
    return WatermarkAnswer(
        projection=_text(json, "projection"),
        status=status,
        token=token,
        phase=_text(json, "phase"),
        reason=_text(json, "reason"),
        waited_millis=_number(json, "waitedMillis"),
        behind=tuple(
            Behind(_text(one, "topic"), _number(one, "partition"), _number(one, "need"), _number(one, "have"))
            for one in (behind if isinstance(behind, list) else [])
        ),
    )


def _status(json: Any) -> WatermarkStatus:
    status = json.get("status") if isinstance(json, dict) else None
    if not isinstance(status, str):
        raise NoAnswer("JSON without a status")
    try:
        known = WatermarkStatus(status)
    except ValueError:
        known = WatermarkStatus.UNREACHABLE
    if known is WatermarkStatus.UNREACHABLE:
        raise NoAnswer(f"status '{status}', which this library does not know")
    return known


def _carry_on(json: Any, asked: Optional[Token], form: TokenForm) -> Optional[Token]:
    """Only the relay's word drops a part: a relay that returns nothing readable leaves the token as it was."""
    if not isinstance(json, dict) or "token" not in json:
        return asked
    token = json["token"]
    if token is None:
        return None
    try:
        return form.open(token)
    except MalformedToken:
        return asked


def _text(json: Any, name: str) -> str:
    value = json.get(name) if isinstance(json, dict) else None
    return value if isinstance(value, str) else ""


def _number(json: Any, name: str) -> int:
    value = json.get(name) if isinstance(json, dict) else None
    return int(value) if isinstance(value, (int, float)) and math.isfinite(value) else 0
