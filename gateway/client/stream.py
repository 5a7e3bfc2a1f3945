"""One websocket connection seen from its client: the handshake and the frames (RFC 6455).

Made for many connections in one process (bots, tests, load): whole binary messages only, no
extensions. What it says over them is client.py's business.
"""

from __future__ import annotations

import asyncio
import os
from base64 import b64encode
from collections.abc import Callable
from hashlib import sha1
from typing import Final, cast
from urllib.parse import urlsplit

from seatengine.limits import MAX_SERVER_MESSAGE_BYTES

_ACCEPT_SALT: Final = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_MAX_HANDSHAKE_BYTES: Final = 16_384
_BINARY, _CLOSE, _PING, _PONG = 0x82, 0x88, 0x89, 0x8A
ABNORMAL: Final = 1006
"""The close code of a connection that ended without a close frame."""


class ClientStream(asyncio.Protocol):
    """Calls `on_message` with each whole message and `on_lost` once, with close code and reason."""

    def __init__(
        self,
        url: str,
        on_message: Callable[[bytes], None],
        on_lost: Callable[[int, str], None],
    ) -> None:
        parts = urlsplit(url)
        self._host = parts.netloc
        self._path = parts.path or "/"
        self._on_message = on_message
        self._on_lost = on_lost
        self._key = b64encode(os.urandom(16))
        self._buffer = b""
        self._code, self._reason = ABNORMAL, "the connection broke"
        self._transport: asyncio.Transport | None = None
        self._opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._lost = asyncio.Event()

    def send(self, *messages: bytes) -> None:
        """Send binary messages in one write; lost silently once the connection is over."""
        if self._transport is not None and not self._transport.is_closing():
            frames = [_client_frame(_BINARY, message) for message in messages]
            self._transport.write(b"".join(frames))

    def pause(self) -> None:
        """Read nothing more; what has been read already is still told."""
        if self._transport is not None:
            self._transport.pause_reading()

    def resume(self) -> None:
        """Read on."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.resume_reading()

    def abort(self) -> None:
        """Drop the connection without a goodbye, as a crash would."""
        if self._transport is not None:
            self._transport.abort()

    async def close(self) -> None:
        """Say goodbye and wait until the connection is gone, at most two seconds."""
        if self._transport is None:
            return
        self._send_frame(_CLOSE, (1000).to_bytes(2, "big"))
        try:
            await asyncio.wait_for(self._lost.wait(), 2)
        except TimeoutError:
            self.abort()
            await self._lost.wait()

    async def opened(self) -> None:
        """Wait for the handshake. Raises ConnectionError when the server does not agree to it."""
        await self._opened

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._transport.write(
            b"GET %b HTTP/1.1\r\nHost: %b\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Key: %b\r\nSec-WebSocket-Version: 13\r\n\r\n"
            % (self._path.encode(), self._host.encode(), self._key)
        )

    def data_received(self, data: bytes) -> None:
        self._buffer = self._buffer + data if self._buffer else data
        if not self._opened.done() and not self._read_handshake():
            return
        self._read_frames()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        self._lost.set()
        if not self._opened.done():
            self._opened.set_exception(ConnectionError("the server hung up in the handshake"))
            return
        if not self._opened.cancelled() and not self._opened.exception():
            self._on_lost(self._code, self._reason)

    def _read_handshake(self) -> bool:
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            if len(self._buffer) > _MAX_HANDSHAKE_BYTES:
                self._refuse("the server's answer to the handshake has no end")
            return False
        status, *lines = self._buffer[:end].decode("latin-1").split("\r\n")
        headers = {
            name.strip().lower(): value.strip()
            for name, _, value in (line.partition(":") for line in lines)
        }
        accept = b64encode(sha1(self._key + _ACCEPT_SALT).digest()).decode()
        if status.split(" ")[1:2] != ["101"] or headers.get("sec-websocket-accept") != accept:
            self._refuse(f"the server did not agree to a websocket: {status}")
            return False
        self._buffer = self._buffer[end + 4 :]
        self._opened.set_result(None)
        return True

    def _refuse(self, reason: str) -> None:
        self._opened.set_exception(ConnectionError(reason))
        self.abort()

    def _read_frames(self) -> None:
        buffer, at, end = self._buffer, 0, len(self._buffer)
        while end - at >= 2:
            opcode, length, start = buffer[at], buffer[at + 1], at + 2
            if length == 126:
                start = at + 4
                length = int.from_bytes(buffer[at + 2 : start], "big")
            elif length == 127:
                start = at + 10
                length = int.from_bytes(buffer[at + 2 : start], "big")
            elif length > 127:
                self._break(1002, "the server masked a frame")
                return
            if end < start:
                break
            if length > MAX_SERVER_MESSAGE_BYTES:
                self._break(1009, f"a message of {length} bytes is more than allowed")
                return
            if end - start < length:
                break
            at = start + length
            self._receive(opcode, buffer[start:at])
        self._buffer = buffer[at:]

    def _receive(self, opcode: int, payload: bytes) -> None:
        assert self._transport is not None
        if self._transport.is_closing():
            return
        if opcode == _BINARY:
            self._on_message(payload)
        elif opcode == _PING:
            self._send_frame(_PONG, payload)
        elif opcode == _CLOSE:
            self._code = int.from_bytes(payload[:2], "big") if payload else 1005
            self._reason = payload[2:].decode("utf-8", "replace")
            self._send_frame(_CLOSE, payload[:2])
            self._transport.close()
        elif opcode != _PONG:
            self._break(1002, f"a frame of unexpected kind 0x{opcode:02x}")

    def _break(self, code: int, reason: str) -> None:
        self._code, self._reason = code, reason
        self._buffer = b""
        self.abort()

    def _send_frame(self, opcode: int, payload: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(_client_frame(opcode, payload))


def _client_frame(opcode: int, payload: bytes) -> bytes:
    length = len(payload)
    if length < 126:
        head = bytes((opcode, 0x80 | length))
    elif length < 1 << 16:
        head = bytes((opcode, 0xFE)) + length.to_bytes(2, "big")
    else:
        head = bytes((opcode, 0xFF)) + length.to_bytes(8, "big")
    mask = os.urandom(4)
    return head + mask + _masked(payload, mask)


def _masked(payload: bytes, mask: bytes) -> bytes:
    length = len(payload)
    pad = (mask * (length // 4 + 1))[:length]
    return (int.from_bytes(payload, "big") ^ int.from_bytes(pad, "big")).to_bytes(length, "big")
