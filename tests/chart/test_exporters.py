"""Chart files out: an import of an export is equal, and what is lost is named."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seatengine.chart.chart import Chart, seats_of
from seatengine.chart.exporters import CHART_FORMATS, ChartFormat, write_chart
from seatengine.chart.generate import VENUE_KINDS, VenueKind, generate
from seatengine.chart.importers import read_chart
from seatengine.chart.seat_table import build
from seatengine.errors import BadChart
from tests.chart.files import (
    encoded,
    pretix_plan,
    seatsio_drawing,
    seatsio_floors,
    shared_files,
)
from tests.chart.test_import_pretix import repeated_rows
from tests.venues import pocket_chart


def stacked_plan() -> bytes:
    plan = repeated_rows(pretix_plan(), 300, 0)
    plan["zones"][1]["position"] = {"x": 110.1, "y": 50.7}
    return encoded(plan)


FILES = {
    "drawing": encoded(seatsio_drawing()),
    "drawing with floors": encoded(seatsio_floors()),
    "plan": encoded(pretix_plan()),
    "plan with blocks": encoded(repeated_rows(pretix_plan(), 300, 0)),
    "plan with floors": stacked_plan(),
}


def written(chart: Chart, chart_format: ChartFormat) -> Chart:
    data, _ = write_chart(chart, chart_format)
    imported = read_chart(data)
    assert imported.format == chart_format
    return imported.chart


def labels(chart: Chart) -> list[str]:
    table = build(chart)
    return [table.label(i) for i in range(table.size)]


def own_format(name: str) -> ChartFormat:
    return "pretix" if name.startswith("plan") else "seatsio"


@pytest.mark.parametrize("name", FILES)
def test_an_import_of_its_own_export_is_equal(name: str) -> None:
    chart = read_chart(FILES[name]).chart
    assert written(chart, own_format(name)) == chart
    assert written(chart, "native") == chart


@pytest.mark.parametrize("name", FILES)
def test_an_export_of_what_came_from_its_format_loses_nothing(name: str) -> None:
    chart = read_chart(FILES[name]).chart
    _, lost = write_chart(chart, own_format(name))
    shapes = {"decoration-kind", "outline", "entrance"}
    assert {f.code for f in lost} <= shapes


def test_real_files_survive_the_way_out_and_back() -> None:
    for path in shared_files():
        imported = read_chart(path.read_bytes())
        assert written(imported.chart, imported.format) == imported.chart, path.name
        assert written(imported.chart, "native") == imported.chart, path.name
        for other in CHART_FORMATS:
            assert labels(written(imported.chart, other)), (path.name, other)


@settings(max_examples=15, deadline=None)
@given(kind=st.sampled_from(VENUE_KINDS), seats=st.integers(100, 1_500))
def test_generated_venues_survive_every_format(kind: VenueKind, seats: int) -> None:
    chart = generate(kind, seats)
    assert written(chart, "native") == chart
    drawing = written(chart, "seatsio")
    free = [msgspec.structs.replace(c, price=0) for c in chart.categories]
    assert sorted(labels(drawing)) == sorted(labels(chart))
    assert drawing.categories == tuple(free)
    assert drawing.focal_point == chart.focal_point
    by_id = {s.id: s for s in seats_of(drawing)}
    for seat in seats_of(chart):
        again = by_id[seat.id]
        assert (again.x, again.y, again.category) == (seat.x, seat.y, seat.category)
        assert again.accessible == seat.accessible
    assert written(drawing, "seatsio") == drawing
    plan = written(chart, "pretix")
    assert written(plan, "pretix") == plan
    standing = sum(a.capacity for a in chart.areas)
    assert len(list(seats_of(plan))) == chart.next_index - standing


def test_whatever_a_format_cannot_say_is_named() -> None:
    chart = pocket_chart()
    _, lost = write_chart(chart, "native")
    assert lost == ()
    _, lost = write_chart(chart, "seatsio")
    assert {f.code for f in lost} >= {"price", "retired-index"}
    _, lost = write_chart(chart, "pretix")
    counts = {f.code: f.count for f in lost}
    assert counts["table"] == len(chart.tables)
    assert counts["area"] == len(chart.areas)
    assert counts["booth"] == len(chart.booths)
    assert counts["accessible"] == sum(s.accessible for s in seats_of(chart))


def test_tables_are_rows_of_a_plan_so_that_their_seats_are_kept() -> None:
    chart = read_chart(FILES["drawing"]).chart
    plan = written(chart, "pretix")
    assert {"T1", "T2", "T3"} <= {r.label for r in plan.rows}


def test_objects_on_no_floor_go_to_the_first() -> None:
    chart = read_chart(FILES["drawing with floors"]).chart
    rows = tuple(msgspec.structs.replace(r, floor="") for r in chart.rows)
    sections = tuple(msgspec.structs.replace(s, floor="") for s in chart.sections)
    chart = msgspec.structs.replace(chart, rows=rows, sections=sections)
    data, lost = write_chart(chart, "seatsio")
    assert {f.code: f.count for f in lost}["no-floor"] == len(rows)
    assert {r.floor for r in read_chart(data).chart.rows} == {"0"}


def test_native_files_are_the_same_bytes_for_equal_charts() -> None:
    once, _ = write_chart(generate("theatre", 200), "native")
    again, _ = write_chart(generate("theatre", 200), "native")
    assert once == again


def test_an_unknown_format_is_refused() -> None:
    with pytest.raises(BadChart, match="seatsio"):
        write_chart(pocket_chart(), "excel")  # type: ignore[arg-type]
