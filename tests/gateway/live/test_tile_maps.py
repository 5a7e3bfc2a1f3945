"""One tile map a chart, and not for ever."""

from __future__ import annotations

from gateway.live.tile_maps import TileMaps
from seatengine.chart.seat_table import build
from seatengine.limits import MAX_CACHED_CHARTS
from tests import venues


def test_events_of_one_chart_share_its_map() -> None:
    maps = TileMaps()
    tiles = maps.of(venues.pocket())
    assert maps.of(venues.pocket()) is tiles


def test_maps_of_charts_used_long_ago_are_forgotten() -> None:
    maps = TileMaps()
    first = maps.of(venues.pocket())
    for rows in range(1, MAX_CACHED_CHARTS + 1):
        maps.of(build(venues.hall_chart(rows, 3)))
    assert maps.of(venues.pocket()) is not first
