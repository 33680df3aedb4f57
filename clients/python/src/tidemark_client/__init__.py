# SPDX-License-Identifier: Apache-2.0
"""
Tokens and watermarks of Tidemark: ask whether a projection has caught up with a write, before you read it.

The middleware is in :mod:`tidemark_client.wsgi` and :mod:`tidemark_client.asgi`.
"""

from .answers import Behind, CombinedAnswer, WatermarkAnswer, WatermarkStatus
from .client import Fallback, Mode, NotCaughtUp, ReadFrom, WatermarkClient
from .freshness import Wanted, Within
from .relays import RelayRequestError
from .seal import MAX_SECRETS, TokenSeal, UnacceptedToken
from .tokens import MAX_LENGTH, MAX_SOURCES, TAKE_TOKEN, MalformedToken, Token, TokenLike, TokenPart, take_token

__all__ = [
    "MAX_LENGTH",
    "MAX_SECRETS",
    "MAX_SOURCES",
    "TAKE_TOKEN",
    "Behind",
    "CombinedAnswer",
    "Fallback",
    "MalformedToken",
    "Mode",
    "NotCaughtUp",
    "ReadFrom",
    "RelayRequestError",
    "Token",
    "TokenLike",
    "TokenPart",
    "TokenSeal",
    "UnacceptedToken",
    "Wanted",
    "WatermarkAnswer",
    "WatermarkClient",
    "WatermarkStatus",
    "Within",
    "take_token",
]
