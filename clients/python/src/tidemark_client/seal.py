# SPDX-License-Identifier: Apache-2.0
"""Sealed tokens: their holders can neither read nor forge them. The construction is Tidemark's ADR 23."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import logging
import os
import re
import threading
import time
from typing import Optional, Protocol, Sequence, Union

from .tokens import MAX_LENGTH, MalformedToken, Token, TokenLike, TokenPart

#: Maximum number of secrets: the one that seals, and the one before or after it.
MAX_SECRETS = 2

_PREFIX = "ts1."
_SIV_BYTES = 16
_PART_BYTES = 16
_BLOCK_BYTES = 32
_MAC_LABEL = b"tidemark token seal 1: mac"
_ENCRYPTION_LABEL = b"tidemark token seal 1: encryption"
_SECRET = re.compile("[!-~]{32,1024}")
_LOOK_EVERY_SECONDS = 1.0
_MAX_FILE_BYTES = 16 * 1024
_LOG = logging.getLogger("tidemark_client")

_MESSAGES = {
    "no-secret": "sealed token: no secret is set here to open it",
    "unsealed-token": "unsealed token: only sealed tokens are accepted here, because a plain one could be forged",
    "seal-not-valid": "sealed token: no secret opens it; it was altered, or sealed with another secret",
}


class UnacceptedToken(MalformedToken):
    """
    A text may be a token, but not one that is accepted here. Another process, with other secrets, may accept it. ``code``
    is ``no-secret``, ``unsealed-token`` or ``seal-not-valid``.
    """

    def __init__(self, code: str) -> None:
        ValueError.__init__(self, _MESSAGES[code])
        self.code = code


class TokenForm(Protocol):
    """The text of tokens in headers, cookies and requests: plain, or sealed."""

    def open(self, text: str) -> Token: ...

    def seal(self, token: Token) -> str: ...


class _Plain:
    """The text of ``outbox.token()``. Rejects sealed tokens: there is no secret to open them."""

    def open(self, text: str) -> Token:
        if looks_sealed(text):
            raise UnacceptedToken("no-secret")
        return Token.parse(text)

    def seal(self, token: Token) -> str:
        return str(token)


PLAIN: TokenForm = _Plain()


def looks_sealed(text: object) -> bool:
    """Whether the text is meant as a sealed token, valid or not."""
    return isinstance(text, str) and text.startswith(_PREFIX)


def token_of(token: TokenLike, form: TokenForm) -> Token:
    """The token of an application's own: a Token, the text of ``outbox.token()``, or a sealed one of another service."""
    return form.open(token) if isinstance(token, str) and looks_sealed(token) else Token.of(token)


class TokenSeal:
    """
    Seals tokens: ``ts1.`` and base64url. The same token and secret give the same text. Several sealed tokens may be joined
    with ``~``. Safe on any thread.

    :param secrets: one or two, each of 32 or more visible ASCII characters; the first seals, all of them open
    :raises ValueError: when there are none or too many, or one is too short
    """

    def __init__(self, secrets: Sequence[str]) -> None:
        self._keys = _keys(secrets)

    @classmethod
    def from_file(cls, file: Union[str, os.PathLike[str]]) -> TokenSeal:
        """
        Return a seal with the secrets in a file, one on each line. The file is read again within a second of a change. If
        it cannot be used then, the secrets before the change stay in use, and the log has the reason.

        :raises ValueError: when the file cannot be used now
        """
        return _FileSeal(file)

    def seal(self, token: TokenLike) -> str:
        """Return the text to hand to a caller."""
        plain = b"".join(
            int(part.source, 16).to_bytes(4, "big") + part.timeline.to_bytes(4, "big") + int(part.lsn, 16).to_bytes(8, "big")
            for part in Token.of(token).parts
        )
        return _PREFIX + _encoded(self._current()[0].seal(plain))

    def open(self, text: str) -> Token:
        """
        Return the token that a text of a caller stands for.

        :raises UnacceptedToken: when the text is not sealed, or was sealed with another secret, or was altered
        :raises MalformedToken: when it is malformed
        """
        if not isinstance(text, str):
            raise MalformedToken(f"it is not a text but {type(text).__name__}")
        if not text:
            raise MalformedToken("it is empty")
        if len(text) > MAX_LENGTH:
            raise MalformedToken(f"it has {len(text)} characters, at most {MAX_LENGTH} are allowed")
        return Token([part for sealed in text.split("~") for part in self._open(sealed)])

    def _open(self, text: str) -> list[TokenPart]:
        if not looks_sealed(text):
            if text.startswith("tm"):
                raise UnacceptedToken("unsealed-token")
            raise MalformedToken(f"it does not begin with {_PREFIX}")
        sealed = _decoded(text[len(_PREFIX) :])
        for key in self._current():
            plain = key.open(sealed)
            if plain is not None:
                return [_part(plain[at : at + _PART_BYTES]) for at in range(0, len(plain), _PART_BYTES)]
        raise UnacceptedToken("seal-not-valid")

    def _current(self) -> Sequence[_Key]:
        return self._keys


class _FileSeal(TokenSeal):
    def __init__(self, file: Union[str, os.PathLike[str]]) -> None:
        self._file = file
        try:
            self._lines = _lines(file)
            super().__init__(self._lines)
        except (OSError, ValueError) as error:
            raise ValueError(f"token secrets in {os.fspath(file)} cannot be used: {error}") from error
        self._looked = time.monotonic()
        self._problem = ""
        self._lock = threading.Lock()

    def _current(self) -> Sequence[_Key]:
        with self._lock:
            if time.monotonic() - self._looked >= _LOOK_EVERY_SECONDS:
                self._looked = time.monotonic()
                self._look()
            return self._keys

    def _look(self) -> None:
        problem = ""
        try:
            lines = _lines(self._file)
            if lines != self._lines:
                self._keys = _keys(lines)
                self._lines = lines
                _LOG.info("event=token-secrets-read secrets=%d", len(lines))
        except (OSError, ValueError) as error:
            problem = str(error)
        if problem and problem != self._problem:
            _LOG.error(
                'event=token-secrets-unusable file=%s effect="the secrets before stay in use" reason="%s"',
                os.fspath(self._file),
                problem,
            )
        self._problem = problem


class _Key:
    """The two keys of one secret."""

    def __init__(self, secret: str) -> None:
        self._mac_key = _hmac(secret.encode("ascii"), _MAC_LABEL)
        self._encryption_key = _hmac(secret.encode("ascii"), _ENCRYPTION_LABEL)

    def seal(self, plain: bytes) -> bytes:
        siv = self._siv(plain)
        return siv + self._with_keystream(siv, plain)

    def open(self, sealed: bytes) -> Optional[bytes]:
        """None if it was altered or sealed with another key."""
        siv, text = sealed[:_SIV_BYTES], sealed[_SIV_BYTES:]
        plain = self._with_keystream(siv, text)
        return plain if hmac.compare_digest(siv, self._siv(plain)) else None

    def _siv(self, plain: bytes) -> bytes:
        return _hmac(self._mac_key, plain)[:_SIV_BYTES]

    def _with_keystream(self, siv: bytes, text: bytes) -> bytes:
        blocks = (len(text) + _BLOCK_BYTES - 1) // _BLOCK_BYTES
        stream = b"".join(_hmac(self._encryption_key, siv + i.to_bytes(4, "big")) for i in range(blocks))
        return bytes(a ^ b for a, b in zip(text, stream))


def _keys(secrets: Sequence[str]) -> Sequence[_Key]:
    if isinstance(secrets, str) or not 1 <= len(secrets) <= MAX_SECRETS:
        count = 0 if isinstance(secrets, str) else len(secrets)
        raise ValueError(f"there are {count} secrets; there must be 1 or {MAX_SECRETS} in a list, the first of which seals")
    for i, secret in enumerate(secrets, 1):
        if not isinstance(secret, str) or not _SECRET.fullmatch(secret):
            raise ValueError(
                f"secret {i} is not of 32 to 1024 visible ASCII characters; make one with: openssl rand -hex 32"
            )
    return [_Key(secret) for secret in secrets]


def _lines(file: Union[str, os.PathLike[str]]) -> list[str]:
    with open(file, encoding="latin-1") as secrets:
        content = secrets.read(_MAX_FILE_BYTES + 1)
    if len(content) > _MAX_FILE_BYTES:
        raise ValueError(f"it has more than {_MAX_FILE_BYTES} bytes; it holds a secret a line")
    return [line.strip() for line in content.splitlines() if line.strip()]


def _hmac(key: bytes, message: bytes) -> bytes:
    return hmac.new(key, message, hashlib.sha256).digest()


def _encoded(sealed: bytes) -> str:
    return base64.urlsafe_b64encode(sealed).rstrip(b"=").decode("ascii")


def _decoded(text: str) -> bytes:
    """Only the one text that the encoder writes is accepted."""
    try:
        sealed = base64.urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
    except (binascii.Error, UnicodeEncodeError):
        raise MalformedToken("the sealed token is not base64url") from None
    if _encoded(sealed) != text:
        raise MalformedToken("the sealed token is not base64url")
    length = len(sealed) - _SIV_BYTES
    if length < _PART_BYTES or length % _PART_BYTES:
        raise MalformedToken("the sealed token is cut off")
    return sealed


def _part(plain: bytes) -> TokenPart:
    return TokenPart(plain[:4].hex(), int.from_bytes(plain[4:8], "big"), plain[8:].hex().upper())
