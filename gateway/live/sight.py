"""What a viewer knows of an event by what it was told: the client's half of fanout.py. Pure.

Bots, tests and load tools keep one each; frontend/src/model/seats.ts is the browser's.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final, Protocol

import msgspec
import numpy as np
import numpy.typing as npt

from gateway.live import wire
from gateway.live.chart_view import ChartView
from gateway.live.tile_forms import (
    CountedTile,
    read_entries,
    read_tile_runs,
    read_varint,
    tile_runs,
    unpack_statuses,
)
from gateway.live.zone_forms import ZoneLeft, read_zones
from seatengine.chart.seat_table import GroupKind
from seatengine.limits import MAX_MESSAGE_BYTES

I32 = npt.NDArray[np.int32]

# Half of what a client may say at once; who knows more is told everything anew.
_MAX_CLAIM_BYTES: Final = MAX_MESSAGE_BYTES // 2

# The same bytes come to all who look at the same, and many of them may live in one process.
_KEPT_READINGS: Final = 256

UNKNOWN = 255
"""Stands for the status of a place that was never told."""


class Tiling(Protocol):
    """What a client must know of a chart's tiles, which do not change; see TileIndex."""

    count: int
    places: I32
    starts: I32
    sizes: I32
    counted: npt.NDArray[np.bool_]
    zone_categories: npt.NDArray[np.int64]

    def __hash__(self) -> int: ...


class TileIndex:
    """The Tiling of a chart view: what a client can know without the chart's SeatTable.

    chart_hash: of the chart · size: how many places it has · tile_of: int32 by place, -1 for none ·
    zone_categories: int32 by zone, how many categories it has places of; the last zone is that of
    places without a section.
    """

    def __init__(self, view: ChartView) -> None:
        self.chart_hash = view.hash
        self.size = view.size
        tile_of = _tile_column(view.tile, view.size)
        group = np.cumsum(np.frombuffer(view.group, "<i4"), dtype=np.int32)
        areas = np.array([g.kind == GroupKind.AREA for g in view.groups] + [False], np.bool_)
        sections = np.array([g.section for g in view.groups] + [-1], np.int32)[group]
        category = np.frombuffer(view.category, np.uint8)
        zones = np.where(sections >= 0, sections, len(view.sections))
        inside = np.flatnonzero(tile_of >= 0)
        self.tile_of = tile_of
        self.count = int(tile_of.max(initial=-1)) + 1
        self.places = inside[np.argsort(tile_of[inside], kind="stable")].astype(np.int32)
        self.sizes = np.bincount(tile_of[inside], minlength=self.count).astype(np.int32)
        self.starts = np.concatenate([[0], np.cumsum(self.sizes)]).astype(np.int32)
        self.counted: npt.NDArray[np.bool_] = areas[group[self.places[self.starts[:-1]]]]
        pairs = np.unique(zones[inside].astype(np.int64) * 256 + category[inside])
        self.zone_categories = np.bincount(pairs >> 8, minlength=len(view.sections) + 1)


class Sight:
    """`statuses`: uint8 by place, UNKNOWN where nothing was told; those of tiles outside `mask` are
    stale. `areas`: places left by counted tile. `zones`: what is left by zone, stale while
    `zones_told` is false. `left`: by category, from Totals.

    `mask` is what is watched, `known` the part of it that has been told whole since it is watched:
    after a break no more may be claimed, as the break may have come between the two.
    """

    def __init__(self, tiles: Tiling, size: int) -> None:
        self.tiles = tiles
        self.statuses = np.full(size, UNKNOWN, np.uint8)
        self.areas: dict[int, int] = {}
        self.zones: dict[int, ZoneLeft] = {}
        self.left: list[int] = []
        self.epoch = 0
        self.seq = 0
        self.zones_seq = 0
        self.mask = 0
        self.known = 0
        self.zones_told = False

    def hello(self, token: str, event: str) -> wire.Hello:
        """The Hello that says what is known already."""
        known = tile_runs(self.known)
        if len(known) > _MAX_CLAIM_BYTES:
            known = b""
        return wire.Hello(
            wire.PROTOCOL_VERSION,
            token,
            event,
            self.epoch,
            self.seq,
            known,
            self.zones_seq if self.zones_told else 0,
        )

    def take(self, message: wire.ServerMessage) -> bool:
        """Take in what concerns places and zones; False for any other message. Raises BadForm."""
        if isinstance(message, wire.Tiles):
            self._take_tiles(message)
        elif isinstance(message, wire.Zones):
            self._take_zones(message)
        elif isinstance(message, wire.View):
            self._take_view(message)
        elif isinstance(message, wire.Watching):
            self.mask = read_tile_runs(message.tiles, self.tiles.count)
            self.known &= self.mask
            self.zones_told = message.zones
        elif isinstance(message, wire.Totals):
            self.left = message.left
        else:
            if isinstance(message, wire.Welcome) and message.epoch != self.epoch:
                self.epoch, self.seq, self.zones_seq, self.known = message.epoch, 0, 0, 0
            return False
        return True

    def _take_tiles(self, message: wire.Tiles) -> None:
        told = _read_tiles(self.tiles, message.packed)
        self.statuses[told.places] = told.statuses
        self.areas.update(told.left)
        self.known |= told.whole & self.mask
        self.seq = message.seq

    def _take_view(self, message: wire.View) -> None:
        self.statuses = unpack_statuses(message.statuses, message.count).copy()
        for tile in np.flatnonzero(self.tiles.counted).tolist():
            places = self.tiles.places[self.tiles.starts[tile] : self.tiles.starts[tile + 1]]
            self.areas[tile] = int(np.count_nonzero(self.statuses[places] == 0))
        self.known = self.mask
        self.seq = message.seq

    def _take_zones(self, message: wire.Zones) -> None:
        self.zones.update(_read_zones(self.tiles, message.packed))
        self.zones_seq = message.seq


class _ToldTiles(msgspec.Struct, frozen=True):
    """`statuses[i]` is that of `places[i]`; `left` by counted tile; `whole` are the tiles that were
    told in full, as bits."""

    places: I32
    statuses: npt.NDArray[np.uint8]
    left: dict[int, int]
    whole: int


@lru_cache(maxsize=_KEPT_READINGS)
def _read_tiles(tiles: Tiling, packed: bytes) -> _ToldTiles:
    """What packed Tiles say. Raises BadForm."""
    at: list[int] = []
    statuses: list[int] = []
    left: dict[int, int] = {}
    whole = 0
    for told in read_entries(packed, tiles.sizes, tiles.counted):
        if isinstance(told, CountedTile):
            left[told.tile] = told.left
            whole |= 1 << told.tile
            continue
        first = int(tiles.starts[told.tile])
        at += [first + offset for offset in told.offsets]
        statuses += told.statuses
        if len(told.offsets) == tiles.sizes[told.tile]:
            whole |= 1 << told.tile
    places = tiles.places[np.array(at, np.int32)]
    return _ToldTiles(places, np.array(statuses, np.uint8), left, whole)


@lru_cache(maxsize=_KEPT_READINGS)
def _read_zones(tiles: Tiling, packed: bytes) -> dict[int, ZoneLeft]:
    """What packed Zones say. Raises BadForm."""
    return {zone.zone: zone for zone in read_zones(packed, tiles.zone_categories)}


def _tile_column(runs: bytes, size: int) -> I32:
    """The tile of each place from ChartView.tile, int32 of length `size`. Raises BadForm."""
    tile_of = np.full(size, -1, np.int32)
    at = place = 0
    tile = -1
    while at < len(runs):
        step, at = read_varint(runs, at)
        count, at = read_varint(runs, at)
        tile += step // 2 if step % 2 == 0 else -(step + 1) // 2
        tile_of[place : place + count] = tile
        place += count
    return tile_of
