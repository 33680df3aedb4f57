# SPDX-License-Identifier: Apache-2.0
"""The middleware for ASGI: Starlette, FastAPI, Quart, Django. For servers that run on asyncio."""

from __future__ import annotations

import asyncio
import inspect
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Awaitable, Callable, MutableMapping, Optional, Union

from .answers import WatermarkAnswer, WatermarkStatus
from .client import WatermarkClient
from .gate import Cookie, Otherwise, RequestTokens, TokenGate, passes, refusal_of
from .relays import GRACE_SECONDS, Deadline
from .seal import TokenSeal
from .wsgi import merged

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]

#: The key of the request's :class:`~tidemark_client.gate.RequestTokens` in the ASGI scope.
SCOPE_KEY = "tidemark"


class TidemarkMiddleware:
    """
    Reads the tokens of a request into ``scope["tidemark"]``, waits for them before GET and HEAD, and returns them, with
    what ``scope["tidemark"].written(token)`` adds, in a header and a cookie. Waits on threads of its own, so the event
    loop never blocks. Parameters are those of the WSGI middleware, with the scope instead of the environ, and:

    :param otherwise: the function may be a coroutine function
    :param max_waits: maximum number of waits at a time; further ones queue, within their own timeout
    """

    def __init__(
        self,
        app: Callable[[Scope, Receive, Send], Awaitable[None]],
        *,
        client: Optional[WatermarkClient] = None,
        projection: Union[str, Callable[[Scope], Optional[str]], None] = None,
        timeout: float = 0.75,
        otherwise: Union[Otherwise[Scope], Callable[[WatermarkAnswer, Scope], Awaitable[str]]] = "pass",
        unreadable_tokens: Optional[str] = None,
        waits_before: Optional[Callable[[Scope], bool]] = None,
        cookie: Optional[Cookie] = Cookie(),
        seal: Optional[TokenSeal] = None,
        max_waits: int = 64,
    ) -> None:
        if not isinstance(max_waits, int) or max_waits < 1:
            raise ValueError(f"max_waits is {max_waits!r}; write a number of threads, 1 or more")
        self._app = app
        decide: Any = otherwise
        self._gate: TokenGate[Scope] = TokenGate(
            client, projection, timeout, decide, unreadable_tokens, waits_before, cookie, seal
        )
        self._max_waits = max_waits
        self._waits = ThreadPoolExecutor(max_waits, "tidemark-wait")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if SCOPE_KEY not in scope:
            scope = {**scope, SCOPE_KEY: self._gate.tokens_of(_lines(scope, b"tidemark-token"), _lines(scope, b"cookie"))}
        tokens: RequestTokens = scope[SCOPE_KEY]
        is_secure = scope.get("scheme") == "https"

        async def start(message: Any) -> None:
            if message["type"] == "http.response.start":
                ours = tokens.response_headers(self._gate.cookie, is_secure)
                headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in message.get("headers", ())]
                message = {**message, "headers": _encoded(merged(headers, ours))}
            await send(message)

        if await self._passes(tokens, scope):
            await self._app(scope, receive, start)
            return
        refusal = refusal_of(tokens)
        await start({"type": "http.response.start", "status": refusal.status, "headers": _encoded(refusal.headers)})
        body = b"" if scope["method"] == "HEAD" else refusal.body
        await send({"type": "http.response.body", "body": body})

    async def _passes(self, tokens: RequestTokens, scope: Scope) -> bool:
        if self._gate.refuses(tokens):
            return False
        projection = self._gate.projection_to_wait_for(tokens, scope, scope["method"])
        if projection is None:
            return True
        answer = await self._wait(tokens, projection)
        self._gate.answered(tokens, answer)
        decision = self._gate.decide(answer, scope)
        return passes(await decision if inspect.isawaitable(decision) else decision)

    async def _wait(self, tokens: RequestTokens, projection: str) -> WatermarkAnswer:
        """The time in the queue is part of the wait. A wait that has begun ends by itself, also if its client goes away."""
        deadline = Deadline(self._gate.timeout)
        wait = asyncio.get_running_loop().run_in_executor(
            self._waits, lambda: self._gate.wait(tokens, projection, deadline.left())
        )
        try:
            return await asyncio.wait_for(wait, self._gate.timeout + GRACE_SECONDS)
        except asyncio.TimeoutError:
            reason = f"no answer in time; at most {self._max_waits} requests wait at once (max_waits)"
            return WatermarkAnswer(projection, WatermarkStatus.UNREACHABLE, tokens.received, reason=reason)


def _lines(scope: Scope, name: bytes) -> list[str]:
    return [value.decode("latin-1") for key, value in scope["headers"] if key.lower() == name]


def _encoded(headers: list[tuple[str, str]]) -> list[tuple[bytes, bytes]]:
    return [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers]
