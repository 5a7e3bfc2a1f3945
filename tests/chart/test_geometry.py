"""Outlines, label points, seats on each other and seats outside of their section."""

from __future__ import annotations

import subprocess
import sys

import msgspec
import numpy as np
import shapely

from seatengine.chart.chart import (
    Category,
    Chart,
    Ellipse,
    Floor,
    Point,
    Polygon,
    Row,
    Seat,
    Section,
    Table,
    seats_of,
)
from seatengine.chart.generate import generate
from seatengine.chart.geometry import (
    label_points,
    overlapping_seats,
    seats_outside,
    spots,
    usual_distance,
    with_outlines,
)


def row(label: str, y: float, *xs: float, section: str = "s", floor: str = "") -> Row:
    seats = tuple(Seat(f"{label}{n}", n, str(n), x, y, "c") for n, x in enumerate(xs))
    return Row(label, label, seats, section, floor)


def chart(*rows: Row, outline: Polygon | None = None) -> Chart:
    return Chart(
        "Test",
        100,
        100,
        (Category("c", "C", "#000000"),),
        100,
        floors=(Floor("0", "Ground"), Floor("1", "Upper")),
        sections=(Section("s", "S", outline),),
        rows=rows,
    )


SQUARE = Polygon((Point(-5, -5), Point(45, -5), Point(45, 25), Point(-5, 25)))


def test_spots_are_columns_of_all_seats() -> None:
    table = Table("t", "T", Ellipse(Point(0, 0), 1, 1), (Seat("x", 9, "1", 7, 8, "c"),))
    made = msgspec.structs.replace(
        chart(row("A", 0, 0, 10), row("B", 20, 0, section="?", floor="1")), tables=(table,)
    )
    at = spots(made)
    assert at.x.tolist() == [0, 10, 0, 7]
    assert at.y.tolist() == [0, 0, 20, 8]
    assert at.section.tolist() == [0, 0, -1, -1]
    assert at.floor.tolist() == [-1, -1, 1, -1]


def test_the_usual_distance_is_that_of_neighbours() -> None:
    assert usual_distance(spots(chart(row("A", 0, 0, 10, 20, 30, 80)))) == 10
    assert usual_distance(spots(chart())) == 20


def test_seats_on_each_other_are_found_once_and_only_on_one_floor() -> None:
    made = chart(row("A", 0, 0, 10, 20, 30), row("B", 0, 34, 42, 52), row("C", 0, 0, floor="1"))
    assert overlapping_seats(spots(made)).tolist() == [[3, 4]]


def test_seats_outside_of_their_outline_are_found() -> None:
    made = chart(row("A", 0, 0, 10, 20, 30, 90), row("B", 10, 200, section=""), outline=SQUARE)
    assert seats_outside(made, spots(made)).tolist() == [4]
    assert seats_outside(chart(row("A", 0, 500)), spots(chart(row("A", 0, 500)))).tolist() == []


def test_an_outline_is_drawn_around_a_section_that_has_none() -> None:
    made = generate("stadium", 3_000)
    bare = tuple(msgspec.structs.replace(s, outline=None) for s in made.sections)
    drawn = with_outlines(msgspec.structs.replace(made, sections=bare))
    assert not len(seats_outside(drawn, spots(drawn)))
    for section, original in zip(drawn.sections, made.sections, strict=True):
        assert section.outline is not None
        assert original.outline is not None
        mine = shapely.Polygon([(p.x, p.y) for p in section.outline.points])
        theirs = shapely.Polygon([(p.x, p.y) for p in original.outline.points])
        assert mine.is_valid
        assert 0.8 < mine.area / theirs.area < 1.2


def test_outlines_that_are_there_stay() -> None:
    made = chart(row("A", 0, 0, 10), outline=SQUARE)
    assert with_outlines(made) is made


def test_one_seat_and_two_seats_have_an_outline_too() -> None:
    for xs in ((5.0,), (5.0, 15.0)):
        drawn = with_outlines(chart(row("A", 0, *xs)))
        assert drawn.sections[0].outline is not None
        assert not len(seats_outside(drawn, spots(drawn)))
    assert with_outlines(chart()).sections[0].outline is None


def test_labels_are_written_inside_of_crescents_and_crossed_outlines() -> None:
    outer = [Point(100 * np.cos(a), 100 * np.sin(a)) for a in np.linspace(0, np.pi, 30)]
    inner = [Point(80 * np.cos(a), 80 * np.sin(a)) for a in np.linspace(np.pi, 0, 30)]
    crescent = Polygon((*outer, *inner))
    bow_tie = Polygon((Point(0, 0), Point(10, 10), Point(10, 0), Point(0, 10)))
    for outline in (SQUARE, crescent, bow_tie):
        point = label_points(chart(outline=outline))["s"]
        area = shapely.make_valid(shapely.Polygon([(p.x, p.y) for p in outline.points]))
        assert area.buffer(0.1).contains(shapely.Point(point.x, point.y))
    assert label_points(chart(outline=SQUARE))["s"] == Point(20, 10)
    assert label_points(chart()) == {}


def test_every_label_of_a_venue_is_in_its_section() -> None:
    made = generate("arena", 3_000)
    points = label_points(made)
    assert set(points) == {s.id for s in made.sections}
    assert len(list(seats_of(made)))


def test_selling_needs_no_shapely() -> None:
    code = (
        "import sys, seatengine.chart.importers, seatengine.chart.exporters, "
        "seatengine.chart.generate, seatengine.chart.seat_table; "
        "sys.exit('shapely' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
