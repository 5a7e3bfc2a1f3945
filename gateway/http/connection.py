"""uvicorn's HTTP connection, with an end to what it waits for before a request is whole."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any, Final

from gateway.http.protocol import HttpProtocol
from gateway.http.turns import Turns
from seatengine.limits import (
    HANDSHAKE_TIMEOUT_MS,
    MAX_REQUEST_HEAD_BYTES,
    MAX_REQUESTS_BEGUN_PER_TURN,
)

if TYPE_CHECKING:
    from uvicorn.config import Config
    from uvicorn.server import ServerState

_TOO_LARGE: Final = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\n"
    b"Content-Length: 0\r\nConnection: close\r\n\r\n"
)
_TOO_LATE: Final = b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
_FULL: Final = (
    b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n"
    b"Retry-After: 5\r\nConnection: close\r\n\r\n"
)


class HttpEdge:
    """What all HTTP connections share: those whose request head is not whole yet, and since when;
    and `turns`, in which newcomers' requests are read.

    `max_connections` counts websockets too. `refused` counts connections that were ended for being
    too late, too long or too many.
    """

    def __init__(self, max_connections: int) -> None:
        self.max_connections = max_connections
        self.turns = Turns(MAX_REQUESTS_BEGUN_PER_TURN)
        self.unheard: dict[HttpConnection, float] = {}
        self.refused = 0

    def protocol_class(self) -> type[HttpConnection]:
        """A class for uvicorn's `http=`, bound to this edge."""
        edge = self

        class Bound(HttpConnection):
            def __init__(
                self,
                config: Config,
                server_state: ServerState,
                app_state: dict[str, Any],
                _loop: asyncio.AbstractEventLoop | None = None,
            ) -> None:
                super().__init__(edge, config, server_state, app_state, _loop)

        return Bound

    def sweep(self) -> None:
        """End what has not become a request in time. Call every few seconds."""
        late_s = time.monotonic() - HANDSHAKE_TIMEOUT_MS / 1000
        for connection, since_s in list(self.unheard.items()):
            if since_s > late_s:
                break
            connection.refuse(_TOO_LATE)


class HttpConnection(HttpProtocol):
    """As uvicorn's, but the head of a request has a bound in bytes and in time."""

    def __init__(
        self,
        edge: HttpEdge,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._edge = edge
        self._head_bytes = 0
        # A body may go on coming after its answer was given: that is no new request.
        self._in_body = False
        self._unread: list[bytes] = []

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._await_head()
        if len(self.connections) > self._edge.max_connections:
            self.refuse(_FULL)

    def connection_lost(self, exc: Exception | None) -> None:
        self._edge.unheard.pop(self, None)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self.transport.is_closing():
            return
        if self._unread:
            self._unread.append(data)
            if sum(map(len, self._unread)) > MAX_REQUEST_HEAD_BYTES:
                self.flow.pause_reading()
        elif not self._in_body:
            if self not in self._edge.unheard:
                self._await_head()
            self._unread.append(data)
            self._edge.turns.give(self._read)
        else:
            self._head_bytes += len(data)
            super().data_received(data)

    def _read(self) -> None:
        data, self._unread = b"".join(self._unread), []
        if self.transport.is_closing():
            return
        self.flow.resume_reading()
        self._head_bytes += len(data)
        super().data_received(data)
        if self in self._edge.unheard and self._head_bytes > MAX_REQUEST_HEAD_BYTES:
            self.refuse(_TOO_LARGE)

    def on_message_begin(self) -> None:
        self._await_head()
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._edge.unheard.pop(self, None)
        self._in_body = True
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self._in_body = False
        super().on_message_complete()

    def refuse(self, answer: bytes) -> None:
        """End the connection, saying why."""
        self._edge.unheard.pop(self, None)
        self._edge.refused += 1
        if not self.transport.is_closing():
            if self.cycle is None or self.cycle.response_complete:
                self.transport.write(answer)
            self.transport.close()

    def _await_head(self) -> None:
        if self not in self._edge.unheard:
            self._edge.unheard[self] = time.monotonic()
            self._head_bytes = 0
