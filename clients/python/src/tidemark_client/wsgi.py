# SPDX-License-Identifier: Apache-2.0
"""The middleware for WSGI: Flask, Django, Pyramid, Bottle."""

from __future__ import annotations

from typing import Any, Callable, Iterable, Optional, Union

from .carried import TOKEN_HEADER
from .client import WatermarkClient
from .gate import Cookie, Otherwise, Refusal, RequestTokens, TokenGate, passes, refusal_of
from .seal import TokenSeal

Environ = dict[str, Any]

#: The key of the request's :class:`~tidemark_client.gate.RequestTokens` in the WSGI environ.
ENVIRON_KEY = "tidemark"


class TidemarkMiddleware:
    """
    Reads the tokens of a request into ``environ["tidemark"]``, waits for them before GET and HEAD, and returns them, with
    what ``environ["tidemark"].written(token)`` adds, in a header and a cookie. Waits on the request's thread.

    :param app: the WSGI application
    :param client: required with ``projection``
    :param projection: the projection to wait for, or a function of the environ; without one, tokens are only carried
    :param timeout: in seconds
    :param otherwise: if the projection has not caught up: serve the request (``pass``), refuse it (``fail``: 503 with
        Retry-After, 409 or 410), or decide with a function of the answer and the environ
    :param unreadable_tokens: serve a request whose token cannot be read (``ignore``), or refuse it with 400 (``reject``);
        by default ``reject`` with ``otherwise="fail"``
    :param waits_before: which requests wait, a function of the environ; by default GET and HEAD
    :param cookie: None: use the header only
    :param seal: how tokens are sealed for callers; by default as the client does
    """

    def __init__(
        self,
        app: Callable[..., Iterable[bytes]],
        *,
        client: Optional[WatermarkClient] = None,
        projection: Union[str, Callable[[Environ], Optional[str]], None] = None,
        timeout: float = 0.75,
        otherwise: Otherwise[Environ] = "pass",
        unreadable_tokens: Optional[str] = None,
        waits_before: Optional[Callable[[Environ], bool]] = None,
        cookie: Optional[Cookie] = Cookie(),
        seal: Optional[TokenSeal] = None,
    ) -> None:
        self._app = app
        self._gate: TokenGate[Environ] = TokenGate(
            client, projection, timeout, otherwise, unreadable_tokens, waits_before, cookie, seal
        )

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        is_outermost = ENVIRON_KEY not in environ
        if is_outermost:
            environ[ENVIRON_KEY] = self._gate.tokens_of(
                _lines(environ, "HTTP_TIDEMARK_TOKEN"), _lines(environ, "HTTP_COOKIE")
            )
        tokens: RequestTokens = environ[ENVIRON_KEY]
        is_secure = environ.get("wsgi.url_scheme") == "https"

        def start(status: str, headers: list[tuple[str, str]], *more: Any) -> Any:
            ours = tokens.response_headers(self._gate.cookie, is_secure)
            return start_response(status, merged(headers, ours), *more)

        refusal = self._refusal(tokens, environ)
        if refusal is None:
            return self._app(environ, start)
        start(f"{refusal.status} {refusal.title}", refusal.headers)
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [refusal.body]

    def _refusal(self, tokens: RequestTokens, environ: Environ) -> Optional[Refusal]:
        if self._gate.refuses(tokens):
            return refusal_of(tokens)
        projection = self._gate.projection_to_wait_for(tokens, environ, environ["REQUEST_METHOD"])
        if projection is None:
            return None
        answer = self._gate.wait(tokens, projection, self._gate.timeout)
        self._gate.answered(tokens, answer)
        return None if passes(self._gate.decide(answer, environ)) else refusal_of(tokens)


def _lines(environ: Environ, name: str) -> list[str]:
    """A server joins the lines of a header."""
    return [environ[name]] if name in environ else []


def merged(headers: list[tuple[str, str]], ours: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """
    Return the headers of the application with ours instead of those that an inner middleware has set. Of several cookies
    of our name, the last one counts, so only the others' are kept.
    """
    names = {name.lower() for name, _ in ours if name != "Set-Cookie"}
    sets_cookie = any(name == "Set-Cookie" for name, _ in ours)
    kept = [
        (name, value)
        for name, value in headers
        if name.lower() not in names
        and not (sets_cookie and name.lower() == "set-cookie" and value.startswith(f"{TOKEN_HEADER}="))
    ]
    return kept + ours
