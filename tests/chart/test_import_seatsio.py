"""seats.io drawings in: every object, inherited categories, offsets, floors, and what is mended."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from seatengine.chart.chart import (
    Chart,
    Decoration,
    Ellipse,
    Floor,
    Point,
    Polygon,
    Rectangle,
    Zone,
)
from seatengine.chart.importers import Imported, read_chart
from seatengine.chart.seat_table import build
from seatengine.errors import BadChart
from tests.chart.files import (
    SHARED_CHARTS,
    Json,
    encoded,
    seatsio_drawing,
    seatsio_floors,
)


def read(document: Json) -> Imported:
    return read_chart(encoded(document))


def codes(imported: Imported) -> dict[str, int]:
    return {f.code: f.count for f in imported.report}


def decoration(chart: Chart, decoration_id: str) -> Decoration:
    return next(d for d in chart.decorations if d.id == decoration_id)


def test_rows_and_what_their_seats_are() -> None:
    chart = read(seatsio_drawing()).chart
    row = chart.rows[0]
    assert (row.label, row.display_label, row.curve) == ("A", "Row A", 12.5)
    assert [s.label for s in row.seats] == ["1", "2", "3", "4"]
    assert not row.seats[0].accessible
    special = row.seats[3]
    assert (special.x, special.y) == (190.1235, 100)
    assert special.accessible
    assert special.companion
    assert special.semi_ambulatory
    assert special.restricted_view
    assert (special.entrance, special.display_label, special.category) == ("North", "four", "vip")


def test_categories_keep_key_colour_and_accessibility() -> None:
    chart = read(seatsio_drawing()).chart
    assert [(c.key, c.label, c.color, c.accessible) for c in chart.categories] == [
        ("1", "Stalls", "#87A9CD", False),
        ("vip", "VIP", "#5E42ED", True),
    ]


def test_tables_by_seat_whole_and_by_party() -> None:
    round_table, square, bare = read(seatsio_drawing()).chart.tables
    assert round_table.shape == Ellipse(Point(400, 100), 20, 20)
    assert (round_table.booking, round_table.open_spaces) == ("whole", 1)
    assert square.shape == Rectangle(Point(400, 200), 80, 30, 45)
    assert (square.booking, square.min_occupancy, square.max_occupancy) == ("variable", 2, 3)
    assert bare.booking == "seats"
    assert bare.shape == Ellipse(Point(530, 200), 20, 20)


def test_booths_and_areas_of_all_shapes() -> None:
    chart = read(seatsio_drawing()).chart
    kiosk, corner, box = chart.booths
    assert kiosk.shape == Rectangle(Point(600, 100), 40, 30, 10)
    assert isinstance(corner.shape, Polygon)
    assert (box.section, box.shape.center if isinstance(box.shape, Rectangle) else None) == (
        "sec1",
        Point(630.5, 460.25),
    )
    floor, lounge, pit, standing = chart.areas
    assert floor.shape == Ellipse(Point(300, 300), 60, 40, 5)
    assert (floor.booking, floor.capacity, floor.min_occupancy) == ("places", 100, 0)
    assert lounge.shape == Rectangle(Point(450, 300), 100, 60, 0, 6)
    assert lounge.booking == "whole"
    assert isinstance(pit.shape, Polygon)
    assert (pit.booking, pit.min_occupancy, pit.max_occupancy) == ("variable", 5, 20)
    assert (standing.section, standing.category) == ("sec1", "vip")


def test_sections_offset_their_objects_and_give_them_their_category() -> None:
    chart = read(seatsio_drawing()).chart
    legacy, balcony = chart.sections
    assert (balcony.label, balcony.zone, balcony.entrance) == ("Balcony", "east", "Gate 3")
    assert (balcony.label_rotation, balcony.label_size, balcony.category) == (30, 12, "vip")
    assert balcony.outline is not None
    assert balcony.outline.points[0] == Point(600.5, 400.25)
    row = chart.rows[-1]
    assert row.section == "sec1"
    assert [(s.x, s.y, s.category) for s in row.seats] == [
        (620.5, 430.35, "vip"),
        (640.5, 430.35, "vip"),
        (660.5, 430.35, "vip"),
    ]
    assert (legacy.label, legacy.outline) == ("Circle", None)
    assert chart.rows[1].section == legacy.id
    assert chart.zones == (Zone("east", "East", Point(500, 20)),)


def test_decorations_keep_kind_place_and_colours() -> None:
    chart = read(seatsio_drawing()).chart
    stage = decoration(chart, "s1")
    assert (stage.kind, stage.text, stage.text_size) == ("stage", "Stage", 16)
    assert (stage.fill, stage.stroke, stage.foreground) == ("#D0D1D2", "#E8E8E9", True)
    assert decoration(chart, "s2").shape == Ellipse(Point(10, 10), 5, 5)
    assert decoration(chart, "s3").kind == "line"
    assert decoration(chart, "s4").kind == "shape"
    assert decoration(chart, "x1").text == "Welcome"
    assert decoration(chart, "x2").fill == "#112233"
    assert decoration(chart, "i1").icon == "restroom"
    assert decoration(chart, "i2").icon == "exit"
    assert decoration(chart, "s6").shape == Ellipse(Point(605.5, 405.25), 2, 2)
    assert decoration(chart, "s6").section == "sec1"


def test_what_a_chart_cannot_hold_is_named_and_counted() -> None:
    assert codes(read(seatsio_drawing())) == {
        "drawing-settings": 1,
        "background-image": 1,
        "reference-chart": 1,
        "seat-view-image": 2,
        "distancing": 1,
        "segmented-row": 1,
        "unknown-smart-type": 1,
        "unknown-shape": 1,
        "unknown-text": 1,
        "unknown-icon": 1,
        "image": 2,
        "label-placement": 1,
    }


def test_members_nobody_knows_are_named() -> None:
    document = seatsio_drawing()
    document["subChart"]["rows"][0]["holograms"] = [1]
    imported = read(document)
    found = next(f for f in imported.report if f.code == "unread-holograms")
    assert found.place == "$.subChart.rows[0].holograms"


def test_places_follow_each_other_along_rows() -> None:
    chart = read(seatsio_drawing()).chart
    table = build(chart)
    assert [s.index for s in chart.rows[0].seats] == [0, 1, 2, 3]
    assert table.link[:4].tolist() == [1, 1, 0, 0]
    assert chart.next_index == 4 + 3 + 3 + 3 + 3 + 2 + 3 + 100 + 10 + 20 + 5
    assert table.label(4) == "Circle-B-1"
    assert table.label(7) == "Balcony-A-1"


def test_floors_keep_their_own_coordinates() -> None:
    imported = read(seatsio_floors())
    chart = imported.chart
    assert chart.floors == (Floor("0", "Ground"), Floor("1", "Upper"))
    assert (chart.width, chart.height) == (1000, 600)
    assert chart.focal_point == Point(300, 10)
    assert codes(imported)["floor-focal-point"] == 1
    upper = next(r for r in chart.rows if r.id == "u1")
    assert upper.floor == "1"
    assert [s.x for s in upper.seats] == [5, 25]
    assert {t.floor for t in chart.tables} == {a.floor for a in chart.areas} == {"0"}
    assert {d.floor for d in chart.decorations} == {"0"}
    assert build(chart).label(upper.seats[0].index) == "Upper-A-1"


def test_a_drawing_with_mistakes_can_be_sold_and_says_what_was_mended() -> None:
    document = seatsio_drawing()
    row = document["subChart"]["rows"][0]
    row["seats"][1]["label"] = "1"
    row["seats"][2]["label"] = "?"
    row["seats"][0]["categoryKey"] = None
    row["seats"][3].update(categoryKey=77, categoryLabel="Lost")
    document["subChart"]["rows"].append({**row, "uuid": "r1"})
    imported = read(document)
    table = build(imported.chart)
    labels = [table.label(i) for i in range(4)]
    assert labels == ["A-1", "A-1 (2)", "A-?", "A-4"]
    assert len({table.label(i) for i in range(25)}) == 25
    assert {"no-category", "unknown-category", "duplicate-label", "unlabelled"} <= set(
        codes(imported)
    )
    assert {"duplicate-row-label", "duplicate-id"} <= set(codes(imported))
    assert [c.label for c in imported.chart.categories][2:] == ["No category", "Lost"]


def broken(change: Callable[[Json], object]) -> Json:
    document = seatsio_drawing()
    change(document["subChart"])
    return document


@pytest.mark.parametrize(
    ("document", "place"),
    [
        (broken(lambda d: d["rows"][0]["seats"][2].pop("x")), "$.subChart.rows[0].seats[2]"),
        (broken(lambda d: d["rows"][1].update(seats=7)), "$.subChart.rows[1].seats"),
        (broken(lambda d: d["rows"][1].pop("seats")), "$.subChart.rows[1]"),
        (
            broken(lambda d: d["rows"][0]["seats"][1].update(x=1e12)),
            "$.subChart.rows[0].seats[1].x",
        ),
        (broken(lambda d: d["rows"].append([])), "$.subChart.rows[2]"),
        (broken(lambda d: d["tables"][0].update(radius=-1)), "$.subChart.tables[0]"),
        (broken(lambda d: d["booths"][0].pop("center")), "$.subChart.booths[0]"),
        (
            broken(lambda d: d["generalAdmissionAreas"][0].update(capacity=-1)),
            "$.subChart.generalAdmissionAreas[0].capacity",
        ),
        (
            broken(lambda d: d["generalAdmissionAreas"][2].update(points=[])),
            "$.subChart.generalAdmissionAreas[2]",
        ),
        (
            broken(lambda d: d["sections"][0]["subChart"].update(sections=[{"subChart": {}}])),
            "$.subChart.sections[0].subChart.sections",
        ),
        (
            {**seatsio_drawing(), "categories": {"list": [{"key": 1}, {"key": "1"}]}},
            "$.categories.list[1]",
        ),
        ({**seatsio_drawing(), "zones": {"list": [{"key": ""}]}}, "$.zones.list[0]"),
        (
            {**seatsio_drawing(), "zones": {"list": [{"key": n} for n in range(1_001)]}},
            "$.zones.list",
        ),
        ({**seatsio_drawing(), "subChartFloors": [{}] * 101}, "$.subChartFloors"),
        ({**seatsio_drawing(), "subChart": [], "subChartFloors": None}, "$.subChart"),
        (
            {**seatsio_floors(), "subChartFloors": [{"floorName": "a"}, {"floorName": "a"}]},
            "$.subChartFloors[1]",
        ),
    ],
)
def test_a_broken_drawing_is_refused_at_its_place(document: Json, place: str) -> None:
    with pytest.raises(BadChart) as caught:
        read(document)
    assert caught.value.place == place


def test_an_area_of_nearly_endless_capacity_is_refused() -> None:
    document = broken(lambda d: d["generalAdmissionAreas"][0].update(capacity=10**15))
    with pytest.raises(BadChart, match="is not between 0 and"):
        read(document)


def test_areas_that_are_too_much_together_are_refused() -> None:
    areas = [{**seatsio_drawing()["subChart"]["generalAdmissionAreas"][0], "capacity": 200_000}] * 2
    document = broken(lambda d: d.update(generalAdmissionAreas=areas))
    with pytest.raises(BadChart, match="places are more than"):
        read(document)


def test_a_zone_that_nobody_defined_is_added() -> None:
    document = broken(lambda d: d["sections"][0].update(zone="west"))
    imported = read(document)
    assert codes(imported)["unknown-zone"] == 1
    assert imported.chart.zones[1] == Zone("west", "west")


def test_a_drawing_without_anything_in_it_is_empty() -> None:
    chart = read({"subChart": {}}).chart
    assert chart.next_index == 0


SAMPLES: dict[str, dict[str, Any]] = {
    "sampleChart": {"places": 232, "first": "A-1"},
    "sampleChartWithErrors": {"places": 232, "first": "A-1"},
    "sampleChartWithFloors": {"places": 4, "first": "S1-A-1"},
    "sampleChartWithSections": {"places": 71, "first": "Section A-A-1"},
    "sampleChartWithTables": {"places": 12, "first": "T1-1"},
    "sampleChartWithZones": {"places": 8_897, "first": "Goal Stand 4-A-1"},
}


def test_real_drawings_come_in_whole() -> None:
    folder = SHARED_CHARTS / "seatsio"
    for name, expected in SAMPLES.items():
        path = folder / f"{name}.json"
        if path.exists():
            table = build(read_chart(path.read_bytes()).chart)
            assert (table.size, table.label(0)) == (expected["places"], expected["first"])
            seated = [i for i in range(table.size) if table.groups[table.group[i]].kind != 3]
            assert len({table.label(i) for i in seated}) == len(seated)
