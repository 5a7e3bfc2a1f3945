"""pretix plans in: relative positions, zones as sections, blocks, floors, areas."""

from __future__ import annotations

import copy
from collections.abc import Callable

import pytest

from seatengine.chart.chart import Decoration, Ellipse, Floor, Point, Polygon, Rectangle
from seatengine.chart.importers import Imported, read_chart
from seatengine.chart.seat_table import build
from seatengine.errors import BadChart
from tests.chart.files import SHARED_CHARTS, Json, encoded, pretix_plan


def read(document: Json) -> Imported:
    return read_chart(encoded(document))


def codes(imported: Imported) -> dict[str, int]:
    return {f.code: f.count for f in imported.report}


def labels(imported: Imported) -> list[str]:
    table = build(imported.chart)
    return [table.label(i) for i in range(table.size)]


def repeated_rows(document: Json, dx: float, dy: float) -> Json:
    """The first zone again inside itself, moved, with other guids."""
    rows = document["zones"][0]["rows"]
    again = copy.deepcopy(rows)
    for row in again:
        row["uuid"] += "-again"
        row["position"]["x"] += dx
        row["position"]["y"] += dy
        for seat in row["seats"]:
            seat["uuid"] += "-again"
    rows += again
    return document


def test_seats_stand_where_plan_zone_row_and_seat_add_up_to() -> None:
    chart = read(pretix_plan()).chart
    seat = chart.rows[1].seats[2]
    assert (seat.x, seat.y) == (185.1, 80.7)
    assert (seat.id, seat.label, seat.category, seat.radius) == ("B-3", "3", "Back", 9)
    assert chart.rows[2].seats[0].radius == 10


def test_zones_become_sections_and_names_follow() -> None:
    imported = read(pretix_plan())
    assert [(s.id, s.label) for s in imported.chart.sections] == [
        ("stalls", "Stalls"),
        ("balcony", "Balcony"),
    ]
    assert labels(imported)[0] == "Stalls-A-1"
    assert labels(imported)[-1] == "Balcony-A-2"
    assert imported.chart.floors == ()
    assert imported.chart.rows[0].display_label == "Row A"


def test_areas_of_every_shape_are_drawn_where_they_were() -> None:
    decorations = {d.id: d for d in read(pretix_plan()).chart.decorations}
    stage = decorations["area-1"]
    assert (stage.fill, stage.stroke) == ("#CBEEB3", "#FFFFFF")
    assert isinstance(stage.shape, Rectangle)
    # Turned by 30 degrees about its own corner at (105, 56.5).
    assert stage.shape.center == Point(138.3013, 98.8205)
    text = decorations["area-1-text"]
    assert (text.kind, text.text, text.fill) == ("text", "Stage", "#333333")
    assert decorations["area-2"].shape == Ellipse(Point(400, 56.5), 12, 12)
    assert decorations["area-3"].shape == Ellipse(Point(450, 56.5), 12, 5, 90)
    triangle = decorations["area-4"].shape
    assert isinstance(triangle, Polygon)
    assert triangle.points == (Point(500, 56.5), Point(500, 65.5), Point(491, 56.5))
    exit_text = decorations["area-5"]
    assert (exit_text.kind, exit_text.text, exit_text.text_size) == ("text", "Exit", 11)


def test_what_is_not_kept_is_named() -> None:
    assert codes(read(pretix_plan())) == {
        "seat-label-pattern": 2,
        "row-number-position": 2,
        "start-direction": 6,
    }


def test_a_zone_that_repeats_its_row_labels_is_split_into_blocks() -> None:
    imported = read(repeated_rows(pretix_plan(), 300, 0))
    assert [s.label for s in imported.chart.sections] == ["Stalls 1", "Stalls 2", "Balcony"]
    assert labels(imported)[6] == "Stalls 2-A-1"
    assert codes(imported)["zone-split"] == 1
    assert codes(imported)["duplicate-guid"] == 6
    assert imported.chart.rows[2].seats[0].id == "uuid-A-1-again"


def test_a_far_row_begins_a_block_of_its_own_once_a_zone_is_split() -> None:
    document = repeated_rows(pretix_plan(), 300, 0)
    last = document["zones"][0]["rows"][-1]
    last["position"]["y"] += 200
    sections = read(document).chart.sections
    assert [s.label for s in sections][:3] == ["Stalls 1", "Stalls 2", "Stalls 3"]


def test_zones_above_one_another_become_floors() -> None:
    document = pretix_plan()
    document["zones"][1]["position"] = {"x": 110.1, "y": 50.7}
    imported = read(document)
    chart = imported.chart
    assert chart.floors == (Floor("stalls", "Stalls"), Floor("balcony", "Balcony"))
    assert [r.floor for r in chart.rows] == ["stalls", "stalls", "balcony"]
    assert {d.floor for d in chart.decorations} == {"stalls"}
    assert codes(imported)["stacked-zones"] == 1


def test_zones_of_one_name_still_give_every_place_its_own() -> None:
    document = pretix_plan()
    document["zones"][1].update(name="Stalls", zone_id="stalls")
    imported = read(document)
    assert len(set(labels(imported))) == len(labels(imported))
    assert {"duplicate-id", "duplicate-row-label"} <= set(codes(imported))


def test_members_outside_the_format_are_named() -> None:
    document = pretix_plan()
    document["zones"][0]["rows"][0]["smell"] = "roses"
    assert codes(read(document))["unread-smell"] == 1


def broken(change: Callable[[Json], object]) -> Json:
    document = pretix_plan()
    change(document)
    return document


@pytest.mark.parametrize(
    ("document", "place"),
    [
        (broken(lambda p: p.pop("name")), "$"),
        (broken(lambda p: p["size"].pop("width")), "$.size"),
        (broken(lambda p: p["size"].update(width=-1)), "$.size.width"),
        (broken(lambda p: p["categories"].append({"name": "Front"})), "$.categories[2]"),
        (broken(lambda p: p["zones"][1].pop("position")), "$.zones[1]"),
        (
            broken(lambda p: p["zones"][0]["rows"][1]["seats"][0].update(seat_number=4)),
            "$.zones[0].rows[1].seats[0].seat_number",
        ),
        (
            broken(lambda p: p["zones"][0]["rows"][1]["seats"][2]["position"].update(y=1e9)),
            "$.zones[0].rows[1].seats[2].position.y",
        ),
        (broken(lambda p: p["zones"][0]["areas"][1].update(shape="star")), "$.zones[0].areas[1]"),
        (broken(lambda p: p["zones"][0]["areas"][1].pop("circle")), "$.zones[0].areas[1]"),
    ],
)
def test_a_broken_plan_is_refused_at_its_place(document: Json, place: str) -> None:
    with pytest.raises(BadChart) as caught:
        read(document)
    assert caught.value.place == place


def test_a_real_plan_comes_in_whole() -> None:
    path = SHARED_CHARTS / "pretix" / "stadium.json"
    if not path.exists():
        return
    imported = read_chart(path.read_bytes())
    names = labels(imported)
    assert len(names) == len(set(names)) == 738
    assert names[0] == "Ground floor 1-A-1"
    assert [f.label for f in imported.chart.floors] == ["Ground floor", "First Floor"]
    kinds: set[type] = {type(d) for d in imported.chart.decorations}
    assert kinds == {Decoration}
