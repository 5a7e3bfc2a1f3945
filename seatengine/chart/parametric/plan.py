"""A venue while it is being drawn: blocks and decorations in any coordinates, seats as columns.

`finish` moves everything so that the drawing begins at the origin, numbers the places in order of
their rows and makes the Chart.
"""

from __future__ import annotations

import math
from typing import Final

import msgspec
import numpy as np

from seatengine.chart.chart import (
    Area,
    Booth,
    Category,
    Chart,
    Decoration,
    Ellipse,
    Floor,
    Point,
    Polygon,
    Rectangle,
    Row,
    Seat,
    Section,
    Shape,
    Table,
    Zone,
)
from seatengine.chart.parametric.wedge import Floats

MARGIN: Final = 90.0
_LETTERS: Final = "ABCDEFGHJKLMNPQRSTUVWXYZ"


class Marks(msgspec.Struct, frozen=True):
    """Which seats of a row are special, by position from the row's beginning."""

    accessible: frozenset[int] = frozenset()
    companion: frozenset[int] = frozenset()
    restricted: frozenset[int] = frozenset()


class PlannedRow(msgspec.Struct):
    section: str
    label: str
    x: Floats
    y: Floats
    category: str
    marks: Marks = Marks()
    curve: float = 0.0


class PlannedTable(msgspec.Struct):
    """`first_seat` is the label of the first seat; the others count on from it."""

    section: str
    label: str
    shape: Ellipse | Rectangle
    x: Floats
    y: Floats
    category: str
    restricted: bool = False


class Plan:
    def __init__(self, name: str, categories: tuple[Category, ...]) -> None:
        self.name = name
        self.categories = categories
        self.zones: list[Zone] = []
        self.floors: list[Floor] = []
        self.sections: list[Section] = []
        self.rows: list[PlannedRow] = []
        self.tables: list[PlannedTable] = []
        self.booths: list[Booth] = []
        self.areas: list[Area] = []
        self.decorations: list[Decoration] = []
        self.focal_point = Point(0.0, 0.0)

    def seat_count(self) -> int:
        """Places so far."""
        return (
            sum(len(r.x) for r in self.rows)
            + sum(len(t.x) for t in self.tables)
            + len(self.booths)
            + sum(a.capacity for a in self.areas)
        )

    def decorate(self, decoration: Decoration) -> None:
        """Adds a decoration, with an id if it has none."""
        if not decoration.id:
            decoration = msgspec.structs.replace(decoration, id=f"d{len(self.decorations) + 1}")
        self.decorations.append(decoration)

    def finish(self) -> Chart:
        left, top, right, bottom = self._bounds()
        move = _Move(MARGIN - left, MARGIN - top)
        next_index = 0
        rows = []
        for row in self.rows:
            rows.append(_row(row, move, next_index))
            next_index += len(row.x)
        tables = []
        for table in self.tables:
            tables.append(_table(table, move, next_index))
            next_index += len(table.x)
        booths = []
        for booth in self.booths:
            shape = move.shape(booth.shape)
            booths.append(msgspec.structs.replace(booth, index=next_index, shape=shape))
            next_index += 1
        areas = []
        for area in self.areas:
            runs = ((next_index, area.capacity),)
            shape = move.shape(area.shape)
            areas.append(msgspec.structs.replace(area, indexes=runs, shape=shape))
            next_index += area.capacity
        return Chart(
            name=self.name,
            width=float(math.ceil(right - left + 2 * MARGIN)),
            height=float(math.ceil(bottom - top + 2 * MARGIN)),
            categories=self._used_categories(),
            next_index=next_index,
            zones=tuple(self.zones),
            floors=tuple(self.floors),
            sections=tuple(
                msgspec.structs.replace(s, outline=move.polygon(s.outline) if s.outline else None)
                for s in self.sections
            ),
            rows=tuple(rows),
            tables=tuple(tables),
            booths=tuple(booths),
            areas=tuple(areas),
            decorations=tuple(
                msgspec.structs.replace(d, shape=move.shape(d.shape)) for d in self.decorations
            ),
            focal_point=move.point(self.focal_point),
        )

    def _used_categories(self) -> tuple[Category, ...]:
        used = {row.category for row in self.rows} | {table.category for table in self.tables}
        used |= {booth.category for booth in self.booths} | {area.category for area in self.areas}
        return tuple(c for c in self.categories if c.key in used)

    def _bounds(self) -> tuple[float, float, float, float]:
        xs, ys = [], []
        for row in self.rows:
            xs += [float(row.x.min()), float(row.x.max())]
            ys += [float(row.y.min()), float(row.y.max())]
        shapes: list[Shape] = [t.shape for t in self.tables]
        shapes += [b.shape for b in self.booths]
        shapes += [a.shape for a in self.areas]
        shapes += [d.shape for d in self.decorations]
        shapes += [s.outline for s in self.sections if s.outline]
        for shape in shapes:
            for point in _corners(shape):
                xs.append(point.x)
                ys.append(point.y)
        return min(xs), min(ys), max(xs), max(ys)


class _Move:
    def __init__(self, dx: float, dy: float) -> None:
        self.dx, self.dy = dx, dy

    def point(self, p: Point) -> Point:
        return Point(round(p.x + self.dx, 2), round(p.y + self.dy, 2))

    def polygon(self, polygon: Polygon) -> Polygon:
        return Polygon(tuple(self.point(p) for p in polygon.points))

    def shape(self, shape: Shape) -> Shape:
        return self.polygon(shape) if isinstance(shape, Polygon) else self.centred(shape)

    def centred(self, shape: Ellipse | Rectangle) -> Ellipse | Rectangle:
        return msgspec.structs.replace(shape, center=self.point(shape.center))

    def columns(self, x: Floats, y: Floats) -> tuple[list[float], list[float]]:
        return np.round(x + self.dx, 2).tolist(), np.round(y + self.dy, 2).tolist()


def _row(row: PlannedRow, move: _Move, first: int) -> Row:
    xs, ys = move.columns(row.x, row.y)
    name = f"{row.section}-{row.label}-"
    marks, category = row.marks, row.category
    return Row(
        id=f"{row.section}-{row.label}",
        label=row.label,
        section=row.section,
        curve=row.curve,
        seats=tuple(
            Seat(
                id=f"{name}{i + 1}",
                index=first + i,
                label=str(i + 1),
                x=xs[i],
                y=ys[i],
                category=category,
                accessible=i in marks.accessible,
                companion=i in marks.companion,
                restricted_view=i in marks.restricted,
            )
            for i in range(len(xs))
        ),
    )


def _table(table: PlannedTable, move: _Move, first: int) -> Table:
    xs, ys = move.columns(table.x, table.y)
    name = f"{table.section}-{table.label}"
    return Table(
        id=name,
        label=table.label,
        section=table.section,
        shape=move.centred(table.shape),
        booking="whole",
        seats=tuple(
            Seat(
                id=f"{name}-{i + 1}",
                index=first + i,
                label=str(i + 1),
                x=xs[i],
                y=ys[i],
                category=table.category,
                restricted_view=table.restricted,
            )
            for i in range(len(xs))
        ),
    )


def _corners(shape: Shape) -> tuple[Point, ...]:
    """Points whose bounds are those of the shape, or a little more."""
    if isinstance(shape, Polygon):
        return shape.points
    half_width = shape.width / 2 if isinstance(shape, Rectangle) else shape.radius_x
    half_height = shape.height / 2 if isinstance(shape, Rectangle) else shape.radius_y
    turn = math.radians(shape.rotation)
    c, s = math.cos(turn), math.sin(turn)
    return tuple(
        Point(
            shape.center.x + sx * half_width * c - sy * half_height * s,
            shape.center.y + sx * half_width * s + sy * half_height * c,
        )
        for sx in (-1, 1)
        for sy in (-1, 1)
    )


def wheelchair_row(count: int) -> Marks:
    """Spaces for wheelchairs at both ends of a row, each with a companion's seat beside it."""
    if count < 4:
        return Marks()
    accessible, companion = {0, count - 1}, {1, count - 2}
    if count >= 12:
        accessible |= {2, count - 3}
        companion |= {3, count - 4}
    return Marks(accessible=frozenset(accessible), companion=frozenset(companion))


def row_label(number: int) -> str:
    """The label of row `number` from 0: A to Z, then AA, AB, without I and O, as in theatres."""
    label = ""
    number += 1
    while number:
        number, letter = divmod(number - 1, len(_LETTERS))
        label = _LETTERS[letter] + label
    return label
