"""A live connection without a socket: the real protocol class, and a peer that reads when it is
told to, so that a test can cut it at any byte."""

from __future__ import annotations

import asyncio
from typing import Any

from gateway.live.connection import LiveConnection, LiveEdge
from gateway.live.frames import BINARY, CLOSE

UPGRADE = (
    b"GET /live HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)


def client_frame(payload: bytes) -> bytes:
    """One binary message as a browser sends it; a mask of zeros is a mask."""
    size = len(payload)
    if size < 126:
        return bytes((0x82, 0x80 | size, 0, 0, 0, 0)) + payload
    return bytes((0x82, 0x80 | 126)) + size.to_bytes(2, "big") + bytes(4) + payload


def server_frames(data: bytes) -> tuple[list[tuple[int, bytes]], bytes]:
    """(opcode, payload) of each whole frame in what a server wrote, and the bytes left over."""
    found: list[tuple[int, bytes]] = []
    at = 0
    while len(data) - at >= 2:
        size, start = data[at + 1], at + 2
        if size >= 126:
            width = 2 if size == 126 else 8
            size = int.from_bytes(data[start : start + width], "big")
            start += width
        if len(data) < start + size:
            break
        found.append((data[at] & 0x0F, data[start : start + size]))
        at = start + size
    return found, data[at:]


class _NoSocket:
    """Takes a socket's options and has no descriptor: whoever writes goes by the transport."""

    def fileno(self) -> int:
        return -1

    def setsockopt(self, level: int, option: int, value: int) -> None:
        """Nothing to set."""


class Pipe(asyncio.Transport):
    """What the server writes waits here for `read`, with asyncio's rules of flow control."""

    def __init__(self, edge: LiveEdge) -> None:
        super().__init__()
        self._high, self._low = 65_536, 16_384
        self._unread = bytearray()
        self._partial = b""
        self._paused = False
        self.closed = False
        self.close_code = 0
        self.bytes_read = 0
        self.protocol = LiveConnection(edge, set())
        self.protocol.connection_made(self)
        self.protocol.data_received(UPGRADE)
        head, _, rest = bytes(self._unread).partition(b"\r\n\r\n")
        assert b" 101 " in head, head
        self._unread = bytearray(rest)

    # The peer's side.

    @property
    def unread(self) -> int:
        """How many bytes the peer has not read."""
        return len(self._unread)

    def say(self, message: bytes) -> None:
        """The peer sends a binary message."""
        if not self.closed:
            self.protocol.data_received(client_frame(message))

    def read(self, at_most: int | None = None) -> list[bytes]:
        """The binary messages that are complete once the peer has read so many bytes more."""
        count = len(self._unread) if at_most is None else min(at_most, len(self._unread))
        data = self._partial + bytes(self._unread[:count])
        del self._unread[:count]
        self.bytes_read += count
        frames, self._partial = server_frames(data)
        messages = []
        for opcode, payload in frames:
            if opcode == CLOSE:
                self.close_code = int.from_bytes(payload[:2], "big")
            elif opcode == BINARY:
                messages.append(payload)
        if self._paused and len(self._unread) <= self._low and not self.closed:
            self._paused = False
            self.protocol.resume_writing()
        return messages

    def cut(self) -> None:
        """The connection breaks; what was not read is lost."""
        if not self.closed:
            self.closed = True
            self.protocol.connection_lost(None)

    # The server's side: asyncio.Transport.

    def write(self, data: Any) -> None:  # noqa: ANN401
        if self.closed:
            return
        self._unread += data
        if not self._paused and len(self._unread) > self._high:
            self._paused = True
            self.protocol.pause_writing()

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        self._high = high if high is not None else self._high
        self._low = low if low is not None else self._high // 4

    def get_write_buffer_size(self) -> int:
        return len(self._unread)

    def get_extra_info(self, name: str, default: object = None) -> object:
        return {"peername": ("127.0.0.1", 1), "socket": _NoSocket()}.get(name, default)

    def is_closing(self) -> bool:
        return self.closed

    def write_eof(self) -> None:
        """Nothing more is written; the connection ends when the peer has read all."""

    def close(self) -> None:
        self.cut()

    def abort(self) -> None:
        self.cut()
