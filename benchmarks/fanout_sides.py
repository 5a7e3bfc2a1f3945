"""The servers of the fan-out benchmark: how each is started, and what it costs to broadcast."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import msgspec

from benchmarks.fanout_viewers import Greeting, Protocol, ViewersPlan
from benchmarks.process import resident_kib, run_seconds
from gateway.demo.child import Child, ChildFailed

_READY_S: Final = 60.0
_CONNECT_S: Final = 90.0
_ROUND_S: Final = 20.0
_BATCH_S: Final = 1.5
# As a server's ticks are: one that sent without a pause would find its caches warm every time.
_ROUND_EVERY_S: Final = 0.025
_IDLE_S: Final = 1.0
_SETTLE_S: Final = 15.0
_FIRST_VIEWERS: Final = 64


class Program(Child):
    """A process of any kind, told what to do line by line."""

    @classmethod
    async def launch(cls, command: list[str], log: Path) -> Program:
        with log.open("wb") as errors:
            process = await asyncio.create_subprocess_exec(
                *command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                start_new_session=True,
            )
        return cls(Path(command[0]).name, process, log)

    def order(self, line: str) -> None:
        """Say a line; nothing waits for it."""
        assert self._process.stdin is not None
        self._process.stdin.write(line.encode() + b"\n")


class Listening(msgspec.Struct):
    """What a server says first. `greeting` is Seat Engine's."""

    port: int
    pid: int
    greeting: Greeting | None = None


class Side(msgspec.Struct):
    """A server to measure. `path` is where its websockets are, or its desk for Colyseus."""

    name: str
    command: list[str]
    protocol: Protocol = "websocket"
    path: str = "/"


class _Counted(msgspec.Struct):
    frames: int
    bytes: int


class _Totals(msgspec.Struct):
    frames_min: int
    frames_max: int
    bytes_min: int
    bytes_max: int
    inside_a_frame: int


class SideFailed(ChildFailed):
    """A side that could not be measured."""

    code = "side-failed"


class Broadcasting:
    """A server with all its viewers, ready for rounds. Made by `broadcasting`."""

    def __init__(self, server: Program, drain: Program, pid: int, kib_per_viewer: float) -> None:
        self._server = server
        self._drain = drain
        self._pid = pid
        self.kib_per_viewer = kib_per_viewer
        self.counted = _Counted(0, 0)

    @property
    def frame_bytes(self) -> float:
        """What a frame was on the wire, on average."""
        return self.counted.bytes / self.counted.frames

    async def rounds(self, count: int) -> float:
        """Broadcast so often, each time to viewers that have read what came before; less often
        when that takes too long.

        Returns the server's processor time in microseconds for each frame that arrived."""
        # What came of itself since the last batch was paid for before this one.
        await self._count("count")
        loop = asyncio.get_running_loop()
        next_s = loop.time()
        until_s = next_s + _BATCH_S
        before, before_s = self.counted.frames, run_seconds(self._pid)
        for _ in range(count):
            await asyncio.sleep(next_s - loop.time())
            next_s = loop.time() + _ROUND_EVERY_S
            # The viewers first, so that they know of the round before its frames are there.
            self._drain.order("round")
            self._server.order("broadcast")
            await self._count()
            if loop.time() > until_s:
                break
        took_s = run_seconds(self._pid) - before_s
        return took_s / (self.counted.frames - before) * 1e6

    async def _count(self, order: str = "") -> None:
        """Read the drain's count, which it is asked for or gives at the end of a round."""
        if order:
            self._drain.order(order)
        self.counted = msgspec.json.decode(await self._answer(_ROUND_S), type=_Counted)

    async def _answer(self, within_s: float) -> bytes:
        line = await self._drain.line(within_s)
        if not line:
            raise self._drain.failed()
        return line

    async def settle(self) -> None:
        """Let the viewers read what is left, and count from here."""
        self._drain.order("settle")
        await self._answer(_SETTLE_S)
        self.counted = _Counted(0, 0)

    async def check(self) -> None:
        """Every viewer got every frame whole. Raises SideFailed."""
        self._drain.order("totals")
        totals = msgspec.json.decode(await self._answer(_SETTLE_S), type=_Totals)
        if (
            totals.frames_min != totals.frames_max
            or totals.bytes_min != totals.bytes_max
            or totals.inside_a_frame
        ):
            raise SideFailed(f"viewers did not all get the same: {totals}")


@asynccontextmanager
async def broadcasting(
    side: Side, viewers: int, drain: list[str], folder: Path
) -> AsyncIterator[Broadcasting]:
    """Start `side`, connect its viewers, and see what they take of its memory."""
    server = await Program.launch(side.command, folder / f"{side.name}.log")
    try:
        line = await server.line(_READY_S)
        if not line:
            raise server.failed()
        listening = msgspec.json.decode(line, type=Listening)
        crowd = await Program.launch(
            [sys.executable, "-m", "benchmarks.fanout_viewers"], folder / f"{side.name}-viewers.log"
        )
        try:
            await crowd.say(
                ViewersPlan(side.protocol, listening.port, side.path, drain, listening.greeting)
            )
            first = min(_FIRST_VIEWERS, viewers // 2)
            kib_before = await _with_viewers(server, crowd, listening.pid, first)
            kib_after = await _with_viewers(server, crowd, listening.pid, viewers)
            crowd.order("drain")
            side_up = Broadcasting(
                server, crowd, listening.pid, (kib_after - kib_before) / (viewers - first)
            )
            await side_up.settle()
            yield side_up
        finally:
            await crowd.stop()
    finally:
        await server.stop()


async def _with_viewers(server: Program, crowd: Program, pid: int, viewers: int) -> int:
    """What the server has in memory once so many viewers are connected and it is idle."""
    crowd.order(f"connect {viewers}")
    if not await crowd.line(_CONNECT_S):
        raise crowd.failed()
    server.order("settle")
    await asyncio.sleep(_IDLE_S)
    return resident_kib(pid)
