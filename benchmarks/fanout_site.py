"""Seat Engine as a side of the fan-out benchmark: the edge of the real server in one process.

`python -m benchmarks.fanout_site` puts a stadium on sale and listens on loopback with the server's
own edge, hub and runner. For every line "broadcast" somebody holds ten seats that all viewers
look at, or releases them, and the tick that follows tells everyone: in forty bytes or so, because
the seats are of ten tiles. The journal alone is left out:
what a commit costs is measured by `holds`.
"""

from __future__ import annotations

import asyncio
import secrets
import socket
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Final

import msgspec
import numpy as np
import uvloop
from starlette.applications import Starlette

from benchmarks import venue
from benchmarks.fanout_viewers import Greeting
from benchmarks.peers_fanout.orders import obey
from gateway.app import SystemClock, listen
from gateway.http.connection import HttpEdge
from gateway.live import wire
from gateway.live.connection import LiveEdge
from gateway.live.hub import Hub
from gateway.live.session import Purchase
from gateway.sale.auth import ViewerTokens
from seatengine.chart.seat_table import SeatTable
from seatengine.chart.tiles import Box, TileMap
from seatengine.core import commands, entries
from seatengine.core.outputs import Accepted, Code, Refusal
from seatengine.core.shard import Shard
from seatengine.ids import CommandId, Epoch, EventId, HolderId, HoldId, Seq
from seatengine.limits import MAX_CONNECTIONS
from seatengine.ports import Append, Frame
from seatengine.shell.collector import calm_collector
from seatengine.shell.loop_lag import LoopLag
from seatengine.shell.runner import Outcome, Runner

_SOMEBODY: Final = HolderId("v_somebody")
_SEATS_HELD: Final = 10
_SEAT_PX: Final = 12.0
_SCREEN_PX: Final = (1280.0, 800.0)
_SWEEP_S: Final = 2.0
_BACKLOG: Final = 4096


class ForgetfulStore:
    """A Journal and a SnapshotStore that keep nothing."""

    async def append(self, _appends: Sequence[Append]) -> frozenset[EventId]:
        return frozenset()

    async def read(self, _event: EventId, _after_seq: Seq, _max_frames: int) -> list[Frame]:
        return []

    async def save(self, _event: EventId, _seq: Seq, _data: bytes) -> None:
        pass

    async def latest(self, _event: EventId) -> tuple[Seq, bytes] | None:
        return None


class Somebody:
    """Holds the same seats again and again, and releases them in between."""

    def __init__(self, runner: Runner, places: list[int]) -> None:
        self._runner = runner
        self._places = places
        self._asked = 0
        self._hold: HoldId | None = None

    def act(self) -> None:
        """Change every seat once."""
        self._asked += 1
        ask = CommandId(f"{_SOMEBODY}/{self._asked}")
        command: commands.AnyCommand
        if self._hold is None:
            command = commands.HoldSeats(id=ask, holder=_SOMEBODY, places=self._places)
        else:
            command = commands.ReleaseHold(id=ask, holder=_SOMEBODY, hold=self._hold)
        self._runner.submit(venue.EVENT, command, self._heard)

    def _heard(self, outcome: Outcome) -> None:
        if not isinstance(outcome, Accepted):
            raise SystemExit(f"the seats could not be held or released: {outcome}")
        self._hold = HoldId(outcome.seq) if isinstance(outcome.entry, entries.SeatsHeld) else None


async def _no_sale(_event: EventId, purchase: Purchase, _holder: HolderId) -> Refusal:
    return Refusal(purchase.command_id, Code.UNAVAILABLE)


def _look(tiles: TileMap, x: float, y: float) -> wire.Look:
    """A screen around a seat, near enough to pick."""
    zoom = _SEAT_PX / tiles.spacing
    width, height = (pixels / zoom / 2 for pixels in _SCREEN_PX)
    return wire.Look(x - width, y - height, x + width, y + height, zoom)


def _places_seen(tiles: TileMap, look: wire.Look) -> list[int]:
    """A place of each of some tiles in view."""
    seen = tiles.in_view(Box(look.x0, look.y0, look.x1, look.y1), look.floor)
    some = np.flatnonzero(seen & ~tiles.counted)[:_SEATS_HELD]
    return [int(place) for place in tiles.places[tiles.starts[some]]]


def _table() -> SeatTable:
    """The stadium's table, made elsewhere: viewers must not find room in what its making leaves
    behind, and so seem to cost nothing."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as elsewhere:
        return elsewhere.submit(venue.table, venue.SEATS).result()


async def _main(table: SeatTable) -> None:
    hub = Hub()
    store = ForgetfulStore()

    async def rebuild(_event: EventId) -> tuple[Shard, Epoch]:
        return venue.shard_on_sale(table), Epoch(1)

    runner = Runner(
        clock=SystemClock(), journal=store, snapshots=store, recover=rebuild, listener=hub
    )
    await runner.open(venue.EVENT)
    secret = secrets.token_urlsafe(32)
    edge = LiveEdge(runner, hub, ViewerTokens(secret).holder, _no_sale)
    tiles = TileMap(table)
    place = table.size // 2
    look = _look(tiles, float(table.x[place]), float(table.y[place]))
    somebody = Somebody(runner, _places_seen(tiles, look))
    greeting = msgspec.to_builtins(Greeting(secret, venue.EVENT, look))
    http_edge = HttpEdge(MAX_CONNECTIONS)
    loop_lag = LoopLag()
    loop_lag.start()
    with socket.create_server(("127.0.0.1", 0), backlog=_BACKLOG) as listening:
        serving = asyncio.create_task(listen(Starlette(), edge, http_edge, listening))
        sweeping = asyncio.create_task(_sweep(edge, http_edge))
        calm_collector()
        await obey(listening.getsockname()[1], somebody.act, greeting=greeting)
        sweeping.cancel()
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)
        loop_lag.stop()
        await runner.close()


async def _sweep(edge: LiveEdge, http_edge: HttpEdge) -> None:
    while True:
        await asyncio.sleep(_SWEEP_S)
        edge.sweep()
        http_edge.sweep()


if __name__ == "__main__":
    uvloop.run(_main(_table()))
