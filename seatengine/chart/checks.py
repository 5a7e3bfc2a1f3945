"""What is wrong with a chart, in words: `check` lists it all, `validate` refuses what is broken."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Final, Literal

import msgspec

from seatengine import limits
from seatengine.chart.chart import (
    Area,
    Booth,
    Chart,
    Ellipse,
    Polygon,
    Rectangle,
    Row,
    Shape,
    Table,
    seats_of,
)
from seatengine.errors import BadChart

UNLABELLED: Final = "?"
"""The label of a place that its source left without one."""

_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_COLOR: Final = re.compile(r"#(?:[0-9a-fA-F]{3,4}|[0-9a-fA-F]{6}|[0-9a-fA-F]{8})")


class Problem(msgspec.Struct, frozen=True):
    """`code` is stable. An "error" keeps a chart from being sold, a "warning" does not.

    `place` names the object, `text` says in a sentence what is wrong.
    """

    code: str
    severity: Literal["error", "warning"]
    place: str
    text: str


Found = Iterator[tuple[str, str, str]]
"""(code, place, text) of each problem that a rule finds."""


def check(chart: Chart) -> list[Problem]:
    """Everything that is wrong with `chart`, errors first.

    A kind of problem that occurs very often is listed MAX_PROBLEMS_PER_CODE times and then summed
    up. Warnings are looked for only where there are no errors.
    """
    problems = [Problem(code, "error", place, text) for code, place, text in _errors(chart)]
    if not problems:
        found = (*_warnings(chart), *_geometry_warnings(chart))
        problems = [Problem(code, "warning", place, text) for code, place, text in found]
    return _summed_up(problems)


def validate(chart: Chart) -> None:
    """Raises BadChart at the first error: after this `seat_table.build` cannot fail."""
    for _, place, text in _errors(chart):
        raise BadChart(place, text)


def is_color(color: str) -> bool:
    """Whether `color` is written as #rgb, #rgba, #rrggbb or #rrggbbaa."""
    return _COLOR.fullmatch(color) is not None


def _errors(chart: Chart) -> Found:
    yield from _too_much(chart)
    yield from _bad_texts(chart)
    yield from _bad_numbers(chart)
    yield from _bad_shapes(chart)
    yield from _shared_ids(chart)
    yield from _unknown_names(chart)
    yield from _bad_indexes(chart)
    yield from _bad_counts(chart)
    yield from _shared_labels(chart)


def _too_much(chart: Chart) -> Found:
    objects = len(chart.rows) + len(chart.tables) + len(chart.decorations)
    for what, count, allowed in (
        ("places", chart.next_index, limits.MAX_PLACES),
        ("categories", len(chart.categories), limits.MAX_CATEGORIES),
        ("sections", len(chart.sections), limits.MAX_SECTIONS),
        ("zones", len(chart.zones), limits.MAX_ZONES),
        ("floors", len(chart.floors), limits.MAX_FLOORS),
        ("objects", objects, limits.MAX_OBJECTS),
    ):
        if count > allowed:
            yield f"too-many-{what}", "chart", f"{count} {what} are more than the {allowed} allowed"


def _bad_texts(chart: Chart) -> Found:
    for place, texts in _texts(chart):
        for each in texts:
            if len(each) > limits.MAX_LABEL_CHARS:
                yield (
                    "long-text",
                    place,
                    f"a text is longer than {limits.MAX_LABEL_CHARS} characters",
                )
            elif _CONTROL.search(each):
                yield "bad-text", place, "a text has line breaks or control characters in it"


def _texts(chart: Chart) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The texts of every object, with what to call it."""
    yield "chart", (chart.name,)
    for category in chart.categories:
        yield f"category {category.key!r}", (category.key, category.label, category.color)
    for zone in chart.zones:
        yield f"zone {zone.id!r}", (zone.id, zone.label)
    for floor in chart.floors:
        yield f"floor {floor.id!r}", (floor.id, floor.label)
    for section in chart.sections:
        yield f"section {section.label!r}", (section.id, section.label, section.entrance)
    for owner in _owners(chart):
        place = _name(owner)
        yield place, (owner.id, owner.label)
        for seat in owner.seats:
            yield place, (seat.id, seat.label, seat.display_label, seat.entrance)
    for thing in _undivided(chart):
        yield _name(thing), (thing.id, thing.label)
    for decoration in chart.decorations:
        place = f"decoration {decoration.id!r}"
        yield place, (decoration.id, decoration.text, decoration.icon)


def _bad_numbers(chart: Chart) -> Found:
    def bad(*values: float) -> bool:
        return not all(abs(value) <= most for value in values)

    most = limits.MAX_COORDINATE
    text = f"a number is not finite, beyond ±{most:g}, or a negative radius"
    if bad(chart.width, chart.height) or chart.width < 0 or chart.height < 0:
        yield "bad-number", "chart", "its width or height is negative or out of bounds"
    points = [z.focal_point for z in chart.zones] + [chart.focal_point]
    if any(p is not None and bad(p.x, p.y) for p in points):
        yield "bad-number", "focal point", text
    for section in chart.sections:
        if bad(section.label_rotation, section.label_size):
            yield "bad-number", f"section {section.label!r}", text
    for owner in _owners(chart):
        for seat in owner.seats:
            inside = -most <= seat.x <= most and -most <= seat.y <= most
            if not (inside and 0 <= seat.radius <= most):
                yield "bad-number", f"{_name(owner)} seat {seat.label!r}", text
    for place, shape in _shapes(chart):
        if bad(*_numbers(shape)):
            yield "bad-number", place, text
    for decoration in chart.decorations:
        if bad(decoration.text_size):
            yield "bad-number", f"decoration {decoration.id!r}", text


def _bad_shapes(chart: Chart) -> Found:
    for place, shape in _shapes(chart):
        if isinstance(shape, Polygon):
            least = 2 if place.startswith("decoration") else 3
            if len(shape.points) < least:
                yield "bad-shape", place, f"its polygon has fewer than {least} corners"
        elif isinstance(shape, Rectangle):
            if shape.width < 0 or shape.height < 0 or shape.corner_radius < 0:
                yield "bad-shape", place, "its rectangle has a negative length"
        elif shape.radius_x < 0 or shape.radius_y < 0:
            yield "bad-shape", place, "its ellipse has a negative radius"


def _shapes(chart: Chart) -> Iterator[tuple[str, Shape]]:
    for section in chart.sections:
        if section.outline is not None:
            yield f"section {section.label!r}", section.outline
    for table in chart.tables:
        yield _name(table), table.shape
    for thing in _undivided(chart):
        yield _name(thing), thing.shape
    for decoration in chart.decorations:
        yield f"decoration {decoration.id!r}", decoration.shape


def _numbers(shape: Shape) -> Iterable[float]:
    if isinstance(shape, Polygon):
        return (value for p in shape.points for value in (p.x, p.y))
    center = (shape.center.x, shape.center.y, shape.rotation)
    if isinstance(shape, Ellipse):
        return (*center, shape.radius_x, shape.radius_y)
    return (*center, shape.width, shape.height, shape.corner_radius)


def _shared_ids(chart: Chart) -> Found:
    objects = [s.id for s in chart.sections]
    objects += [o.id for o in _owners(chart)]
    objects += [t.id for t in _undivided(chart)]
    objects += [d.id for d in chart.decorations]
    for what, ids in (
        ("category key", [c.key for c in chart.categories]),
        ("zone id", [z.id for z in chart.zones]),
        ("floor id", [f.id for f in chart.floors]),
        ("id", objects),
        ("seat id", [s.id for s in seats_of(chart)]),
    ):
        if "" in ids:
            yield "empty-id", "chart", f"a {what} is empty"
        for shared in _repeated(ids):
            yield "shared-id", f"{what} {shared!r}", "more than one object has it"


def _unknown_names(chart: Chart) -> Found:
    categories = {c.key for c in chart.categories}
    sections = {"", *(s.id for s in chart.sections)}
    zones = {"", *(z.id for z in chart.zones)}
    floors = {"", *(f.id for f in chart.floors)}
    for section in chart.sections:
        place = f"section {section.label!r}"
        if section.zone not in zones:
            yield "unknown-zone", place, f"its zone {section.zone!r} does not exist"
        if section.floor not in floors:
            yield "unknown-floor", place, f"its floor {section.floor!r} does not exist"
        if section.category and section.category not in categories:
            yield "unknown-category", place, f"its category {section.category!r} does not exist"
    for owner in _owners(chart):
        for seat in owner.seats:
            if seat.category not in categories:
                place = f"{_name(owner)} seat {seat.label!r}"
                yield "unknown-category", place, f"its category {seat.category!r} does not exist"
    for undivided in _undivided(chart):
        if undivided.category not in categories:
            text = f"its category {undivided.category!r} does not exist"
            yield "unknown-category", _name(undivided), text
    for thing in (*_owners(chart), *_undivided(chart)):
        if thing.section not in sections:
            yield "unknown-section", _name(thing), f"its section {thing.section!r} does not exist"
        if thing.floor not in floors:
            yield "unknown-floor", _name(thing), f"its floor {thing.floor!r} does not exist"
    for decoration in chart.decorations:
        if decoration.section not in sections or decoration.floor not in floors:
            place = f"decoration {decoration.id!r}"
            yield "unknown-section", place, "its section or floor does not exist"


def _bad_indexes(chart: Chart) -> Found:
    if chart.next_index < 0:
        yield "bad-index", "chart", "its next index is negative"
        return
    owner_of: dict[int, str] = {}
    for place, first, count in _index_runs(chart) if _indexes_clash(chart) else ():
        if first < 0 or count < 0 or first + count > chart.next_index:
            text = f"its places {first}+{count} are outside 0..{chart.next_index - 1}"
            yield "bad-index", place, text
            continue
        for index in range(first, first + count):
            other = owner_of.setdefault(index, place)
            if other is not place:
                yield "shared-index", place, f"its place index {index} is also that of {other}"
                break
    for area in chart.areas:
        held = sum(count for _, count in area.indexes)
        if area.capacity < 0 or area.capacity > held:
            text = f"its capacity is {area.capacity} and it has {held} place indexes"
            yield "bad-capacity", _name(area), text


def _indexes_clash(chart: Chart) -> bool:
    """Whether an index is shared or out of range; naming the places takes many times longer."""
    indexes = [s.index for s in seats_of(chart)]
    indexes += [b.index for b in chart.booths]
    for area in chart.areas:
        for first, count in area.indexes:
            if first < 0 or not 0 <= count <= chart.next_index:
                return True
            indexes += range(first, first + count)
    if not indexes:
        return False
    return len(set(indexes)) < len(indexes) or min(indexes) < 0 or max(indexes) >= chart.next_index


def _index_runs(chart: Chart) -> Iterator[tuple[str, int, int]]:
    """(place, first, count); every seat has a place text of its own, so that `is` tells them."""
    for owner in _owners(chart):
        for seat in owner.seats:
            yield f"{_name(owner)} seat {seat.label!r}", seat.index, 1
    for booth in chart.booths:
        yield _name(booth), booth.index, 1
    for area in chart.areas:
        for first, count in area.indexes:
            yield _name(area), first, count


def _bad_counts(chart: Chart) -> Found:
    for category in chart.categories:
        if not 0 <= category.price <= limits.MAX_PRICE_MINOR:
            place = f"category {category.key!r}"
            yield "bad-price", place, f"its price is not 0 to {limits.MAX_PRICE_MINOR}"
    for table in chart.tables:
        if not 0 <= table.open_spaces <= limits.MAX_PLACES:
            yield "bad-occupancy", _name(table), "its number of open spaces is out of bounds"
    sized: list[tuple[Table | Area, int]] = [(t, len(t.seats)) for t in chart.tables]
    sized += [(a, a.capacity) for a in chart.areas]
    for thing, size in sized:
        least, most = thing.min_occupancy, thing.max_occupancy
        if least < 0 or not 0 <= most <= limits.MAX_PLACES or least > (most or size):
            text = f"its party may be {least} to {most or size}, which is nobody or too many"
            yield "bad-occupancy", _name(thing), text


def _shared_labels(chart: Chart) -> Found:
    sections = {s.id: s.label for s in chart.sections}
    labels = []
    for owner in _owners(chart):
        prefix = [part for part in (sections.get(owner.section), owner.label) if part]
        labels += ["-".join([*prefix, seat.label]) for seat in owner.seats]
    for thing in _undivided(chart):
        section = sections.get(thing.section)
        labels.append(f"{section}-{thing.label}" if section else thing.label)
    for label in _repeated(labels):
        yield "shared-label", label, "more than one place has this name"


def _warnings(chart: Chart) -> Found:
    used = Counter(s.category for s in seats_of(chart))
    used.update(t.category for t in _undivided(chart))
    for category in chart.categories:
        place = f"category {category.key!r}"
        if not used[category.key]:
            yield "empty-category", place, "no place has it"
        if not is_color(category.color):
            yield "bad-color", place, f"its colour {category.color!r} is not written as #rrggbb"
    if not used:
        yield "no-places", "chart", "it has nothing to sell"
    filled = {o.section for o in _owners(chart) if o.seats}
    filled |= {t.section for t in _undivided(chart)}
    for section in chart.sections:
        if section.id not in filled:
            yield "empty-section", f"section {section.label!r}", "it has no places"
    for owner in _owners(chart):
        if not owner.seats:
            yield "empty-row", _name(owner), "it has no seats"
        for seat in owner.seats:
            if seat.label.partition(" ")[0] in ("", UNLABELLED):
                yield "unlabelled", f"{_name(owner)} seat {seat.label!r}", "it has no label"
    for thing in _undivided(chart):
        if thing.label in ("", UNLABELLED):
            yield "unlabelled", _name(thing), "it has no label"
    for area in chart.areas:
        if not area.capacity:
            yield "empty-area", _name(area), "its capacity is 0"
    looked_at = (chart.focal_point, *(z.focal_point for z in chart.zones))
    if not any(looked_at) and all(d.kind != "stage" for d in chart.decorations):
        yield (
            "no-focal-point",
            "chart",
            "neither a focal point nor a stage says what is best",
        )


def _geometry_warnings(chart: Chart) -> Found:
    # Imported here because shapely is slow to import and recovery validates charts.
    from seatengine.chart.geometry import overlapping_seats, seats_outside, spots

    at = spots(chart)
    names = [f"{_name(o)} seat {s.label!r}" for o in _owners(chart) for s in o.seats]
    for first, second in overlapping_seats(at).tolist():
        yield "overlap", names[first], f"it lies on {names[second]}"
    for outside in seats_outside(chart, at).tolist():
        yield "outside-section", names[outside], "it stands outside of its section's outline"


def _owners(chart: Chart) -> Iterator[Row | Table]:
    yield from chart.rows
    yield from chart.tables


def _undivided(chart: Chart) -> Iterator[Booth | Area]:
    yield from chart.booths
    yield from chart.areas


def _name(thing: Row | Table | Booth | Area) -> str:
    return f"{type(thing).__name__.lower()} {thing.label!r}"


def _repeated(names: Iterable[str]) -> list[str]:
    return [name for name, count in Counter(names).items() if count > 1]


def _summed_up(problems: list[Problem]) -> list[Problem]:
    most = limits.MAX_PROBLEMS_PER_CODE
    counts: Counter[str] = Counter()
    kept = []
    for problem in problems:
        counts[problem.code] += 1
        if counts[problem.code] <= most:
            kept.append(problem)
    for code, count in counts.items():
        if count > most:
            severity = next(p.severity for p in problems if p.code == code)
            kept.append(Problem(code, severity, "chart", f"and {count - most} more like this"))
    return kept
