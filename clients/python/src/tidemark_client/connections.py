# SPDX-License-Identifier: Apache-2.0
"""One HTTP request within a given time, over connections that are kept. Safe on any thread."""

from __future__ import annotations

import http.client
import io
import os
import socket
import ssl
import threading
import time
from collections import deque
from typing import Any, Mapping, NamedTuple, Optional
from urllib.parse import SplitResult

#: A relay that is away without a word must leave time for the others.
_CONNECT_TIMEOUT_SECONDS = 1.0
#: Maximum size of a response; an answer of a relay is far smaller.
_MAX_BODY_BYTES = 1024 * 1024
_MAX_IDLE_CONNECTIONS = 16


class Response(NamedTuple):
    """A complete response."""

    status: int
    headers: http.client.HTTPMessage
    body: str


class RequestFailed(Exception):
    """There is no complete response. The message says why."""


class HttpServer:
    """The connections to one server."""

    def __init__(self, url: SplitResult, ssl_context: Optional[ssl.SSLContext]) -> None:
        self._host = url.hostname or ""
        self._port = url.port or (443 if url.scheme == "https" else 80)
        self._tls = (ssl_context or ssl.create_default_context()) if url.scheme == "https" else None
        self._idle: deque[http.client.HTTPConnection] = deque()
        self._process = os.getpid()

    def send(
        self, method: str, path: str, headers: Mapping[str, str], body: Optional[bytes], timeout_seconds: float
    ) -> Response:
        """
        Send a request and read the whole response, or raise :class:`RequestFailed` when the time is over, whatever the
        server does. Follows no redirect.
        """
        end = time.monotonic() + timeout_seconds
        if self._process != os.getpid():  # a server that forks its workers: the connections are the parent's
            self._process = os.getpid()
            self.close()
        try:
            connection = self._idle.pop()
        except IndexError:
            pass
        else:
            try:
                return self._exchange(connection, method, path, headers, body, end)
            except (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError):
                pass  # the server has closed an idle connection at the moment at which it was used again
            except (OSError, http.client.HTTPException) as error:
                raise RequestFailed(_reason(error, timeout_seconds)) from error
        try:
            return self._exchange(self._connect(end), method, path, headers, body, end)
        except (OSError, http.client.HTTPException) as error:
            raise RequestFailed(_reason(error, timeout_seconds)) from error

    def _connect(self, end: float) -> http.client.HTTPConnection:
        until = min(end, time.monotonic() + _CONNECT_TIMEOUT_SECONDS)
        sock = _connected(_resolved(self._host, self._port, until), until)
        try:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self._tls is not None:
                sock.settimeout(_left(until))
                sock = self._tls.wrap_socket(sock, server_hostname=self._host)
        except BaseException:
            sock.close()
            raise
        connection = http.client.HTTPConnection(self._host, self._port)
        connection.auto_open = 0
        connection.default_port = 80 if self._tls is None else 443
        connection.sock = sock
        return connection

    def _exchange(
        self,
        connection: http.client.HTTPConnection,
        method: str,
        path: str,
        headers: Mapping[str, str],
        body: Optional[bytes],
        end: float,
    ) -> Response:
        is_complete = False
        try:
            connection.sock.settimeout(_left(end))
            connection.response_class = _response_until(end)
            connection.request(method, path, body=body, headers=dict(headers))
            response = connection.getresponse()
            content = response.read(_MAX_BODY_BYTES + 1)
            if len(content) > _MAX_BODY_BYTES:
                raise http.client.HTTPException(f"a response of more than {_MAX_BODY_BYTES} bytes")
            if response.length:  # read(n) does not raise IncompleteRead
                raise http.client.HTTPException("the connection was closed in the middle of the response")
            is_complete = response.isclosed() and not response.will_close
            return Response(response.status, response.headers, content.decode("utf-8", "replace"))
        finally:
            if is_complete and len(self._idle) < _MAX_IDLE_CONNECTIONS:
                self._idle.append(connection)
            else:
                connection.close()

    def close(self) -> None:
        """Close the idle connections."""
        while True:
            try:
                self._idle.pop().close()
            except IndexError:
                return


class _TimedReader(io.RawIOBase):
    """Reads from a socket until an end of all reads: a timeout of the socket covers one read only."""

    def __init__(self, sock: socket.socket, end: float) -> None:
        self._sock = sock
        self._end = end

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._sock.settimeout(_left(self._end))
        return self._sock.recv_into(buffer)


class _TimedSocket:
    """What ``HTTPResponse`` needs of a socket."""

    def __init__(self, sock: socket.socket, end: float) -> None:
        self._reader = _TimedReader(sock, end)

    def makefile(self, mode: str) -> io.BufferedReader:
        return io.BufferedReader(self._reader)


def _response_until(end: float) -> Any:
    def response(sock: socket.socket, *arguments: Any, **more: Any) -> http.client.HTTPResponse:
        timed: Any = _TimedSocket(sock, end)
        return http.client.HTTPResponse(timed, *arguments, **more)

    return response


def _resolved(host: str, port: int, until: float) -> list[Any]:
    """Resolve a name. The system's resolver knows no timeout, so a thread of its own waits for it."""
    try:
        return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
    except socket.gaierror:
        pass  # a name, not an address
    found: list[Any] = []
    failed: list[OSError] = []

    def resolve() -> None:
        try:
            found.extend(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except OSError as error:
            failed.append(error)

    resolver = threading.Thread(target=resolve, name="tidemark-resolve", daemon=True)
    resolver.start()
    resolver.join(max(0.0, until - time.monotonic()))
    if failed:
        raise failed[0]
    if resolver.is_alive() or not found:
        raise TimeoutError(f"the name {host} was not resolved in time")
    return found


def _connected(addresses: list[Any], until: float) -> socket.socket:
    """Connect to the first address that answers."""
    last: OSError = TimeoutError(f"no connection within {_CONNECT_TIMEOUT_SECONDS:g} s")
    for family, kind, protocol, _, address in addresses:
        sock = socket.socket(family, kind, protocol)
        try:
            sock.settimeout(_left(until))
            sock.connect(address)
            return sock
        except OSError as error:
            sock.close()
            last = error
    raise last


def _left(until: float) -> float:
    left = until - time.monotonic()
    if left <= 0:
        raise socket.timeout("timed out")
    return left


def _reason(error: Exception, timeout_seconds: float) -> str:
    if isinstance(error, socket.timeout):
        return f"no complete response within {round(timeout_seconds * 1000)} ms ({error})"
    return f"{type(error).__name__}: {error}"


