"""A chart while it is being imported, and what every importer does at the end.

A source may leave a place without a category or give two places one name. A Chart may not: the
draft mends what can be mended, names each repair in the report, and numbers the places.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final, TypeVar

import msgspec

from seatengine import limits
from seatengine.chart.chart import (
    Area,
    Booth,
    Category,
    Chart,
    Decoration,
    Floor,
    Point,
    Row,
    Seat,
    Section,
    Table,
    Zone,
)
from seatengine.chart.checks import UNLABELLED, is_color
from seatengine.chart.importers.report import Report
from seatengine.errors import BadChart

NO_CATEGORY: Final = "none"
_GREY: Final = "#7A8087"
_AGAIN: Final = " ({})"

_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f\x80-\x9f\u2028\u2029]+")

Owner = TypeVar("Owner", Row, Table)
Named = TypeVar("Named", Row, Table, Booth, Area)
Identified = TypeVar("Identified", Row, Table, Booth, Area, Decoration, Seat)


class Draft:
    """Parts of a chart to be; seats, booths and areas carry index 0 and no runs until `finish`."""

    def __init__(self, report: Report) -> None:
        self.report = report
        self.name = ""
        self.width = 0.0
        self.height = 0.0
        self.focal_point: Point | None = None
        self.categories: dict[str, Category] = {}
        self.zones: list[Zone] = []
        self.floors: list[Floor] = []
        self.sections: list[Section] = []
        self.rows: list[Row] = []
        self.tables: list[Table] = []
        self.booths: list[Booth] = []
        self.areas: list[Area] = []
        self.decorations: list[Decoration] = []
        self._section_ids = _Names("~{}")

    def text(self, value: str | int | float | None, place: str) -> str:
        """`value` as one trimmed line of at most MAX_LABEL_CHARS."""
        if value is None:
            return ""
        text = str(value)
        clean = _CONTROL.sub(" ", text).strip()[: limits.MAX_LABEL_CHARS]
        if clean != text:
            self.report.add("text-shortened", "line breaks, outer blanks or overlong texts", place)
        return clean

    def color(self, value: str | None, place: str) -> str:
        """`value` if it is a hex colour, else "" with a finding."""
        if not value:
            return ""
        if is_color(value):
            return value
        self.report.add("bad-color", "colours that are not written as #rrggbb", place)
        return ""

    def coordinate(self, value: float, place: str) -> float:
        """`value` to four decimals, so that offsets can be taken away and added back exactly."""
        if not -limits.MAX_COORDINATE <= value <= limits.MAX_COORDINATE:
            raise BadChart(place, f"{value:g} is outside ±{limits.MAX_COORDINATE:g}")
        return round(value, 4) + 0.0

    def length(self, value: float, place: str) -> float:
        """As `coordinate`, for widths and radii, which cannot be negative."""
        if value < 0:
            raise BadChart(place, f"a length cannot be {value:g}")
        return self.coordinate(value, place)

    def category(self, key: str, label: str, color: str, place: str) -> str:
        """`key`, made known if it is not: a category of that name is added with a finding."""
        if not key:
            self.report.add(
                "no-category", "places without a category, put into one of their own", place
            )
            key, label = NO_CATEGORY, "No category"
        elif key not in self.categories:
            self.report.add(
                "unknown-category", "categories that places use and nobody defined", place
            )
        if key not in self.categories:
            self.categories[key] = Category(key, label or key, color or _GREY)
        return key

    def section_id(self, wanted: str, place: str) -> str:
        """`wanted`, or something like it that no section has had yet."""
        if len(self.sections) >= limits.MAX_SECTIONS:
            raise BadChart(place, f"more than {limits.MAX_SECTIONS} sections are not allowed")
        given = self._section_ids.give(wanted or "section")
        if wanted and given != wanted:
            self.report.add("duplicate-id", "ids used by more than one object", place)
        return given

    def finish(self) -> Chart:
        """The chart: unique ids, unique full labels, places numbered in order of their rows."""
        self._check_size()
        self._unique_ids()
        self._unique_labels()
        next_index = 0
        rows, next_index = _number(self.rows, next_index)
        tables, next_index = _number(self.tables, next_index)
        booths = []
        for booth in self.booths:
            booths.append(msgspec.structs.replace(booth, index=next_index))
            next_index += 1
        areas = []
        for area in self.areas:
            runs = ((next_index, area.capacity),) if area.capacity else ()
            areas.append(msgspec.structs.replace(area, indexes=runs))
            next_index += area.capacity
        return Chart(
            name=self.name,
            width=self.width,
            height=self.height,
            categories=tuple(self.categories.values()),
            next_index=next_index,
            zones=tuple(self.zones),
            floors=tuple(self.floors),
            sections=tuple(self.sections),
            rows=tuple(rows),
            tables=tuple(tables),
            booths=tuple(booths),
            areas=tuple(areas),
            decorations=tuple(self.decorations),
            focal_point=self.focal_point,
        )

    def _check_size(self) -> None:
        places = (
            sum(len(row.seats) for row in self.rows)
            + sum(len(table.seats) for table in self.tables)
            + len(self.booths)
            + sum(area.capacity for area in self.areas)
        )
        objects = len(self.rows) + len(self.tables) + len(self.decorations)
        for what, count, allowed in (
            ("places", places, limits.MAX_PLACES),
            ("objects", objects, limits.MAX_OBJECTS),
            ("categories", len(self.categories), limits.MAX_CATEGORIES),
        ):
            if count > allowed:
                raise BadChart("$", f"{count} {what} are more than the {allowed} allowed")

    def _unique_ids(self) -> None:
        names = _Names("~{}", {section.id for section in self.sections})
        self.rows = self._with_ids(self.rows, names, "row")
        self.tables = self._with_ids(self.tables, names, "table")
        self.booths = self._with_ids(self.booths, names, "booth")
        self.areas = self._with_ids(self.areas, names, "area")
        self.decorations = self._with_ids(self.decorations, names, "decoration")
        seat_names = _Names("~{}")
        self._with_seat_ids(self.rows, seat_names)
        self._with_seat_ids(self.tables, seat_names)

    def _with_seat_ids(self, owners: list[Owner], names: _Names) -> None:
        for at, owner in enumerate(owners):
            seats = self._with_ids(owner.seats, names, "seat")
            if any(new is not old for new, old in zip(seats, owner.seats, strict=True)):
                owners[at] = msgspec.structs.replace(owner, seats=tuple(seats))

    def _with_ids(self, things: Iterable[Identified], names: _Names, kind: str) -> list[Identified]:
        result = []
        for thing in things:
            given = names.give(thing.id or kind)
            if given != thing.id:
                if thing.id:
                    self.report.add("duplicate-id", "ids used by more than one object", thing.id)
                thing = msgspec.structs.replace(thing, id=given)
            result.append(thing)
        return result

    def _unique_labels(self) -> None:
        """Full labels name places to people, so no two may be equal.

        Where two rows collide the later row is renamed; where two seats of a row do, the later
        seat. Counters per name keep this linear in the number of places.
        """
        prefixes = {s.id: s.label + "-" if s.label else "" for s in self.sections}
        taken: set[str] = set()
        counters: dict[str, int] = {}
        self._name_seats(self.rows, prefixes, taken, counters)
        self._name_seats(self.tables, prefixes, taken, counters)
        self.booths = [self._named(b, prefixes, taken, counters) for b in self.booths]
        self.areas = [self._named(a, prefixes, taken, counters) for a in self.areas]

    def _name_seats(
        self,
        owners: list[Owner],
        prefixes: dict[str, str],
        taken: set[str],
        counters: dict[str, int],
    ) -> None:
        for at, owner in enumerate(owners):
            seats = self._distinct(owner.seats, prefixes.get(owner.section, "") + owner.label)
            label = owner.label
            names = _full_labels(prefixes.get(owner.section, ""), label, seats)
            while not taken.isdisjoint(names):
                key = prefixes.get(owner.section, "") + owner.label
                counters[key] = counters.get(key, 1) + 1
                label = _numbered(owner.label, _AGAIN, counters[key])
                names = _full_labels(prefixes.get(owner.section, ""), label, seats)
            if label != owner.label:
                self.report.add(
                    "duplicate-row-label",
                    "rows or tables renamed because their places had the names of others",
                    prefixes.get(owner.section, "") + owner.label,
                )
            taken.update(names)
            owners[at] = msgspec.structs.replace(owner, label=label, seats=seats)

    def _distinct(self, seats: tuple[Seat, ...], place: str) -> tuple[Seat, ...]:
        labels = {s.label for s in seats}
        if len(labels) == len(seats) and UNLABELLED not in labels:
            return seats
        names = _Names(_AGAIN, labels)
        seen: set[str] = set()
        result = []
        for seat in seats:
            where = f"{place}-{seat.label}"
            if seat.label == UNLABELLED:
                self.report.add("unlabelled", "places without a label", where)
            if seat.label in seen:
                self.report.add(
                    "duplicate-label", "places renamed because another had the same name", where
                )
                seat = msgspec.structs.replace(seat, label=names.give(seat.label))
            seen.add(seat.label)
            result.append(seat)
        return tuple(result)

    def _named(
        self,
        thing: Named,
        prefixes: dict[str, str],
        taken: set[str],
        counters: dict[str, int],
    ) -> Named:
        prefix = prefixes.get(thing.section, "")
        if thing.label == UNLABELLED:
            self.report.add("unlabelled", "places without a label", prefix + thing.label)
        label = thing.label
        while prefix + label in taken:
            key = prefix + thing.label
            counters[key] = counters.get(key, 1) + 1
            label = _numbered(thing.label, _AGAIN, counters[key])
        taken.add(prefix + label)
        if label == thing.label:
            return thing
        self.report.add(
            "duplicate-label", "places renamed because another had the same name", prefix + label
        )
        return msgspec.structs.replace(thing, label=label)


def _full_labels(prefix: str, label: str, seats: tuple[Seat, ...]) -> list[str]:
    if label:
        prefix += label + "-"
    return [prefix + seat.label for seat in seats]


class _Names:
    """Gives out names of which no two are equal, by numbering those that were given before."""

    def __init__(self, pattern: str, taken: Iterable[str] = ()) -> None:
        self._pattern = pattern
        self._taken = set(taken)
        self._last: dict[str, int] = {}

    def give(self, wanted: str) -> str:
        name = wanted
        while name in self._taken:
            self._last[wanted] = self._last.get(wanted, 1) + 1
            name = _numbered(wanted, self._pattern, self._last[wanted])
        self._taken.add(name)
        return name


def _numbered(text: str, pattern: str, number: int) -> str:
    """`text` with a number behind it, no longer than a label may be."""
    suffix = pattern.format(number)
    return (text[: limits.MAX_LABEL_CHARS - len(suffix)] + suffix).lstrip()


def _number(owners: list[Owner], next_index: int) -> tuple[list[Owner], int]:
    numbered = []
    for owner in owners:
        seats = tuple(
            msgspec.structs.replace(seat, index=next_index + at)
            for at, seat in enumerate(owner.seats)
        )
        next_index += len(seats)
        numbered.append(msgspec.structs.replace(owner, seats=seats))
    return numbered, next_index
