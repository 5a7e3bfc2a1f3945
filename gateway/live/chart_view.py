"""The chart as the browser draws it: compact columns, content-addressed, cached for ever. Pure.

Served at `/api/v1/charts/{hash}/view` as msgpack of ChartView (a map by field name), compressed.
Columns are by SeatIndex. Coordinates are int32 little endian in `1 / scale` chart units, delta
coded: the first value is absolute, each later one is the difference from the one before.
"""

from __future__ import annotations

import math

import msgspec
import numpy as np

from gateway.live.tile_forms import varint
from seatengine.chart.chart import (
    Area,
    Booth,
    Category,
    Chart,
    Decoration,
    Floor,
    Point,
    Shape,
    Table,
    Zone,
)
from seatengine.chart.seat_table import SeatTable, focal_point
from seatengine.chart.tiles import TileMap

VIEW_FORMAT = 2


class SectionView(msgspec.Struct):
    """`outline` is None where the browser should draw a hull of the section's own seats."""

    id: str
    label: str
    zone: str
    floor: str
    entrance: str
    outline: tuple[Point, ...] | None
    label_rotation: float


class GroupView(msgspec.Struct, array_like=True):
    """kind: 0 row, 1 table, 2 booth, 3 area. `section` -1 for none. `runs` are (first, count)."""

    id: str
    kind: int
    label: str
    section: int
    floor: str
    whole: bool
    runs: tuple[tuple[int, int], ...]
    shape: Shape | None


class ChartView(msgspec.Struct):
    """Everything the map needs but prices and statuses.

    x, y: delta-coded int32 · category: uint8 · flags: uint8 (1 accessible, 2 companion,
    4 semi-ambulatory, 8 restricted view, 128 gone) · link: uint8, 1 where place i and i + 1 are
    neighbours · group: delta-coded int32 index into `groups` · seat_labels: joined by newline.
    tile: runs of places of one tile, each a zigzag varint (LEB128) of the step from the tile of the
    run before, -1 at first, and a varint of how many places; tile -1 is none. A place's offset in
    its tile is the number of places with that tile before it. A tile of an area is counted.
    `radius` is a seat's usual radius in chart units.
    """

    format: int
    hash: str
    name: str
    width: float
    height: float
    size: int
    scale: int
    radius: float
    focal_point: Point
    categories: tuple[Category, ...]
    zones: tuple[Zone, ...]
    floors: tuple[Floor, ...]
    sections: tuple[SectionView, ...]
    groups: tuple[GroupView, ...]
    decorations: tuple[Decoration, ...]
    x: bytes
    y: bytes
    category: bytes
    flags: bytes
    link: bytes
    group: bytes
    tile: bytes
    seat_labels: str


def chart_view(chart: Chart, table: SeatTable) -> ChartView:
    """The view of `chart`, whose dense table is `table`."""
    tiles = TileMap(table)
    spacing = tiles.spacing
    # A twentieth of a seat is finer than any screen shows.
    scale = max(1, min(1000, 2 ** math.ceil(math.log2(20 / spacing))))
    shapes: dict[str, Shape] = {}
    floors = {row.id: row.floor for row in chart.rows}
    shaped: tuple[Table | Booth | Area, ...] = (*chart.tables, *chart.booths, *chart.areas)
    for owner in shaped:
        shapes[owner.id] = owner.shape
        floors[owner.id] = owner.floor
    return ChartView(
        format=VIEW_FORMAT,
        hash=table.chart_hash,
        name=chart.name,
        width=chart.width,
        height=chart.height,
        size=table.size,
        scale=scale,
        radius=spacing * 0.42,
        focal_point=focal_point(chart),
        categories=chart.categories,
        zones=chart.zones,
        floors=chart.floors,
        sections=tuple(
            SectionView(
                s.id,
                s.label,
                s.zone,
                s.floor,
                s.entrance,
                s.outline.points if s.outline else None,
                s.label_rotation,
            )
            for s in chart.sections
        ),
        groups=tuple(
            GroupView(
                g.id,
                int(g.kind),
                g.label,
                g.section,
                floors.get(g.id, ""),
                g.whole,
                g.runs or ((g.first, g.count),),
                shapes.get(g.id),
            )
            for g in table.groups
        ),
        decorations=chart.decorations,
        x=_delta_coded(np.rint(table.x * scale).astype("<i4")),
        y=_delta_coded(np.rint(table.y * scale).astype("<i4")),
        category=table.category.tobytes(),
        flags=table.flags.tobytes(),
        link=table.link.tobytes(),
        group=_delta_coded(table.group.astype("<i4")),
        tile=_runs(tiles.tile_of),
        seat_labels="\n".join(table.seat_labels),
    )


def encode_chart_view(view: ChartView) -> bytes:
    """Uncompressed msgpack."""
    return msgspec.msgpack.encode(view)


def _delta_coded(values: np.ndarray[tuple[int, ...], np.dtype[np.int32]]) -> bytes:
    if not len(values):
        return b""
    return np.diff(values, prepend=np.zeros(1, values.dtype)).astype("<i4").tobytes()


def _runs(tile_of: np.ndarray[tuple[int, ...], np.dtype[np.int32]]) -> bytes:
    if not len(tile_of):
        return b""
    starts = np.flatnonzero(np.diff(tile_of, prepend=-2))
    counts = np.diff(starts, append=len(tile_of)).tolist()
    steps = np.diff(tile_of[starts], prepend=-1).tolist()
    out = bytearray()
    for step, count in zip(steps, counts, strict=True):
        out += varint(step * 2 if step >= 0 else -step * 2 - 1) + varint(count)
    return bytes(out)
