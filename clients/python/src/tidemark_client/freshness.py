# SPDX-License-Identifier: Apache-2.0
"""What a reader wants to see, as a relay's API writes it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Mapping, Optional, Union

from .seal import PLAIN, TokenForm
from .tokens import Token

_LEAST_SECONDS = 0.1
_MAX_SECONDS = 24 * 60 * 60


@dataclass(frozen=True)
class Within:
    """
    Everything that was committed in the source so many seconds before the answer. Needs a relay of version 0.2.

    :raises ValueError: for less than 0.1 s, or more than a day
    """

    max_staleness: float

    def __post_init__(self) -> None:
        seconds = self.max_staleness
        if not isinstance(seconds, (int, float)) or not _LEAST_SECONDS <= seconds <= _MAX_SECONDS:
            raise ValueError(
                f"max_staleness is {seconds!r}; write a number of seconds from {_LEAST_SECONDS} to {_MAX_SECONDS}"
            )


#: A token, or its text as callers have it (sealed, if the client has a seal), ``"now"`` (everything that is committed when a relay receives the question; needs a relay of
#: version 0.2), or :class:`Within`.
Wanted = Union[Token, str, Within]


@dataclass(frozen=True)
class Freshness:
    """A question, without its wait."""

    #: None if the question has no token
    token: Optional[Token]
    #: as in the query and the body of a question
    parameters: Mapping[str, str]
    form: TokenForm = PLAIN

    @classmethod
    def of(cls, wanted: Wanted, form: TokenForm = PLAIN) -> Freshness:
        if isinstance(wanted, Within):
            return cls(None, {"maxStaleness": f"{round(wanted.max_staleness * 1000)}ms"}, form)
        if wanted == "now":
            return cls(None, {"token": "now"}, form)
        token = wanted if isinstance(wanted, Token) else form.open(wanted)
        return cls(token, {"token": form.seal(token)}, form)

    def again(self, answered: Optional[Token]) -> Freshness:
        """Return the same question once more: ``now`` is the moment of the first one."""
        return Freshness.of(answered, self.form) if self.parameters.get("token") == "now" and answered else self

    def __str__(self) -> str:
        return next(iter(self.parameters.values()))
