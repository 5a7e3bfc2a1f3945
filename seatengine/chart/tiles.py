"""Tiles: the blocks of places that viewers watch, and which of them a viewport needs.

A tile is at most TILE_PLACES places of one zone that sit near each other; an area is one tile of
any size, because its places look alike. The cut is a function of (section, group, SeatIndex)
alone and walks in the order of indexes: to move, renumber or recategorise a seat leaves every tile
as it was, and places that are added later get tiles of their own behind the others.

A *zone* is a section of the chart; one more, the last, is for places of no section.
"""

from __future__ import annotations

from typing import Final

import msgspec
import numpy as np
import numpy.typing as npt

from seatengine.chart.seat_table import RETIRED, GroupKind, SeatTable

TILE_PLACES: Final = 64
"""With so many places an offset and a 2-bit status share one byte."""

# A tile is cut from rows in bands of so many seats, so that it is about as wide as it is deep.
_BAND: Final = 16
# Beyond any band of any row: a place has fewer than 2 ** 24 neighbours.
_BANDS: Final = 1 << 24
_USUAL_SPACING: Final = 20.0

I32 = npt.NDArray[np.int32]
I64 = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


class Box(msgspec.Struct, frozen=True, array_like=True):
    """A rectangle in chart units; empty where x1 <= x0 or y1 <= y0."""

    x0: float
    y0: float
    x1: float
    y1: float

    @property
    def empty(self) -> bool:
        return not (self.x1 > self.x0 and self.y1 > self.y0)


class TileMap:
    """The tiles of one SeatTable.

    tile_of: int32 by place, -1 for a place that is gone · offset_of: int32 by place, its number
    within its tile · places: int32, all places by tile and index; those of tile t are
    `places[starts[t]:starts[t + 1]]` · sizes: int32 by tile · zone: int32 by tile · counted: bool
    by tile, True for an area · zone_of: int32 by place · zones: how many zones there are ·
    spacing: the usual distance of neighbours, chart units.
    """

    __slots__ = (
        "_floor",
        "_weight",
        "_x0",
        "_x1",
        "_y0",
        "_y1",
        "all_mask",
        "count",
        "counted",
        "offset_of",
        "places",
        "sizes",
        "spacing",
        "starts",
        "tile_of",
        "zone",
        "zone_of",
        "zones",
    )

    def __init__(self, table: SeatTable) -> None:
        self.zones = len(table.sections) + 1
        self.zone_of: I32 = np.where(table.section >= 0, table.section, self.zones - 1)
        self.tile_of = _cut(table)
        inside = np.flatnonzero(self.tile_of >= 0)
        by_tile = inside[np.argsort(self.tile_of[inside], kind="stable")]
        self.places = by_tile.astype(np.int32)
        self.count = int(self.tile_of.max(initial=-1)) + 1
        self.sizes = np.bincount(self.tile_of[inside], minlength=self.count).astype(np.int32)
        self.starts = np.concatenate([[0], np.cumsum(self.sizes)]).astype(np.int32)
        self.offset_of = np.full(table.size, -1, np.int32)
        self.offset_of[by_tile] = np.arange(len(by_tile)) - np.repeat(self.starts[:-1], self.sizes)
        first = self.places[self.starts[:-1]] if self.count else self.places
        self.zone = self.zone_of[first]
        areas = np.array([g.kind == GroupKind.AREA for g in table.groups] + [False], np.bool_)
        self.counted: Bools = areas[table.group[first]]
        # What a tile costs to tell: an area is one number.
        self._weight = np.where(self.counted, 1, self.sizes)
        self.all_mask = (1 << self.count) - 1
        floors = [s.floor for s in table.sections] + [""]
        self._floor = np.array(floors, np.str_)[self.zone]
        self.spacing = seat_spacing(table)
        self._measure(table)

    def _measure(self, table: SeatTable) -> None:
        if not self.count:
            self._x0 = self._x1 = self._y0 = self._y1 = np.zeros(0, np.float32)
            return
        x, y, starts = table.x[self.places], table.y[self.places], self.starts[:-1]
        half = np.float32(self.spacing / 2)
        self._x0 = np.minimum.reduceat(x, starts) - half
        self._x1 = np.maximum.reduceat(x, starts) + half
        self._y0 = np.minimum.reduceat(y, starts) - half
        self._y1 = np.maximum.reduceat(y, starts) + half

    def places_of(self, tile: int) -> I32:
        """The places of a tile, by offset."""
        return self.places[self.starts[tile] : self.starts[tile + 1]]

    def of_sections(self, sections: list[int]) -> Bools:
        """Which tiles belong to any of these sections, by tile."""
        return np.isin(self.zone, sections)

    def places_in(self, chosen: Bools) -> int:
        """How many places the chosen tiles tell; an area counts as one."""
        return int(self._weight[chosen].sum())

    def in_view(self, box: Box, floor: str) -> Bools:
        """Which tiles touch `box` on `floor` ("" is every floor), by tile."""
        touching: Bools = (
            (self._x0 < box.x1) & (self._x1 > box.x0) & (self._y0 < box.y1) & (self._y1 > box.y0)
        )
        return touching & self._on(floor)

    def ahead(self, seen: Bools, box: Box, floor: str, factor: float) -> Bools:
        """`seen` and the nearest tiles around `box`, as long as all of them together tell at most
        `factor` times the places that are inside `box` itself."""
        budget = factor * self._inside(seen, box) - self.places_in(seen)
        if budget < 1:
            return seen
        away = np.maximum(
            np.maximum(self._x0 - box.x1, box.x0 - self._x1),
            np.maximum(self._y0 - box.y1, box.y0 - self._y1),
        )
        reach = max(box.x1 - box.x0, box.y1 - box.y0)
        near = np.flatnonzero(~seen & (away < reach) & self._on(floor))
        near = near[np.argsort(away[near], kind="stable")]
        affordable = near[np.cumsum(self._weight[near]) <= budget]
        chosen = seen.copy()
        chosen[affordable] = True
        return chosen

    def _on(self, floor: str) -> Bools:
        if not floor:
            return np.ones(self.count, np.bool_)
        on: Bools = (self._floor == floor) | (self._floor == "")
        return on

    def _inside(self, seen: Bools, box: Box) -> float:
        """About how many places of the seen tiles are inside the box: by share of their area."""
        at = np.flatnonzero(seen)
        wide = np.minimum(self._x1[at], box.x1) - np.maximum(self._x0[at], box.x0)
        deep = np.minimum(self._y1[at], box.y1) - np.maximum(self._y0[at], box.y0)
        whole = (self._x1[at] - self._x0[at]) * (self._y1[at] - self._y0[at])
        return float((self._weight[at] * wide * deep / whole).sum())


def mask_of(chosen: Bools) -> int:
    """Chosen tiles as bits of an integer, bit t for tile t."""
    return int.from_bytes(np.packbits(chosen, bitorder="little").tobytes(), "little")


def tiles_of(mask: int) -> list[int]:
    """The tiles of a mask in order."""
    data = mask.to_bytes((mask.bit_length() + 7) // 8, "little")
    bits = np.unpackbits(np.frombuffer(data, np.uint8), bitorder="little")
    return [int(tile) for tile in np.flatnonzero(bits)]


def seat_spacing(table: SeatTable) -> float:
    """The median distance of neighbours, chart units; 20 where nothing has a neighbour."""
    at = np.flatnonzero(table.link)
    if not len(at):
        return _USUAL_SPACING
    gaps = np.hypot(table.x[at + 1] - table.x[at], table.y[at + 1] - table.y[at])
    return max(float(np.median(gaps)), 0.001)


def _cut(table: SeatTable) -> I32:
    """The tile of each place; tiles are numbered by their lowest place."""
    if not table.size:
        return np.zeros(0, np.int32)
    firsts = np.array([g.first for g in table.groups] + [0], np.int64)
    areas = np.array([g.kind == GroupKind.AREA for g in table.groups] + [False], np.bool_)
    group = table.group
    band = np.where(areas[group], 0, (np.arange(table.size) - firsts[group]) // _BAND)
    inside = np.flatnonzero((group >= 0) & ((table.flags & RETIRED) == 0))
    stacks = _stacks(table, _first_bands(table, inside, band))
    key = stacks[group[inside]].astype(np.int64) * _BANDS + band[inside]
    # Seats that were added to many rows of a stack may be more than a tile holds.
    order = np.argsort(key, kind="stable")
    begins = np.flatnonzero(np.diff(key[order], prepend=-1))
    sizes = np.diff(begins, append=len(order))
    number = np.arange(len(order)) - np.repeat(begins, sizes)
    part = np.where(areas[group[inside[order]]], 0, number // TILE_PLACES)
    starts = np.flatnonzero(np.diff(key[order], prepend=-1) | np.diff(part, prepend=-1))
    lowest = inside[order][starts]
    tile = np.empty(len(starts), np.int32)
    tile[np.argsort(lowest)] = np.arange(len(starts))
    tile_of = np.full(table.size, -1, np.int32)
    tile_of[inside[order]] = np.repeat(tile, np.diff(starts, append=len(order)))
    return tile_of


def _first_bands(table: SeatTable, inside: I64, band: I64) -> list[int]:
    """How many seats the first band of each group spans. What is added to a row later is in bands
    of its own, so that the row takes no more room beside others than it did."""
    at = inside[band[inside] == 0]
    last = np.full(len(table.groups), -1, np.int64)
    np.maximum.at(last, table.group[at], at)
    return [int(end) - g.first + 1 for end, g in zip(last, table.groups, strict=True)]


def _stacks(table: SeatTable, first_bands: list[int]) -> I32:
    """Rows (or tables, or booths) of a zone that share their tiles, numbered, by group.

    Taken in order of their lowest place, as many as their first bands fill a tile.
    """
    stacks = np.zeros(len(table.groups) + 1, np.int32)
    open_stacks: dict[tuple[int, GroupKind], tuple[int, int]] = {}
    next_stack = 0
    by_first = sorted(range(len(table.groups)), key=lambda g: table.groups[g].first)
    for index in by_first:
        group = table.groups[index]
        key = (group.section, group.kind)
        stack, filled = open_stacks.get(key, (-1, TILE_PLACES))
        needs = TILE_PLACES if group.kind == GroupKind.AREA else max(0, first_bands[index])
        if filled + needs > TILE_PLACES:
            stack, filled = next_stack, 0
            next_stack += 1
        open_stacks[key] = (stack, filled + needs)
        stacks[index] = stack
    return stacks
