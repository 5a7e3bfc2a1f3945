"""One viewer of a load: a socket, what it asked and waits for, and what it was told.

Ten thousand of these live in one process, so nothing here costs a task, a timer or a decoded
message that is not needed. Frames are masked with zeros, which costs the server as much as any
other mask.
"""

from __future__ import annotations

import asyncio
from base64 import b64encode
from os import urandom
from typing import TYPE_CHECKING, Final, Protocol

import msgspec

from gateway.live import wire
from gateway.live.sight import Tiling
from gateway.live.tile_forms import BadForm, read_tile_runs, read_varint, tile_runs
from gateway.load.told_tiles import TILES_TAG, VIEW_TAG, TileLog
from gateway.load.told_zones import ZonesTold
from seatengine.limits import MAX_SERVER_MESSAGE_BYTES

if TYPE_CHECKING:
    from gateway.load.ground import Ground, Screen
    from gateway.load.ideal import Diary
    from gateway.load.seen import FarEye, NearEye

_BINARY: Final = 0x82
_TEXT: Final = 0x81
_CLOSE: Final = 0x88
_PING: Final = 0x89
_MASKED: Final = 0x80
_NO_MASK: Final = bytes(4)
_HTTP_END: Final = b"\r\n\r\n"
_WELCOME, _MINE, _PONG, _RULES = 1, 4, 9, 10
_WATCHING, _ZONES, _TOTALS = 12, 13, 14
ABNORMAL: Final = 1006


class Ask(msgspec.Struct, gc=False):
    """A command without an answer yet; `due_s` is when it was to be sent. `hold` is the one it
    is about, 0 for a new one."""

    kind: str
    due_s: float
    places: list[int]
    hold: int
    frame: bytes


class House(Protocol):
    """What all viewers share."""

    ground: Ground
    event: str
    host: bytes
    frames: int
    bytes: int
    near_bytes: int
    far_bytes: int

    def greeted(self, viewer: Viewer, mine: wire.Mine) -> None: ...

    def answered(self, viewer: Viewer, message: wire.ServerMessage) -> None: ...

    def lost(self, viewer: Viewer, code: int) -> None: ...

    def broken(self, why: str) -> None: ...

    def nothing_known(self) -> ZonesTold: ...


class Viewer(asyncio.Protocol):
    """`greeted` while it is in the conversation; `screen` is None for those who see the whole
    venue; `holds` are its places by hold; `tiles` those it watches, in no order."""

    __slots__ = (
        "_buffer",
        "_house",
        "_seq_payload",
        "_transport",
        "_upgraded",
        "_zones_seq",
        "_zones_told",
        "asks",
        "close_code",
        "comeback_s",
        "diary",
        "epoch",
        "eye",
        "far_eye",
        "greeted",
        "hoards",
        "holds",
        "leaving",
        "log",
        "name",
        "number",
        "screen",
        "slow",
        "tiles",
        "token",
        "totals",
        "tries",
        "zones",
    )

    def __init__(self, house: House, number: int, token: str, screen: Screen | None) -> None:
        self._house = house
        self.number = number
        self.token = token
        self.screen = screen
        self.name = ""
        self.asks: dict[str, Ask] = {}
        self.holds: dict[int, list[int]] = {}
        self.log = TileLog()
        self.zones = house.nothing_known()
        self.tiles: list[int] = []
        self.totals = b""
        self.eye: NearEye | None = None
        self.far_eye: FarEye | None = None
        self.diary: Diary | None = None
        self.slow = self.hoards = False
        self.leaving = False
        self.tries = 0
        self.comeback_s = 0.0
        self.epoch = 0
        self._zones_seq = 0
        self._zones_told = False
        self._begin()

    def _begin(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._buffer = b""
        self._upgraded = False
        self.greeted = False
        self.close_code = ABNORMAL

    # What it says

    def ask(self, ref: str, ask: Ask) -> None:
        """Send a command, now or when the connection is back."""
        self.asks[ref] = ask
        if self.greeted:
            self._write(ask.frame)

    def say(self, message: wire.ClientMessage) -> None:
        """Send what needs no answer, if there is a connection."""
        if self.greeted:
            self._write(masked(wire.encode_message(message)))

    def look(self) -> None:
        """Say what its screen shows."""
        if self.screen is None or not self.greeted:
            return
        look = self.screen.look()
        if self.diary is not None:
            self.diary.look(look)
        self.say(look)

    def read(self, reading: bool) -> None:
        """Stop reading from the socket, or go on."""
        transport = self._transport
        if transport is not None and not transport.is_closing():
            if reading:
                transport.resume_reading()
            else:
                transport.pause_reading()

    def drop(self) -> None:
        """Lose the connection without a goodbye."""
        if self._transport is not None:
            self._transport.abort()

    def leave(self) -> None:
        """Say goodbye for good."""
        self.leaving = True
        if self._transport is not None:
            self._write(masked((1000).to_bytes(2, "big"), _CLOSE))
            self._transport.close()

    def _write(self, frame: bytes) -> None:
        if self._transport is not None:
            self._transport.write(frame)

    # asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._begin()
        self._transport = transport  # type: ignore[assignment]
        self._write(
            b"GET /live HTTP/1.1\r\nHost: %b\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: %b\r\n\r\n"
            % (self._house.host, b64encode(urandom(16)))
        )

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        self._transport = None
        self.greeted = False
        if not self.leaving:
            self._house.lost(self, self.close_code)

    def data_received(self, data: bytes) -> None:
        house = self._house
        size = len(data)
        house.bytes += size
        if self.screen is None:
            house.far_bytes += size
        else:
            house.near_bytes += size
        if self._buffer:
            data = self._buffer + data
            self._buffer = b""
            size = len(data)
        if not self._upgraded:
            data = self._upgrade(data)
            size = len(data)
        at = 0
        while at + 2 <= size:
            start, length = at + 2, data[at + 1]
            if length >= 126:
                width = 2 if length == 126 else 8
                start += width
                if start > size:
                    break
                length = int.from_bytes(data[start - width : start], "big")
                if length > MAX_SERVER_MESSAGE_BYTES:
                    house.broken("a message longer than any may be")
                    self.drop()
                    return
            end = start + length
            if end > size:
                break
            if data[at] == _BINARY and length > 1:
                house.frames += 1
                tag = data[start + 1]
                if tag == TILES_TAG:
                    payload = data[start:end]
                    self.log.tell(payload, house.ground.tiles)
                    if self.eye is not None:
                        self._sampled(payload, end - at)
                else:
                    try:
                        self._hear(tag, data[start:end], end - at)
                    except (msgspec.DecodeError, BadForm) as error:
                        house.broken(str(error))
            else:
                self._hear_control(data[at], data[start:end])
            at = end
        if at < size:
            self._buffer = data[at:]

    def _upgrade(self, data: bytes) -> bytes:
        """Bytes after the answer to the handshake, once it is whole."""
        head, found, rest = data.partition(_HTTP_END)
        if not found:
            self._buffer = head
            return b""
        status = head[9:12]
        if status != b"101":
            self.close_code = int(status) if status.isdigit() else ABNORMAL
            self.drop()
            return b""
        self._upgraded = True
        self._write(masked(wire.encode_message(self._hello())))
        if self.screen is not None:
            look = self.screen.look()
            if self.diary is not None:
                self.diary.look(look)
            self._write(masked(wire.encode_message(look)))
        return rest

    def _hello(self) -> wire.Hello:
        seq = self.seq
        return wire.Hello(
            wire.PROTOCOL_VERSION,
            self.token,
            self._house.event,
            self.epoch,
            seq,
            tile_runs(self.log.known) if seq else b"",
            self._zones_seq if self._zones_told else 0,
        )

    @property
    def seq(self) -> int:
        """What its tiles are as of; 0 when it was told nothing of them."""
        last = self.log.last
        if not last:
            return 0
        message = wire.decode_server_message(last)
        return message.seq if isinstance(message, wire.Tiles | wire.View) else 0

    def _sampled(self, payload: bytes, frame_bytes: int) -> None:
        try:
            if self.eye is not None:
                self.eye.tell(payload)
        except (msgspec.DecodeError, BadForm) as error:
            self._house.broken(str(error))
        if self.diary is not None:
            self.diary.tell(payload, frame_bytes)

    def _hear(self, tag: int, payload: bytes, frame_bytes: int) -> None:
        house = self._house
        if tag == _ZONES:
            message = wire.decode_server_message(payload)
            if isinstance(message, wire.Zones):
                before, self.zones = self.zones, self.zones.after(message.packed)
                self._zones_seq = message.seq
                if self.far_eye is not None:
                    self.far_eye.tell(before, self.zones, message.seq)
        elif tag == _TOTALS:
            self.totals = payload
        elif tag == VIEW_TAG:
            self.log.tell(payload, house.ground.tiles)
            if self.eye is not None:
                self._sampled(payload, frame_bytes)
        elif tag == _WATCHING:
            self._watch(payload, frame_bytes, house.ground.tiles.index)
        elif tag in (_PONG, _RULES):
            return
        elif tag == _WELCOME:
            self._welcome(payload)
        else:
            message = wire.decode_server_message(payload)
            if isinstance(message, wire.Mine):
                self.greeted = True
                self.tries = 0
                for ask in self.asks.values():
                    self._write(ask.frame)
                house.greeted(self, message)
            else:
                house.answered(self, message)

    def _welcome(self, payload: bytes) -> None:
        message = wire.decode_server_message(payload)
        assert isinstance(message, wire.Welcome)
        self.name = message.viewer
        if message.epoch != self.epoch:
            self.epoch = message.epoch
            self.log = TileLog()
            self.zones = self._house.nothing_known()
            self._zones_seq = 0
        if self.eye is not None:
            self.eye.forget()
        if self.far_eye is not None:
            self.far_eye.seq = 0

    def _watch(self, payload: bytes, frame_bytes: int, tiles: Tiling) -> None:
        message = wire.decode_server_message(payload)
        assert isinstance(message, wire.Watching)
        mask = read_tile_runs(message.tiles, tiles.count)
        self.log.watch(mask)
        self._zones_told = message.zones
        if not message.zones:
            self.zones = self._house.nothing_known()
        if self.screen is not None:
            self.tiles = _tiles_of(message.tiles)
        if self.eye is not None:
            self.eye.watch(mask)
        if self.diary is not None:
            self.diary.watch(mask, frame_bytes)

    @property
    def told_zones(self) -> bool:
        """Whether it is told of zones now."""
        return self._zones_told

    def _hear_control(self, first: int, payload: bytes) -> None:
        if first == _TEXT:
            # Ours are binary; a server that tells in its own way is counted and not understood.
            self._house.frames += 1
        elif first == _CLOSE:
            self.close_code = int.from_bytes(payload[:2], "big") if payload else 1005
            self._write(masked(payload[:2], _CLOSE))
            if self._transport is not None:
                self._transport.close()
        elif first == _PING:
            self._write(masked(payload, 0x8A))
        elif first != 0x8A:
            self._house.broken(f"a frame of kind 0x{first:02x}")
            self.drop()


def _tiles_of(runs: bytes) -> list[int]:
    """The tiles of TileRuns that can be read."""
    tiles: list[int] = []
    at = end = 0
    while at < len(runs):
        skipped, at = read_varint(runs, at)
        taken, at = read_varint(runs, at)
        end += skipped
        tiles += range(end, end + taken)
        end += taken
    return tiles


def masked(payload: bytes, opcode: int = _BINARY) -> bytes:
    """A client's frame."""
    size = len(payload)
    head = (
        bytes((opcode, _MASKED | size))
        if size < 126
        else bytes((opcode, _MASKED | 126)) + size.to_bytes(2, "big")
    )
    return head + _NO_MASK + payload
