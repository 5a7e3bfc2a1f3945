"""Websocket frames (RFC 6455, section 5) as the live connection needs them. Pure.

The opening handshake is the websockets library's; frames are read and written here because every
message of every viewer passes through: a whole small binary message in one read, which is nearly
every read, takes one branch and one big-integer XOR.
"""

from __future__ import annotations

from typing import Final

from seatengine.limits import MAX_FRAGMENTS

CONTINUATION: Final = 0
TEXT: Final = 1
BINARY: Final = 2
CLOSE: Final = 8
PING: Final = 9
PONG: Final = 10

PROTOCOL_ERROR: Final = 1002
MESSAGE_TOO_BIG: Final = 1009

_MAX_CONTROL_BYTES: Final = 125


class FrameError(Exception):
    """The peer broke the framing rules; `close_code` says how."""

    def __init__(self, close_code: int, reason: str) -> None:
        super().__init__(reason)
        self.close_code = close_code


def server_frame(opcode: int, payload: bytes) -> bytes:
    """One whole unmasked frame, ready for any number of sockets."""
    size = len(payload)
    if size < 126:
        return bytes((0x80 | opcode, size)) + payload
    if size < 1 << 16:
        return bytes((0x80 | opcode, 126)) + size.to_bytes(2, "big") + payload
    return bytes((0x80 | opcode, 127)) + size.to_bytes(8, "big") + payload


def is_close_payload(payload: bytes) -> bool:
    """Whether a CLOSE frame may say this: nothing, or a code that is for saying (section 7.4)."""
    if not payload:
        return True
    code = int.from_bytes(payload[:2], "big") if len(payload) > 1 else 0
    return 3000 <= code < 5000 or (1000 <= code <= 1014 and code not in (1004, 1005, 1006))


def unmask(payload: bytes, mask: bytes) -> bytes:
    """`payload` XOR the repeated 4-byte `mask`."""
    size = len(payload)
    repeated = (mask * (-(-size // 4)))[:size]
    mixed = int.from_bytes(payload, "little") ^ int.from_bytes(repeated, "little")
    return mixed.to_bytes(size, "little")


class FrameReader:
    """Turns the client's bytes into messages: (opcode, payload), fragments joined.

    Never holds more than `max_message_bytes` of one message and one frame's header.
    """

    __slots__ = ("_buffer", "_fragments", "_fragments_bytes", "_max", "_opcode")

    def __init__(self, max_message_bytes: int) -> None:
        self._max = max_message_bytes
        self._buffer = b""
        self._fragments: list[bytes] | None = None
        self._fragments_bytes = 0
        self._opcode = 0

    def feed(self, data: bytes) -> list[tuple[int, bytes]]:
        """The messages that `data` completes. Raises FrameError; the connection is then over."""
        if not self._buffer and not self._opcode and len(data) > 5 and data[0] == 0x82:
            size = data[1] ^ 0x80
            if size < 126 and len(data) == size + 6 and size <= self._max:
                return [(BINARY, unmask(data[6:], data[2:6]))]
        return self._feed_slowly(data)

    def _feed_slowly(self, data: bytes) -> list[tuple[int, bytes]]:
        buffer = self._buffer + data if self._buffer else data
        messages: list[tuple[int, bytes]] = []
        at = 0
        while True:
            header = self._header(buffer, at)
            if header is None:
                break
            first, size, start = header
            end = start + 4 + size
            if len(buffer) < end:
                break
            payload = unmask(buffer[start + 4 : end], buffer[start : start + 4])
            at = end
            message = self._join(first & 0x0F, bool(first & 0x80), payload)
            if message is not None:
                messages.append(message)
        self._buffer = buffer[at:]
        return messages

    def _header(self, buffer: bytes, at: int) -> tuple[int, int, int] | None:
        """(first byte, payload size, where the mask starts), or None if it is not all there yet."""
        if len(buffer) - at < 2:
            return None
        first, second = buffer[at], buffer[at + 1]
        if first & 0x70:
            raise FrameError(PROTOCOL_ERROR, "reserved bits are set")
        if not second & 0x80:
            raise FrameError(PROTOCOL_ERROR, "client frames must be masked")
        size = second & 0x7F
        start = at + 2
        if size >= 126:
            width = 2 if size == 126 else 8
            if len(buffer) < start + width:
                return None
            size = int.from_bytes(buffer[start : start + width], "big")
            start += width
        opcode = first & 0x0F
        if opcode >= CLOSE:
            if size > _MAX_CONTROL_BYTES or not first & 0x80:
                raise FrameError(PROTOCOL_ERROR, "control frames are short and whole")
            if opcode > PONG:
                raise FrameError(PROTOCOL_ERROR, "unknown opcode")
        elif opcode > BINARY:
            raise FrameError(PROTOCOL_ERROR, "unknown opcode")
        elif size + self._fragments_bytes > self._max:
            raise FrameError(MESSAGE_TOO_BIG, f"a message is at most {self._max} bytes")
        return first, size, start

    def _join(self, opcode: int, final: bool, payload: bytes) -> tuple[int, bytes] | None:
        if opcode >= CLOSE:
            return opcode, payload
        if opcode == CONTINUATION:
            if not self._opcode:
                raise FrameError(PROTOCOL_ERROR, "nothing to continue")
        elif self._opcode:
            raise FrameError(PROTOCOL_ERROR, "the message before is not finished")
        else:
            self._opcode = opcode
        if final and self._fragments is None:
            self._opcode, whole = 0, self._opcode
            return whole, payload
        if self._fragments is None:
            self._fragments = []
        if len(self._fragments) >= MAX_FRAGMENTS:
            raise FrameError(MESSAGE_TOO_BIG, f"a message is at most {MAX_FRAGMENTS} fragments")
        self._fragments.append(payload)
        self._fragments_bytes += len(payload)
        if not final:
            return None
        whole, joined = self._opcode, b"".join(self._fragments)
        self._opcode, self._fragments, self._fragments_bytes = 0, None, 0
        return whole, joined
