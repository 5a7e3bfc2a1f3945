"""All viewers of one side of the fan-out benchmark, in a process that costs little.

`python -m benchmarks.fanout_viewers` reads a ViewersPlan as a line of JSON. Then "connect N" has N
viewers connected and greeted, each the way its server wants it, and is answered by N; "drain" hands
all their sockets to the drain, which takes this process over and is told the rest.
"""

from __future__ import annotations

import asyncio
import base64
import os
import socket
from collections.abc import Awaitable, Callable
from typing import Final, Literal

import msgspec
import uvloop

from gateway.live import wire
from gateway.sale.auth import ViewerTokens

_AT_ONCE: Final = 100
_ANSWER_S: Final = 30.0
_VIEWERS_PER_ADDRESS: Final = 1_000
_CHUNK_BYTES: Final = 1 << 16
# Linux: an address is chosen now, and its port with the connection, so that ports are not used up.
_IP_BIND_ADDRESS_NO_PORT: Final = 24

Protocol = Literal["bare", "websocket", "socket.io", "colyseus", "seatengine"]

_TEXT, _BINARY, _CLOSE = 1, 2, 8
_COLYSEUS_JOIN: Final = b"\x0a"


class Greeting(msgspec.Struct):
    """What viewers of Seat Engine need: the secret that tokens are signed with, and what to say."""

    secret: str
    event: str
    look: wire.Look


class ViewersPlan(msgspec.Struct):
    """`protocol` says what the server wants to hear. `drain` is the command of the drain."""

    protocol: Protocol
    port: int
    path: str
    drain: list[str]
    greeting: Greeting | None = None


class Talk:
    """One viewer's socket until the drain has it."""

    def __init__(self, viewer: socket.socket) -> None:
        self._viewer = viewer
        self._buffer = b""
        self._loop = asyncio.get_running_loop()

    async def send(self, data: bytes) -> None:
        await self._loop.sock_sendall(self._viewer, data)

    async def send_frame(self, payload: bytes, opcode: int = _BINARY) -> None:
        """One frame, masked with zeros."""
        size = len(payload)
        length = bytes((0x80 | size,)) if size < 126 else b"\xfe" + size.to_bytes(2, "big")
        await self.send(bytes((0x80 | opcode,)) + length + bytes(4) + payload)

    async def head(self) -> bytes:
        """An HTTP response without its body."""
        while b"\r\n\r\n" not in self._buffer:
            await self._more()
        head, _, self._buffer = self._buffer.partition(b"\r\n\r\n")
        return head

    async def rest(self) -> bytes:
        """All until the server ends the connection."""
        while data := await self._loop.sock_recv(self._viewer, _CHUNK_BYTES):
            self._buffer += data
        return self._buffer

    async def frame(self) -> bytes:
        """The payload of the next frame."""
        while len(self._buffer) < 2:
            await self._more()
        start, size = 2, self._buffer[1]
        if size >= 126:
            start = 4 if size == 126 else 10
            while len(self._buffer) < start:
                await self._more()
            size = int.from_bytes(self._buffer[2:start], "big")
        while len(self._buffer) < start + size:
            await self._more()
        opcode, payload = self._buffer[0] & 0x0F, self._buffer[start : start + size]
        self._buffer = self._buffer[start + size :]
        if opcode == _CLOSE:
            raise SystemExit(f"the server closed a websocket: {payload!r}")
        return payload

    async def between_frames(self) -> None:
        """Read on to the end of a frame, where the drain can begin."""
        while self._buffer:
            await self.frame()

    async def upgrade(self, path: str) -> None:
        key = base64.b64encode(os.urandom(16)).decode()
        await self.send(
            f"GET {path} HTTP/1.1\r\nHost: benchmark\r\nUpgrade: websocket\r\n"
            f"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            f"Sec-WebSocket-Key: {key}\r\n\r\n".encode()
        )
        head = await self.head()
        if not head.startswith(b"HTTP/1.1 101"):
            raise SystemExit(f"no websocket at {path}: {head[:200]!r}")

    async def _more(self) -> None:
        data = await self._loop.sock_recv(self._viewer, _CHUNK_BYTES)
        if not data:
            raise SystemExit(f"the server ended a connection after {self._buffer[:200]!r}")
        self._buffer += data


class Viewers:
    """Makes viewers, and keeps their sockets."""

    def __init__(self, plan: ViewersPlan) -> None:
        self._plan = plan
        self._sockets: list[socket.socket] = []
        self._greet: Callable[[Talk, int], Awaitable[None]] = {
            "bare": self._bare,
            "websocket": self._websocket,
            "socket.io": self._socketio,
            "colyseus": self._colyseus,
            "seatengine": self._seatengine,
        }[plan.protocol]

    async def connect(self, viewers: int) -> None:
        """Have so many viewers; a bounded number of them shakes hands at once."""
        waiting = iter(range(len(self._sockets), viewers))

        async def keep_connecting() -> None:
            for number in waiting:
                async with asyncio.timeout(_ANSWER_S):
                    viewer = await self._open(number)
                    talk = Talk(viewer)
                    await self._greet(talk, number)
                    await talk.between_frames()
                self._sockets.append(viewer)

        async with asyncio.TaskGroup() as group:
            for _ in range(_AT_ONCE):
                group.create_task(keep_connecting())

    def drain(self) -> None:
        """Become the drain, which finds the sockets among its descriptors."""
        for viewer in self._sockets:
            viewer.set_inheritable(True)
        os.execv(self._plan.drain[0], self._plan.drain)

    async def _open(self, number: int) -> socket.socket:
        viewer = socket.socket()
        viewer.setblocking(False)
        viewer.setsockopt(socket.IPPROTO_IP, _IP_BIND_ADDRESS_NO_PORT, 1)
        viewer.bind((f"127.0.0.{1 + number // _VIEWERS_PER_ADDRESS}", 0))
        address = ("127.0.0.1", self._plan.port)
        await asyncio.get_running_loop().sock_connect(viewer, address)
        return viewer

    async def _bare(self, talk: Talk, _number: int) -> None:
        """A first frame: until then the server may not know of the connection."""
        await talk.frame()

    async def _websocket(self, talk: Talk, _number: int) -> None:
        await talk.upgrade(self._plan.path)

    async def _socketio(self, talk: Talk, _number: int) -> None:
        """Engine.IO 4 without its polling; then Socket.IO's CONNECT to the main namespace."""
        await talk.upgrade(self._plan.path)
        opened = await talk.frame()
        await talk.send_frame(b"40", _TEXT)
        connected = await talk.frame()
        if not opened.startswith(b"0{") or not connected.startswith(b"40{"):
            raise SystemExit(f"socket.io greets with {opened!r}, {connected!r}")

    async def _colyseus(self, talk: Talk, number: int) -> None:
        """A seat in the room over HTTP; then the websocket, on which both sides say: joined."""
        desk = await self._open(number)
        try:
            asking = Talk(desk)
            await asking.send(
                f"POST {self._plan.path} HTTP/1.1\r\nHost: benchmark\r\nConnection: close\r\n"
                "Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}".encode()
            )
            head = await asking.head()
            seat = await asking.rest()
        finally:
            desk.close()
        if not head.startswith(b"HTTP/1.1 200"):
            raise SystemExit(f"colyseus has no seat: {head!r} {seat!r}")
        where = msgspec.json.decode(seat, type=_ColyseusSeat)
        await talk.upgrade(f"/{where.processId}/{where.roomId}?sessionId={where.sessionId}")
        joined = await talk.frame()
        if not joined.startswith(_COLYSEUS_JOIN):
            raise SystemExit(f"colyseus greets with {joined!r}")
        await talk.send_frame(_COLYSEUS_JOIN)

    async def _seatengine(self, talk: Talk, _number: int) -> None:
        """Hello, then a Look, as a page does that was opened on part of the map."""
        greeting = self._plan.greeting
        assert greeting is not None
        token = ViewerTokens(greeting.secret).mint()[1]
        hello = wire.Hello(wire.PROTOCOL_VERSION, token, greeting.event)
        await talk.upgrade(self._plan.path)
        await talk.send_frame(wire.encode_message(hello))
        await self._heard(talk, wire.Mine)
        await talk.send_frame(wire.encode_message(greeting.look))
        await self._heard(talk, wire.Totals)

    async def _heard(self, talk: Talk, kind: type) -> None:
        while type(wire.decode_server_message(await talk.frame())) is not kind:
            pass


class _ColyseusSeat(msgspec.Struct):
    roomId: str
    processId: str
    sessionId: str


def _main() -> None:
    # Unbuffered, so line by line and never ahead: what follows "drain" is for the drain.
    orders = os.fdopen(os.dup(0), "rb", buffering=0)
    plan = msgspec.json.decode(orders.readline(), type=ViewersPlan)
    viewers = Viewers(plan)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        while order := orders.readline():
            if order == b"drain\n":
                viewers.drain()
            runner.run(viewers.connect(int(order.split()[1])))
            print(order.split()[1].decode(), flush=True)


if __name__ == "__main__":
    _main()
