"""The dense columns: who is beside whom, what a place is called, what cannot be built."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest

from seatengine.chart.chart import (
    Area,
    Booth,
    Category,
    Chart,
    Decoration,
    Ellipse,
    Point,
    Polygon,
    Rectangle,
    Row,
    Seat,
    Section,
    Table,
    Zone,
)
from seatengine.chart.generate import generate
from seatengine.chart.seat_table import (
    RETIRED,
    SeatTable,
    build,
    focal_point,
    shape_center,
    unpack,
)
from seatengine.errors import BadChart
from tests.venues import pocket_chart

COLUMNS = ("x", "y", "section", "group", "category", "flags", "link", "rank")


def row_of(*xs: float, indexes: tuple[int, ...] = (), label: str = "A", first: int = 0) -> Row:
    indexes = indexes or tuple(range(first, first + len(xs)))
    return Row(
        id=f"row-{label}",
        label=label,
        seats=tuple(
            Seat(f"{label}{i}", i, str(n + 1), x, 0.0, "c")
            for n, (i, x) in enumerate(zip(indexes, xs, strict=True))
        ),
    )


def chart_of(*rows: Row, **parts: object) -> Chart:
    count = sum(len(row.seats) for row in rows)
    chart = Chart("Test", 100, 100, (Category("c", "C", "#000000"),), count, rows=rows)
    return msgspec.structs.replace(chart, **parts)


def links(table: SeatTable) -> list[int]:
    return np.flatnonzero(table.link).tolist()


def test_neighbours_are_linked_and_an_aisle_parts_them() -> None:
    assert links(build(chart_of(row_of(0, 10, 20, 45, 55)))) == [0, 1, 3]


def test_links_do_not_cross_from_row_to_row() -> None:
    table = build(chart_of(row_of(0, 10), row_of(20, 30, label="B", first=2)))
    assert links(table) == [0, 2]


def test_a_row_of_pairs_is_not_one_long_bench() -> None:
    assert links(build(chart_of(row_of(0, 10, 50, 60, 100, 110)))) == [0, 2, 4]
    assert links(build(chart_of(row_of(0, 40, 50, 90)))) == [1]


def test_seats_on_one_spot_do_not_part_the_others() -> None:
    assert links(build(chart_of(row_of(0, 0, 10, 20)))) == [0, 1, 2]


def test_a_row_counted_from_its_other_end_is_linked_too() -> None:
    assert links(build(chart_of(row_of(0, 10, 20, indexes=(2, 1, 0))))) == [0, 1]


def test_seats_whose_indexes_do_not_follow_are_not_linked() -> None:
    chart = chart_of(row_of(0, 10, 20, indexes=(0, 2, 1)))
    assert links(build(chart)) == [1]


def test_full_labels_leave_out_what_is_empty() -> None:
    square = Rectangle(Point(0, 0), 10, 10)
    chart = chart_of(
        msgspec.structs.replace(row_of(0), section="s"),
        row_of(5, label="", first=1),
        sections=(Section("s", "Stalls"), Section("", "")),
        booths=(Booth("b", 2, "Kiosk", square, "c", section="s"),),
        areas=(Area("a", "Floor", square, "c", 2, ((3, 2),)),),
        next_index=5,
    )
    table = build(chart)
    assert [table.label(i) for i in range(5)] == [
        "Stalls-A-1",
        "1",
        "Stalls-Kiosk",
        "Floor",
        "Floor",
    ]


def test_packing_keeps_every_column_and_name() -> None:
    for chart in (pocket_chart(), generate("theatre", 300), chart_of()):
        table = build(chart)
        again = unpack(table.pack())
        assert again.size == table.size
        assert again.chart_hash == table.chart_hash
        assert again.groups == table.groups
        assert again.sections == table.sections
        assert again.categories == table.categories
        assert again.seat_labels == table.seat_labels
        for column in COLUMNS:
            assert np.array_equal(getattr(again, column), getattr(table, column)), column


def test_unused_indexes_are_retired_and_rank_last() -> None:
    table = build(chart_of(row_of(0, 10, indexes=(0, 2)), next_index=4))
    assert [bool(f & RETIRED) for f in table.flags] == [False, True, False, True]
    assert table.rank[1] > table.rank[:1].max()


@pytest.mark.parametrize(
    ("chart", "place", "reason"),
    [
        (chart_of(row_of(0, 10, indexes=(0, 0))), "row 'A'", "used twice"),
        (chart_of(row_of(0, indexes=(7,))), "row 'A'", "outside"),
        (chart_of(row_of(0, indexes=(-1,))), "row 'A'", "outside"),
        (chart_of(row_of(0), categories=()), "row 'A' seat '1'", "category"),
        (
            chart_of(msgspec.structs.replace(row_of(0), section="x")),
            "row 'A'",
            "section",
        ),
        (chart_of(next_index=250_001), "chart", "250001"),
        (chart_of(next_index=-1), "chart", "-1"),
        (
            chart_of(
                row_of(0),
                booths=(Booth("b", 0, "B", Ellipse(Point(0, 0), 1, 1), "c"),),
            ),
            "booth 'B'",
            "used twice",
        ),
        (
            chart_of(
                areas=(Area("a", "F", Ellipse(Point(0, 0), 1, 1), "c", 3, ((0, 2),)),), next_index=2
            ),
            "area 'F'",
            "1 places fewer",
        ),
        (
            chart_of(areas=(Area("a", "F", Ellipse(Point(0, 0), 1, 1), "c", -3, ()),)),
            "area 'F'",
            "less than nothing",
        ),
        (
            chart_of(categories=tuple(Category(str(i), "", "#000") for i in range(251))),
            "chart",
            "categories",
        ),
    ],
)
def test_what_cannot_be_built_is_said_with_its_place(chart: Chart, place: str, reason: str) -> None:
    with pytest.raises(BadChart, match=reason) as caught:
        build(chart)
    assert caught.value.place == place


def test_tables_are_groups_of_their_own() -> None:
    round_table = Table(
        "t",
        "T1",
        Ellipse(Point(0, 0), 10, 10),
        tuple(Seat(f"t{i}", i, str(i + 1), 10.0 * i, 0, "c") for i in range(4)),
        booking="whole",
    )
    table = build(chart_of(tables=(round_table,), next_index=4))
    assert table.has_whole
    assert table.group_places(0) == [0, 1, 2, 3]
    assert links(table) == [0, 1, 2]


def test_rank_is_the_distance_to_the_zones_own_focal_point() -> None:
    near = msgspec.structs.replace(row_of(0), section="s")
    chart = chart_of(
        near,
        sections=(Section("s", "S", zone="z"),),
        zones=(Zone("z", "Z", Point(3, 4)),),
        focal_point=Point(100, 0),
    )
    assert build(chart).rank[0] == pytest.approx(5.0)


def test_the_centre_of_a_polygon_is_that_of_its_area() -> None:
    # Many corners on one side do not pull the centre to it.
    corners = [Point(x, 0) for x in range(11)] + [Point(10, 10), Point(0, 10)]
    center = shape_center(Polygon(tuple(corners)))
    assert (center.x, center.y) == pytest.approx((5, 5))
    assert shape_center(Polygon((Point(0, 0), Point(4, 2)))) == Point(2, 1)
    assert shape_center(Polygon(())) == Point(0, 0)


def test_without_a_focal_point_the_stage_is_looked_at() -> None:
    stage = Decoration("d", "stage", Rectangle(Point(7, 8), 4, 4))
    assert focal_point(chart_of(decorations=(stage,))) == Point(7, 8)
    assert focal_point(chart_of()) == Point(50, 0)
