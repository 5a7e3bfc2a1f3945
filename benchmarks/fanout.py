"""What it costs to tell everybody the same: our edge, a C loop of send(), and the usual servers."""

from __future__ import annotations

import asyncio
import resource
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Final

import msgspec
import uvloop
from cyclopts import Parameter
from cyclopts.validators import Number

from benchmarks import fanout_peers
from benchmarks.fanout_peers import PEERS, NotHere, PeerName
from benchmarks.fanout_sides import Broadcasting, Side, SideFailed, broadcasting
from benchmarks.process import temporary_folder
from benchmarks.report import finish, median, say
from gateway.demo.child import ChildFailed
from seatengine.errors import SeatEngineError

_SIDE_S: Final = 80.0
# New connections acknowledge every packet at once, which the sender's time would show.
_WARM_UP_ROUNDS: Final = 20
_SPARE_FILES: Final = 200
_MOST_FILES: Final = 100_000


class TooFewFiles(SeatEngineError):
    """This process may not open as many files as there are viewers."""

    code = "too-few-files"


class Cost(msgspec.Struct, frozen=True):
    """`ratio_floor` is to the floor's batches between this server's; `frame_bytes` is what one
    frame was on the wire."""

    us_per_frame: float
    ratio_floor: float | None
    kib_per_viewer: float
    frame_bytes: float


class SizeResult(msgspec.Struct, frozen=True):
    """Processor time of the server for each frame, kernel included, and its memory for each idle
    viewer. The floor is a C loop of send(), null without a compiler; a peer is null when it could
    not be measured here."""

    us_per_frame: float
    floor_us_per_frame: float | None
    ratio_floor: float | None
    kib_per_viewer: float
    frame_bytes: float
    peers: dict[str, Cost | None]


class FanoutResult(msgspec.Struct, frozen=True):
    """By number of viewers."""

    viewers: dict[int, SizeResult]


def fanout(
    *,
    viewers: Annotated[
        tuple[int, ...], Parameter(validator=Number(gte=2, lte=18_000), negative="")
    ] = (1_000, 10_000),
    frames: Annotated[int, Parameter(validator=Number(gte=1, lte=10_000_000))] = 30_000,
    batches: Annotated[int, Parameter(validator=Number(gte=1, lte=100))] = 5,
    peers: Annotated[tuple[PeerName, ...], Parameter(negative="")] = PEERS,
    json: bool = False,
) -> FanoutResult:
    """One small frame to everybody: our server, a C loop of send(), and the usual servers.

    Each server has a process of its own, and so have its viewers, who only read and count; every
    round begins when all of them have the frame of the one before. Each side takes turns with the
    C loop, batch by batch. A peer that cannot be measured is null, and standard error says why.

    Parameters
    ----------
    viewers
        How many are connected; may be given several times.
    frames
        About how many frames a batch sends, in whole rounds.
    batches
        How often each side is measured; the figures are medians.
    peers
        Which to measure beside; may be given several times.
    json
        Print the result as one JSON object on the last line.
    """
    files = _may_open(max(viewers) + _SPARE_FILES)
    with temporary_folder() as folder:
        found = {
            count: uvloop.run(_Measure(folder, count, frames, batches, files).all(peers))
            for count in viewers
        }
    result = FanoutResult(found)
    finish(result, json=json)
    return result


def _may_open(files: int) -> int:
    """Let this process and its children open as many files as they may. Raises TooFewFiles."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    if most != resource.RLIM_INFINITY and most < files:
        raise TooFewFiles(
            f"{files} open files are needed and {most} allowed: raise the hard limit (ulimit -Hn), "
            "or measure with fewer --viewers"
        )
    allowed = _MOST_FILES if most == resource.RLIM_INFINITY else most
    resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, most))
    return allowed


class _Measure:
    """All sides with one number of viewers."""

    def __init__(self, folder: Path, viewers: int, frames: int, batches: int, files: int) -> None:
        self._folder = folder
        self._viewers = viewers
        self._rounds = max(1, frames // viewers)
        self._batches = batches
        self._files = files
        self._drain = fanout_peers.drain(folder)

    async def all(self, peers: tuple[PeerName, ...]) -> SizeResult:
        say(f"{self._viewers:,} viewers")
        async with self._floor() as floor:
            ours = await self._side(fanout_peers.seatengine(), floor)
            beside: dict[str, Cost | None] = {}
            for name in peers:
                try:
                    side = fanout_peers.peer(name, self._files)
                    cost, _ = await self._side(side, floor)
                except (NotHere, ChildFailed) as error:
                    print(f"benchmarks: {name} was not measured: {error}", file=sys.stderr)
                    beside[name] = None
                else:
                    beside[name] = cost
        cost, floor_us = ours
        return SizeResult(
            us_per_frame=cost.us_per_frame,
            floor_us_per_frame=floor_us,
            ratio_floor=cost.ratio_floor,
            kib_per_viewer=cost.kib_per_viewer,
            frame_bytes=cost.frame_bytes,
            peers=beside,
        )

    @asynccontextmanager
    async def _floor(self) -> AsyncIterator[Broadcasting | None]:
        try:
            side = fanout_peers.floor(self._folder)
        except NotHere as error:
            print(f"benchmarks: the floor was not measured: {error}", file=sys.stderr)
            yield None
            return
        async with broadcasting(side, self._viewers, self._drain, self._folder) as floor:
            await floor.rounds(_WARM_UP_ROUNDS)
            yield floor

    async def _side(self, side: Side, floor: Broadcasting | None) -> tuple[Cost, float | None]:
        """What a side costs, and the floor meanwhile."""
        took: list[float] = []
        floor_took: list[float] = []
        try:
            async with (
                asyncio.timeout(_SIDE_S),
                broadcasting(side, self._viewers, self._drain, self._folder) as up,
            ):
                await up.rounds(_WARM_UP_ROUNDS)
                for _ in range(self._batches):
                    took.append(await up.rounds(self._rounds))
                    if floor is not None:
                        floor_took.append(await floor.rounds(self._rounds))
                await up.check()
        except TimeoutError:
            raise SideFailed(f"{side.name} took longer than {_SIDE_S:g} s") from None
        if floor is not None:
            await floor.check()
        us = median(took)
        floor_us = median(floor_took) if floor_took else None
        cost = Cost(
            us_per_frame=round(us, 2),
            ratio_floor=round(us / floor_us, 2) if floor_us else None,
            kib_per_viewer=round(up.kib_per_viewer, 1),
            frame_bytes=round(up.frame_bytes, 1),
        )
        beside = f", {cost.ratio_floor:.2f} x the floor" if cost.ratio_floor else ""
        say(
            f"  {side.name:<12} {us:6.2f} us a frame{beside}; "
            f"{cost.kib_per_viewer:.1f} KiB a viewer; {cost.frame_bytes:g} bytes a frame"
        )
        return cost, round(floor_us, 2) if floor_us else None
