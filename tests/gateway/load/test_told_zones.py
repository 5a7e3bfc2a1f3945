"""States of zones are shared by all who were told the same."""

from __future__ import annotations

import pytest

from gateway.live.chart_view import chart_view
from gateway.live.tile_forms import BadForm
from gateway.live.zone_forms import ZoneLeft, pack_zones
from gateway.load.told_tiles import TileTable
from gateway.load.told_zones import ZonesTold
from seatengine.chart.generate import generate
from seatengine.chart.seat_table import build

CHART = generate("arena", 600)
TILES = TileTable(chart_view(CHART, build(CHART))).index


def told(*zones: ZoneLeft) -> bytes:
    return pack_zones(zones)


def left(zone: int, count: int) -> ZoneLeft:
    return ZoneLeft(zone, [count] * int(TILES.zone_categories[zone]), [count, *[0] * 7])


def test_the_same_words_lead_to_the_same_state() -> None:
    nothing = ZonesTold(TILES)
    first, second = told(left(0, 5), left(1, 7)), told(left(1, 6))
    here, there = nothing.after(first).after(second), nothing.after(first).after(second)
    assert here is there
    assert here.zones == {0: left(0, 5), 1: left(1, 6)}
    assert nothing.after(first).zones[1] == left(1, 7)
    assert nothing.zones == {}


def test_what_is_no_form_is_refused() -> None:
    with pytest.raises(BadForm):
        ZonesTold(TILES).after(b"\xff\xff")
