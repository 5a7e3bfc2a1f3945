"""The HTTP API from its other side: what the command line, bots and tests call it with.

Blocking and for one thread at a time; asyncio code calls it through `asyncio.to_thread`.
"""

from __future__ import annotations

import secrets
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Final, TypeVar
from urllib.parse import urlsplit

import msgspec

from seatengine.errors import SeatEngineError

_TIMEOUT_S: Final = 60.0
_TRIES: Final = 3

T = TypeVar("T")


class ApiRefused(SeatEngineError):
    """The server answered with a problem. `status` is HTTP's, `problem` its stable code."""

    code = "api-refused"

    def __init__(self, what: str, status: int, problem: str, detail: str) -> None:
        super().__init__(f"{what}: {status} {problem}: {detail}")
        self.status = status
        self.problem = problem


class SiteUnreachable(SeatEngineError):
    """No server answers at the address."""

    code = "site-unreachable"


class _Problem(msgspec.Struct):
    code: str = ""
    detail: str = ""


class ApiClient:
    """`site` is "http://host:port"; `authorization` the header's value, "" for none."""

    def __init__(self, site: str, authorization: str = "", timeout_s: float = _TIMEOUT_S) -> None:
        parts = urlsplit(site)
        kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
        self.site = site.rstrip("/")
        self._connection = kind(parts.netloc, timeout=timeout_s)
        self._authorization = authorization

    def get(self, path: str, answer: type[T]) -> T:
        return msgspec.json.decode(self.exchange("GET", path), type=answer, strict=False)

    def post(self, path: str, body: object, answer: type[T]) -> T:
        data = msgspec.json.encode(body)
        return msgspec.json.decode(self.exchange("POST", path, data), type=answer, strict=False)

    def exchange(
        self, method: str, path: str, data: bytes = b"", media_type: str = "application/json"
    ) -> bytes:
        """One request and its answer's body. Raises ApiRefused or SiteUnreachable.

        A broken connection is tried again; the idempotency key keeps that from acting twice.
        """
        headers = {"Accept-Encoding": "identity", "Idempotency-Key": secrets.token_urlsafe(16)}
        if self._authorization:
            headers["Authorization"] = self._authorization
        if data:
            headers["Content-Type"] = media_type
        for left in reversed(range(_TRIES)):
            try:
                self._connection.request(method, path, data or None, headers)
                response = self._connection.getresponse()
                body = response.read()
                break
            except (OSError, HTTPException) as error:
                self._connection.close()
                if not left:
                    raise SiteUnreachable(
                        f"{self.site} does not answer ({error or type(error).__name__}). "
                        "Is the server running there?"
                    ) from error
        if response.status >= 400:
            raise _refused(f"{method} {path}", response.status, body)
        return body

    def close(self) -> None:
        self._connection.close()


def _refused(what: str, status: int, body: bytes) -> ApiRefused:
    try:
        problem = msgspec.json.decode(body, type=_Problem)
    except (msgspec.DecodeError, UnicodeDecodeError):
        problem = _Problem(detail=body[:200].decode("utf-8", "replace"))
    return ApiRefused(what, status, problem.code, problem.detail)


def as_organizer(site: str, key: str) -> ApiClient:
    return ApiClient(site, f"Bearer {key}")
