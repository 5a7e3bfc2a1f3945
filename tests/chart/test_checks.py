"""Checks: every error keeps a chart from sale with its place, every warning is found."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from seatengine import limits
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
    Table,
    Zone,
)
from seatengine.chart.checks import Problem, check, is_color, validate
from seatengine.chart.seat_table import build
from seatengine.errors import BadChart
from tests.venues import pocket_chart

BOX = Rectangle(Point(50, 60), 10, 10)


def seats(prefix: str, first: int, *xs: float, y: float = 0.0) -> tuple[Seat, ...]:
    return tuple(Seat(f"{prefix}{n}", first + n, str(n + 1), x, y, "c") for n, x in enumerate(xs))


def sound() -> Chart:
    """One of everything, without a fault."""
    return Chart(
        "Sound",
        100,
        100,
        (Category("c", "C", "#112233"),),
        10,
        zones=(Zone("z", "Z"),),
        floors=(Floor("f", "F"),),
        sections=(Section("s", "S", zone="z", floor="f", category="c"),),
        rows=(Row("r", "A", seats("r", 0, 0, 10, 20), section="s", floor="f"),),
        tables=(Table("t", "T", BOX, seats("t", 3, 40, 60, y=60), floor="f"),),
        booths=(Booth("b", 5, "B", BOX, "c"),),
        areas=(Area("a", "GA", BOX, "c", 3, ((6, 4),)),),
        decorations=(Decoration("d", "stage", BOX),),
        focal_point=Point(0, 0),
    )


def changed(**parts: object) -> Chart:
    return msgspec.structs.replace(sound(), **parts)


def first(parts: tuple[Any, ...], **fields: object) -> tuple[Any, ...]:
    return (msgspec.structs.replace(parts[0], **fields), *parts[1:])


def row(**fields: object) -> Chart:
    return changed(rows=first(sound().rows, **fields))


def seat(**fields: object) -> Chart:
    return row(seats=first(sound().rows[0].seats, **fields))


def table(**fields: object) -> Chart:
    return changed(tables=first(sound().tables, **fields))


def area(**fields: object) -> Chart:
    return changed(areas=first(sound().areas, **fields))


def section(**fields: object) -> Chart:
    return changed(sections=first(sound().sections, **fields))


def decoration(**fields: object) -> Chart:
    return changed(decorations=first(sound().decorations, **fields))


def test_a_sound_chart_has_no_problems() -> None:
    assert check(sound()) == []
    validate(sound())


@pytest.mark.parametrize(
    ("chart", "code", "place"),
    [
        (changed(next_index=limits.MAX_PLACES + 1), "too-many-places", "chart"),
        (changed(next_index=-1), "bad-index", "chart"),
        (
            changed(
                categories=sound().categories
                + tuple(Category(str(n), "", "#000000") for n in range(250))
            ),
            "too-many-categories",
            "chart",
        ),
        (
            changed(
                sections=sound().sections
                + tuple(Section(f"x{n}", "") for n in range(limits.MAX_SECTIONS))
            ),
            "too-many-sections",
            "chart",
        ),
        (changed(name="x" * 101), "long-text", "chart"),
        (seat(label="1\n2"), "bad-text", "row 'A'"),
        (row(label="A\u2028"), "bad-text", "row 'A\\u2028'"),
        (seat(x=float("nan")), "bad-number", "row 'A' seat '1'"),
        (seat(y=float("inf")), "bad-number", "row 'A' seat '1'"),
        (seat(radius=-1.0), "bad-number", "row 'A' seat '1'"),
        (changed(width=float("nan")), "bad-number", "chart"),
        (changed(height=-1.0), "bad-number", "chart"),
        (changed(focal_point=Point(1e9, 0)), "bad-number", "focal point"),
        (changed(zones=(Zone("z", "Z", Point(0, 1e9)),)), "bad-number", "focal point"),
        (section(label_size=1e9), "bad-number", "section 'S'"),
        (table(shape=Ellipse(Point(0, 0), 1e9, 1)), "bad-number", "table 'T'"),
        (decoration(text_size=1e9), "bad-number", "decoration 'd'"),
        (section(outline=Polygon((Point(0, 0), Point(1, 1)))), "bad-shape", "section 'S'"),
        (area(shape=Polygon(())), "bad-shape", "area 'GA'"),
        (area(shape=Rectangle(Point(0, 0), -1, 1)), "bad-shape", "area 'GA'"),
        (table(shape=Ellipse(Point(0, 0), 1, -1)), "bad-shape", "table 'T'"),
        (decoration(shape=Polygon((Point(0, 0),))), "bad-shape", "decoration 'd'"),
        (row(id="t"), "shared-id", "id 't'"),
        (seat(id="t0"), "shared-id", "seat id 't0'"),
        (row(id=""), "empty-id", "chart"),
        (changed(zones=(Zone("z", "Z"), Zone("z", "Y"))), "shared-id", "zone id 'z'"),
        (changed(floors=(Floor("f", "F"), Floor("f", "G"))), "shared-id", "floor id 'f'"),
        (changed(categories=sound().categories * 2), "shared-id", "category key 'c'"),
        (section(zone="?"), "unknown-zone", "section 'S'"),
        (section(floor="?"), "unknown-floor", "section 'S'"),
        (section(category="?"), "unknown-category", "section 'S'"),
        (seat(category="?"), "unknown-category", "row 'A' seat '1'"),
        (area(category="?"), "unknown-category", "area 'GA'"),
        (row(section="?"), "unknown-section", "row 'A'"),
        (table(floor="?"), "unknown-floor", "table 'T'"),
        (decoration(section="?"), "unknown-section", "decoration 'd'"),
        (seat(index=1), "shared-index", "row 'A' seat '2'"),
        (seat(index=7), "shared-index", "area 'GA'"),
        (seat(index=10), "bad-index", "row 'A' seat '1'"),
        (seat(index=-1), "bad-index", "row 'A' seat '1'"),
        (area(indexes=((6, 10**12),)), "bad-index", "area 'GA'"),
        (area(indexes=((6, 2), (7, 2))), "shared-index", "area 'GA'"),
        (area(capacity=5), "bad-capacity", "area 'GA'"),
        (area(capacity=-1), "bad-capacity", "area 'GA'"),
        (area(min_occupancy=4), "bad-occupancy", "area 'GA'"),
        (table(min_occupancy=2, max_occupancy=1), "bad-occupancy", "table 'T'"),
        (table(max_occupancy=10**30), "bad-occupancy", "table 'T'"),
        (table(open_spaces=-1), "bad-occupancy", "table 'T'"),
        (
            changed(categories=first(sound().categories, price=-1)),
            "bad-price",
            "category 'c'",
        ),
        (seat(label="2"), "shared-label", "S-A-2"),
        (area(label="B"), "shared-label", "B"),
    ],
)
def test_an_error_keeps_a_chart_from_sale(chart: Chart, code: str, place: str) -> None:
    problems = check(chart)
    assert all(p.severity == "error" for p in problems)
    assert (code, place) in [(p.code, p.place) for p in problems]
    with pytest.raises(BadChart):
        validate(chart)


@pytest.mark.parametrize(
    ("chart", "code", "place"),
    [
        (
            changed(categories=(*sound().categories, Category("e", "E", "#000000"))),
            "empty-category",
            "category 'e'",
        ),
        (changed(categories=first(sound().categories, color="red")), "bad-color", "category 'c'"),
        (changed(sections=(*sound().sections, Section("e", "E"))), "empty-section", "section 'E'"),
        (changed(rows=(*sound().rows, Row("e", "E", ()))), "empty-row", "row 'E'"),
        (seat(label="?"), "unlabelled", "row 'A' seat '?'"),
        (seat(label=""), "unlabelled", "row 'A' seat ''"),
        (changed(booths=first(sound().booths, label="?")), "unlabelled", "booth '?'"),
        (area(capacity=0), "empty-area", "area 'GA'"),
        (
            changed(focal_point=None, decorations=()),
            "no-focal-point",
            "chart",
        ),
        (seat(x=19.0), "overlap", "row 'A' seat '1'"),
        (
            section(outline=Polygon((Point(-9, -9), Point(12, -9), Point(12, 9)))),
            "outside-section",
            "row 'A' seat '3'",
        ),
    ],
)
def test_a_warning_does_not(chart: Chart, code: str, place: str) -> None:
    problems = check(chart)
    assert all(p.severity == "warning" for p in problems)
    assert (code, place) in [(p.code, p.place) for p in problems]
    validate(chart)
    build(chart)


def test_an_empty_chart_has_nothing_to_sell() -> None:
    assert "no-places" in [p.code for p in check(Chart("", 0, 0, (), 0))]


def test_problems_that_are_many_are_summed_up() -> None:
    chart = row(seats=tuple(Seat(f"r{n}", n, "?" if n else "1", 0, 9.0 * n, "c") for n in range(3)))
    assert [p.code for p in check(chart)].count("shared-label") == 1
    many = Row("r", "A", tuple(Seat(f"r{n}", n, str(n), n, 0, "x") for n in range(500)))
    problems = check(changed(rows=(many,), tables=(), booths=(), areas=(), next_index=500))
    unknown = [p for p in problems if p.code == "unknown-category"]
    assert len(unknown) == limits.MAX_PROBLEMS_PER_CODE + 1
    assert unknown[-1] == Problem("unknown-category", "error", "chart", "and 450 more like this")


def test_colours_are_hexadecimal() -> None:
    accepted: Callable[[str], bool] = is_color
    assert all(map(accepted, ["#abc", "#ABCD", "#a1b2c3", "#a1b2c3d4"]))
    assert not any(map(accepted, ["", "red", "#ab", "#abcde", "#ggg", "#abc\n", "url(#abc)"]))


def test_the_venue_of_the_other_tests_is_sound() -> None:
    validate(pocket_chart())
