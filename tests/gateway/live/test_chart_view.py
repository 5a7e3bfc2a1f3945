"""P: what the browser draws is what the chart says."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from gateway.live.chart_view import ChartView, chart_view, encode_chart_view
from gateway.live.sight import TileIndex
from seatengine.chart import seat_table
from seatengine.chart.chart import Chart
from seatengine.chart.generate import generate
from seatengine.chart.tiles import TileMap
from tests.gateway.live.onlookers import house_chart
from tests.venues import hall_chart, pocket_chart


def columns(view: ChartView) -> dict[str, npt.NDArray[np.int64]]:
    """The delta-coded columns, summed up as the browser does."""
    return {
        name: np.cumsum(np.frombuffer(getattr(view, name), "<i4"), dtype=np.int64)
        for name in ("x", "y", "group")
    }


@pytest.mark.parametrize(
    "chart", [pocket_chart(), hall_chart(3, 7), generate("theatre", 400), generate("arena", 2_000)]
)
def test_columns_say_where_each_place_is_and_what_it_belongs_to(chart: Chart) -> None:
    table = seat_table.build(chart)
    view = chart_view(chart, table)
    decoded = columns(view)
    tolerance = 0.51 / view.scale
    assert np.abs(decoded["x"] / view.scale - table.x).max() <= tolerance
    assert np.abs(decoded["y"] / view.scale - table.y).max() <= tolerance
    assert (decoded["group"] == table.group).all()
    assert view.category == table.category.tobytes()
    assert view.flags == table.flags.tobytes()
    assert view.link == table.link.tobytes()
    assert view.seat_labels.split("\n") == table.seat_labels
    assert [g.label for g in view.groups] == [g.label for g in table.groups]
    assert (view.hash, view.size) == (table.chart_hash, table.size)


@pytest.mark.parametrize("chart", [pocket_chart(), hall_chart(3, 7), generate("stadium", 3_000)])
def test_the_tile_column_is_small_and_says_each_places_tile(chart: Chart) -> None:
    table = seat_table.build(chart)
    view = chart_view(chart, table)
    assert TileIndex(view).tile_of.tolist() == TileMap(table).tile_of.tolist()
    assert len(view.tile) <= table.size / 2


def test_groups_say_their_floor() -> None:
    chart = house_chart()
    view = chart_view(chart, seat_table.build(chart))
    assert [section.floor for section in view.sections] == ["g", "u", "u"]
    assert [floor.id for floor in view.floors] == ["g", "u"]


def test_shapes_come_along_for_what_is_drawn_as_a_shape() -> None:
    chart = pocket_chart()
    view = chart_view(chart, seat_table.build(chart))
    shaped = {t.id for t in chart.tables}
    shaped |= {b.id for b in chart.booths} | {a.id for a in chart.areas}
    assert {g.id for g in view.groups if g.shape is not None} == shaped


def test_a_chart_without_neighbours_still_has_a_scale() -> None:
    chart = hall_chart(1, 1)
    view = chart_view(chart, seat_table.build(chart))
    assert view.radius > 0
    assert view.scale >= 1
    assert encode_chart_view(view)
