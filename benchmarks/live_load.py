"""Many viewers in one process that costs little, so that what is measured is the server.

`python -m benchmarks.live_load` reads a LoadPlan as a line of JSON, then a Phase as a line for each
phase to run, and answers each with a PhaseResult as a line. Viewers are a closed loop: each sends
its next message when the last one was answered. They speak the wire protocol and nothing else;
frames are masked with zeros, which costs the server as much as any other mask.
"""

from __future__ import annotations

import asyncio
import base64
import os
import sys
import time
from array import array
from typing import Final, Literal
from urllib.parse import urlsplit

import msgspec
import uvloop

from benchmarks.process import cpu_seconds
from gateway.live import wire

_MAX_PLAN_BYTES: Final = 8 * 1024 * 1024
_CONNECT_S: Final = 60.0
_DRAIN_S: Final = 20.0
_SETTLE_S: Final = 120.0
_QUIET_S: Final = 0.5
_QUIET_SHARE: Final = 0.05
_SETTLE_CHECKS: Final = int(_SETTLE_S / _QUIET_S)
_CONNECTING: Final = 50

_BINARY_FRAME: Final = 0x82
_MASKED: Final = 0x80
_NO_MASK: Final = bytes(4)
_HTTP_END: Final = b"\r\n\r\n"
# View, Tiles, Watching, Zones, Totals: what is told of places, to whoever looks.
_NEWS: Final = frozenset((2, 11, 12, 13, 14))
_MINE: Final = 4


class LoadPlan(msgspec.Struct):
    """Who connects where. Viewer k looks at `looks[k]`, where its own share of the first `seats`
    places lies, by index."""

    address: str
    server_pid: int
    event: str
    tokens: list[str]
    looks: list[wire.Look]
    seats: int


class Phase(msgspec.Struct):
    """`holds`: hold three seats, release them, again. `echo`: as many pings of the same size."""

    kind: Literal["holds", "echo"]
    seconds: float


class PhaseResult(msgspec.Struct):
    """`behind_s` is the processor time the server spent after the last answer, on what the
    operations leave to do: relational tables written behind."""

    ops: int
    seconds: float
    p50_ms: float
    p99_ms: float
    cpu_s: float
    behind_s: float
    frames_heard: int
    bytes_heard: int


class Load:
    """What all viewers share while a phase runs."""

    def __init__(self, plan: LoadPlan) -> None:
        self.plan = plan
        self.kind: Literal["holds", "echo"] = "holds"
        self.running = False
        self.waiting = 0
        self.latencies_s = array("d")
        self.frames_heard = 0
        self.bytes_heard = 0
        self.idle = asyncio.Event()
        self.over = False

    def answered(self, sent_s: float) -> bool:
        """An answer came; whether to go on."""
        self.latencies_s.append(time.perf_counter() - sent_s)
        if self.running:
            return True
        self.waiting -= 1
        if not self.waiting:
            self.idle.set()
        return False


class Viewer(asyncio.Protocol):
    """One viewer in a closed loop."""

    def __init__(self, load: Load, number: int) -> None:
        plan = load.plan
        self._load = load
        self._buffer = b""
        self._upgraded = False
        self._number = number
        self._asked = 0
        self._sent_s = 0.0
        begin, end = share(number, len(plan.tokens), plan.seats)
        self._triples = [[first, first + 1, first + 2] for first in range(begin, end - 2, 3)]
        self.greeted: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: asyncio.WriteTransport = transport  # type: ignore[assignment]
        key = base64.b64encode(os.urandom(16)).decode()
        self._transport.write(
            f"GET /live HTTP/1.1\r\nHost: benchmark\r\nUpgrade: websocket\r\n"
            f"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            f"Sec-WebSocket-Key: {key}\r\n\r\n".encode()
        )

    def connection_lost(self, error: Exception | None) -> None:
        if not self._load.over:
            raise SystemExit(f"viewer {self._number}: the server closed the connection ({error})")

    def data_received(self, data: bytes) -> None:
        if self._buffer:
            data = self._buffer + data
            self._buffer = b""
        if not self._upgraded:
            head, found, data = data.partition(_HTTP_END)
            if not found:
                self._buffer = head
                return
            if not head.startswith(b"HTTP/1.1 101"):
                raise SystemExit(f"no websocket: {head[:80]!r}")
            self._upgraded = True
            plan = self._load.plan
            hello = wire.Hello(wire.PROTOCOL_VERSION, plan.tokens[self._number], plan.event)
            look = plan.looks[self._number]
            self._write(b"".join(_masked(wire.encode_message(said)) for said in (hello, look)))
        at, size = 0, len(data)
        while at + 2 <= size:
            start, length = at + 2, data[at + 1]
            if length >= 126:
                width = 2 if length == 126 else 8
                start += width
                if start > size:
                    break
                length = int.from_bytes(data[start - width : start], "big")
            end = start + length
            if end > size:
                break
            self._hear(data, start, end, data[at])
            at = end
        self._buffer = data[at:]

    def _hear(self, data: bytes, start: int, end: int, first: int) -> None:
        load = self._load
        load.frames_heard += 1
        load.bytes_heard += end - start
        if first != _BINARY_FRAME:
            raise SystemExit(f"viewer {self._number}: closed: {data[start:end]!r}")
        # A message is an array whose first element is its tag; most are news of the places.
        tag = data[start + 1]
        if tag in _NEWS:
            return
        if not self.greeted.done():
            if tag == _MINE:
                self.greeted.set_result(None)
            return
        message = wire.decode_server_message(data[start:end])
        if not load.answered(self._sent_s):
            self._after(message)
        elif type(message) is wire.Held:
            self._release(message.state.hold)
        elif type(message) is wire.Pong:
            self._ping()
        elif type(message) is wire.Ended:
            self._hold()
        else:
            raise SystemExit(f"viewer {self._number}: unexpected {message}")

    def start(self) -> None:
        """Begin the loop of the phase that runs."""
        self._load.waiting += 1
        if self._load.kind == "holds":
            self._hold()
        else:
            self._ping()

    def _after(self, message: wire.ServerMessage) -> None:
        """The phase is over; nothing stays held."""
        if type(message) is wire.Held:
            self._load.waiting += 1
            self._load.idle.clear()
            self._release(message.state.hold)

    def _hold(self) -> None:
        self._asked += 1
        triple = self._triples[self._asked % len(self._triples)]
        self._send(wire.Hold(f"{self._asked:08x}", triple))

    def _release(self, hold: int) -> None:
        self._asked += 1
        self._send(wire.Release(f"{self._asked:08x}", hold))

    def _ping(self) -> None:
        """Alternately as long as a Hold and a Release: unknown trailing fields are ignored."""
        self._asked += 1
        self._write(_PINGS[self._asked % 2])

    def _send(self, message: wire.ClientMessage) -> None:
        self._write(_masked(wire.encode_message(message)))

    def _write(self, frame: bytes) -> None:
        self._sent_s = time.perf_counter()
        self._transport.write(frame)


def share(number: int, viewers: int, seats: int) -> tuple[int, int]:
    """The places of viewer `number`, from and up to an index."""
    return number * seats // viewers, (number + 1) * seats // viewers


def _masked(payload: bytes) -> bytes:
    size = len(payload)
    head = (
        bytes((_BINARY_FRAME, _MASKED | size))
        if size < 126
        else bytes((_BINARY_FRAME, _MASKED | 126)) + size.to_bytes(2, "big")
    )
    return head + _NO_MASK + payload


def _padded_ping(like: wire.ClientMessage) -> bytes:
    size = len(wire.encode_message(like))
    for padding in range(size):
        ping = msgspec.msgpack.encode([10, 1_000_000, " " * padding])
        if len(ping) == size:
            wire.decode_client_message(ping)
            return _masked(ping)
    raise AssertionError(f"no ping is {size} bytes long")


_PINGS: Final = (
    _padded_ping(wire.Hold("00000001", [90_000, 90_001, 90_002])),
    _padded_ping(wire.Release("00000001", 1_000_000)),
)


async def _connect(load: Load) -> list[Viewer]:
    """All viewers, greeted by the server; a bounded number shake hands at once."""
    parts = urlsplit(load.plan.address)
    host, port = parts.hostname or "", parts.port or 0
    loop = asyncio.get_running_loop()
    door = asyncio.Semaphore(_CONNECTING)

    async def one(number: int) -> Viewer:
        async with door:
            _, viewer = await loop.create_connection(lambda: Viewer(load, number), host, port)
            await viewer.greeted
            return viewer

    async with asyncio.timeout(_CONNECT_S):
        return list(await asyncio.gather(*map(one, range(len(load.plan.tokens)))))


async def _run(load: Load, viewers: list[Viewer], phase: Phase) -> PhaseResult:
    pid = load.plan.server_pid
    load.kind, load.running, load.waiting = phase.kind, True, 0
    load.latencies_s = array("d")
    load.frames_heard = load.bytes_heard = 0
    load.idle.clear()
    begun_cpu_s, begun_s = cpu_seconds(pid), time.perf_counter()
    for viewer in viewers:
        viewer.start()
    await asyncio.sleep(phase.seconds)
    load.running = False
    async with asyncio.timeout(_DRAIN_S):
        await load.idle.wait()
    seconds, cpu_s = time.perf_counter() - begun_s, cpu_seconds(pid) - begun_cpu_s
    behind_s = await _settle(pid)
    ordered = sorted(load.latencies_s)
    return PhaseResult(
        ops=len(ordered),
        seconds=seconds,
        p50_ms=ordered[len(ordered) // 2] * 1_000,
        p99_ms=ordered[len(ordered) * 99 // 100] * 1_000,
        cpu_s=cpu_s,
        behind_s=behind_s,
        frames_heard=load.frames_heard,
        bytes_heard=load.bytes_heard,
    )


async def _settle(pid: int) -> float:
    """Wait until the server has nothing left to do; the processor time it took for that."""
    begun = before = cpu_seconds(pid)
    for _ in range(_SETTLE_CHECKS):
        await asyncio.sleep(_QUIET_S)
        now = cpu_seconds(pid)
        if now - before <= _QUIET_S * _QUIET_SHARE:
            return now - begun
        before = now
    raise SystemExit(f"the server was not quiet after {_SETTLE_S:g} s")


async def _main() -> None:
    reader = asyncio.StreamReader(limit=_MAX_PLAN_BYTES)
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    load = Load(msgspec.json.decode(await reader.readline(), type=LoadPlan))
    viewers = await _connect(load)
    while line := await reader.readline():
        result = await _run(load, viewers, msgspec.json.decode(line, type=Phase))
        sys.stdout.write(msgspec.json.encode(result).decode() + "\n")
        sys.stdout.flush()
    load.over = True


if __name__ == "__main__":
    uvloop.run(_main())
