"""Writes seats.io chart drawings: the inverse of importers/seatsio.py."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final, TypeVar

import msgspec

from seatengine.chart.chart import (
    Area,
    Booth,
    Category,
    Chart,
    Decoration,
    Ellipse,
    Point,
    Polygon,
    Row,
    Seat,
    Section,
    Shape,
    Table,
    seats_of,
)
from seatengine.chart.importers.report import Finding, Report
from seatengine.chart.importers.seatsio import legacy_section_id

Json = dict[str, Any]
Thing = Row | Table | Booth | Area | Decoration
T = TypeVar("T", bound=Thing)

_VERSION: Final = 22
_SMART_TYPES: Final = frozenset({"stage", "screen", "exit", "bar", "stairs", "toilets", "line"})
_ORIGIN: Final = Point(0.0, 0.0)


def write_seatsio(chart: Chart) -> tuple[bytes, tuple[Finding, ...]]:
    """The drawing, and what of the chart it cannot say."""
    return _Writer(chart).write()


class _Writer:
    def __init__(self, chart: Chart) -> None:
        self.chart = chart
        self.report = Report()
        self.legacy = {
            s.id: s.label
            for s in chart.sections
            if s == Section(legacy_section_id(s.label, s.floor), s.label, floor=s.floor)
        }
        self.drawn = [s for s in chart.sections if s.id not in self.legacy]
        self.rows = self._parted(chart.rows)
        self.tables = self._parted(chart.tables)
        self.booths = self._parted(chart.booths)
        self.areas = self._parted(chart.areas)
        self.decorations = self._parted(chart.decorations)

    def write(self) -> tuple[bytes, tuple[Finding, ...]]:
        chart = self.chart
        self._name_losses()
        root: Json = {
            "name": chart.name,
            "version": _VERSION,
            "venueType": self._venue_type(),
            "categories": {"list": [_category(c) for c in chart.categories]},
            "zones": {
                "list": [
                    {"key": z.id, "label": z.label, "focalPoint": _xy(z.focal_point)}
                    for z in chart.zones
                ]
            },
        }
        if chart.floors:
            root["subChartFloors"] = [
                {
                    **self._root(floor.id, first=at == 0),
                    "floorName": floor.id,
                    "floorDisplayName": floor.label,
                }
                for at, floor in enumerate(chart.floors)
            ]
        else:
            root["subChart"] = self._root("", first=True)
        return msgspec.json.encode(root), self.report.findings()

    def _parted(self, things: Iterable[T]) -> dict[str, list[T]]:
        """`things` by the drawing they go to: a drawn section's id, else `floor:` and the floor."""
        drawn = {s.id for s in self.drawn}
        parts: dict[str, list[T]] = {}
        for thing in things:
            home = thing.section if thing.section in drawn else self._floor_home(thing.floor)
            parts.setdefault(home, []).append(thing)
        return parts

    def _floor_home(self, floor: str) -> str:
        floors = [f.id for f in self.chart.floors]
        if floors and floor not in floors:
            floor = floors[0]
        return f"floor:{floor}"

    def _venue_type(self) -> str:
        if self.chart.floors:
            return "WITH_SECTIONS_AND_FLOORS"
        if self.chart.zones:
            return "ZONES"
        return "ROWS_WITH_SECTIONS" if self.chart.sections else "ROWS_WITHOUT_SECTIONS"

    def _name_losses(self) -> None:
        chart, add = self.chart, self.report.add
        seats = list(seats_of(chart))
        add(
            "price",
            "prices of categories",
            "categories",
            sum(c.price > 0 for c in chart.categories),
        )
        add("seat-radius", "sizes of single seats", "seats", sum(s.radius > 0 for s in seats))
        used = len(seats) + len(chart.booths) + sum(a.capacity for a in chart.areas)
        retired = chart.next_index - used
        add("retired-index", "indexes kept for places that were removed", "chart", retired)
        if chart.floors:
            known = {f.id for f in chart.floors}
            rooted: list[Thing] = [*chart.rows, *chart.tables, *chart.booths, *chart.areas]
            lost = sum(o.floor not in known for o in rooted)
            add("no-floor", "objects on no floor, put on the first", "chart", lost)

    def _root(self, floor: str, *, first: bool) -> Json:
        home = f"floor:{floor}"
        return {
            "width": self.chart.width,
            "height": self.chart.height,
            "focalPoint": _xy(self.chart.focal_point) if first else None,
            "backgroundImage": None,
            "referenceChart": None,
            "snapOffset": {"x": 0, "y": 0},
            **self._drawing(home, _ORIGIN),
            "sections": [self._section(s) for s in self.drawn if self._floor_home(s.floor) == home],
        }

    def _section(self, section: Section) -> Json:
        points = section.outline.points if section.outline else ()
        top_left = _ORIGIN
        if points:
            top_left = Point(min(p.x for p in points), min(p.y for p in points))
        return {
            "objectType": "section",
            "uuid": section.id,
            "label": section.label,
            "zone": section.zone or None,
            "categoryKey": _key(section.category) if section.category else None,
            "entrance": section.entrance or None,
            "points": [_xy(p) for p in points],
            "topLeft": _xy(top_left),
            "labelShown": True,
            "labelSize": section.label_size,
            "labelRotationAngle": section.label_rotation,
            "labelHorizontalOffset": 0,
            "labelVerticalOffset": 0,
            "published": True,
            "subChart": {
                "width": max((p.x for p in points), default=top_left.x) - top_left.x,
                "height": max((p.y for p in points), default=top_left.y) - top_left.y,
                **self._drawing(section.id, top_left),
            },
        }

    def _drawing(self, home: str, origin: Point) -> Json:
        """The objects of one drawing, their coordinates counted from `origin`."""
        decorations = self.decorations.get(home, ())
        return {
            "rows": [self._row(r, origin) for r in self.rows.get(home, ())],
            "tables": [self._table(t, origin) for t in self.tables.get(home, ())],
            "booths": [self._booth(b, origin) for b in self.booths.get(home, ())],
            "generalAdmissionAreas": [self._area(a, origin) for a in self.areas.get(home, ())],
            "shapes": _each(decorations, lambda d: d.kind not in ("text", "icon"), _shape, origin),
            "texts": _each(decorations, lambda d: d.kind == "text", _text, origin),
            "icons": _each(decorations, lambda d: d.kind == "icon", _icon, origin),
            "imageObjects": [],
        }

    def _row(self, row: Row, origin: Point) -> Json:
        return {
            "objectType": "row",
            "uuid": row.id,
            "label": row.label,
            "displayLabel": row.display_label or None,
            "sectionLabel": self.legacy.get(row.section),
            "curve": row.curve,
            "points": None,
            "published": True,
            "seats": [_seat(s, origin) for s in row.seats],
        }

    def _table(self, table: Table, origin: Point) -> Json:
        return {
            "objectType": "table",
            "uuid": table.id,
            "label": table.label,
            "sectionLabel": self.legacy.get(table.section),
            **_placed(table.shape, origin),
            "type": "round" if isinstance(table.shape, Ellipse) else "rectangular",
            "openSpaces": table.open_spaces,
            "seats": [_seat(s, origin) for s in table.seats],
            **_booking(table.booking != "seats", table),
        }

    def _booth(self, booth: Booth, origin: Point) -> Json:
        return {
            "objectType": "booth",
            "uuid": booth.id,
            "label": booth.label,
            "sectionLabel": self.legacy.get(booth.section),
            "categoryKey": _key(booth.category),
            **_placed(booth.shape, origin),
        }

    def _area(self, area: Area, origin: Point) -> Json:
        return {
            "objectType": "generalAdmission",
            "uuid": area.id,
            "label": area.label,
            "labelShown": True,
            "sectionLabel": self.legacy.get(area.section),
            "categoryKey": _key(area.category),
            "capacity": area.capacity,
            **_placed(area.shape, origin),
            **_booking(area.booking != "places", area),
        }


def _each(
    decorations: Iterable[Decoration],
    wanted: Callable[[Decoration], bool],
    write: Callable[[Decoration, Point], Json],
    origin: Point,
) -> list[Json]:
    return [write(d, origin) for d in decorations if wanted(d)]


def _booking(whole: bool, thing: Table | Area) -> Json:
    variable = thing.booking == "variable"
    return {
        "bookAsAWhole": whole,
        "variableOccupancy": variable,
        "minOccupancy": thing.min_occupancy if variable else None,
        "maxOccupancy": thing.max_occupancy if variable else None,
    }


def _category(category: Category) -> Json:
    return {
        "key": _key(category.key),
        "label": category.label,
        "color": category.color,
        "accessible": category.accessible,
    }


def _key(key: str) -> int | str:
    """Keys that are numbers are written as numbers, which they were."""
    return int(key) if key.isdecimal() and str(int(key)) == key else key


def _seat(seat: Seat, origin: Point) -> Json:
    return {
        "uuid": seat.id,
        "label": seat.label,
        "displayLabel": seat.display_label or None,
        "x": round(seat.x - origin.x, 4),
        "y": round(seat.y - origin.y, 4),
        "categoryKey": _key(seat.category),
        "accessible": seat.accessible,
        "companionSeat": seat.companion,
        "semiAmbulatorySeat": seat.semi_ambulatory,
        "restrictedView": seat.restricted_view,
        "entrance": seat.entrance or None,
        "published": True,
    }


def _shape(d: Decoration, origin: Point) -> Json:
    return {
        "objectType": "shape",
        "uuid": d.id,
        "smartType": d.kind if d.kind in _SMART_TYPES else None,
        "label": d.text,
        "labelSize": d.text_size,
        "fillColor": d.fill or None,
        "strokeColor": d.stroke or None,
        "icon": d.icon or None,
        "foreground": d.foreground,
        **_placed(d.shape, origin),
    }


def _text(d: Decoration, origin: Point) -> Json:
    return {
        "objectType": "text",
        "uuid": d.id,
        "text": d.text,
        "textColor": d.fill or None,
        "fontSize": d.text_size or None,
        "foreground": d.foreground,
        **_placed(d.shape, origin),
    }


def _icon(d: Decoration, origin: Point) -> Json:
    return {
        "objectType": "icon",
        "uuid": d.id,
        "icon": d.icon,
        "label": d.text or None,
        "color": d.fill or None,
        "foreground": d.foreground,
        **_placed(d.shape, origin),
    }


def _placed(shape: Shape, origin: Point) -> Json:
    if isinstance(shape, Polygon):
        points = [_xy(_relative(p, origin)) for p in shape.points]
        return {"type": "polygon", "points": points}
    placed: Json = {
        "center": _xy(_relative(shape.center, origin)),
        "rotationAngle": shape.rotation,
    }
    if isinstance(shape, Ellipse):
        placed |= {"type": "circle", "radius1": shape.radius_x, "radius2": shape.radius_y}
        if shape.radius_x == shape.radius_y:
            placed["radius"] = shape.radius_x
        return placed
    return placed | {
        "type": "rectangle",
        "width": shape.width,
        "height": shape.height,
        "cornerRadius": shape.corner_radius,
    }


def _relative(p: Point, origin: Point) -> Point:
    return Point(round(p.x - origin.x, 4), round(p.y - origin.y, 4))


def _xy(p: Point | None) -> Json | None:
    return None if p is None else {"x": p.x, "y": p.y}
