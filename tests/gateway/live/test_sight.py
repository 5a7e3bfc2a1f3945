"""N: the client's half: what is known by what was told, and what may be claimed of it."""

from __future__ import annotations

import json

import numpy as np
import pytest

from gateway.live import wire
from gateway.live.chart_view import chart_view, encode_chart_view
from gateway.live.sight import UNKNOWN, Sight, TileIndex
from gateway.live.tile_forms import (
    BadForm,
    counted_entry,
    pack_statuses,
    read_tile_runs,
    tile_runs,
    whole_entry,
)
from gateway.live.zone_forms import ZoneLeft, pack_zones
from seatengine.chart.chart import Chart
from seatengine.chart.generate import generate
from seatengine.chart.seat_table import build
from seatengine.chart.tiles import TileMap
from seatengine.limits import MAX_MESSAGE_BYTES
from tests.gateway.live.onlookers import house, house_chart, sight_of, zone_truth
from tests.vectors.make import FOLDER, Case
from tests.venues import hall_chart, pocket_chart

COLUMNS = json.loads((FOLDER / "tile_forms.json").read_text())["tile_columns"]
ALL = (1 << 10) - 1
"""The tiles of the house."""
FREE_TILE = whole_entry(3, np.zeros(64, np.uint8))
AREA = 9


@pytest.mark.parametrize(
    "chart", [house_chart(), pocket_chart(), hall_chart(3, 70), generate("arena", 1_500)]
)
def test_a_chart_view_says_all_that_a_client_must_know_of_tiles(chart: Chart) -> None:
    table = build(chart)
    tiles = TileMap(table)
    index = TileIndex(chart_view(chart, table))
    assert index.count == tiles.count
    assert index.tile_of.tolist() == tiles.tile_of.tolist()
    for name in ("places", "starts", "sizes", "counted"):
        assert getattr(index, name).tolist() == getattr(tiles, name).tolist(), name
    truth = zone_truth(table, bytes(table.size))
    counts = [len(truth[zone][0]) if zone in truth else 0 for zone in range(tiles.zones)]
    assert index.zone_categories.tolist() == counts


@pytest.mark.parametrize("case", COLUMNS, ids=[case["name"] for case in COLUMNS])
def test_f1_the_tile_column_is_read_as_the_vectors_say(case: Case) -> None:
    """(F1)"""
    charts = {
        "one of everything": pocket_chart(),
        "a hall of three rows": hall_chart(3, 70),
        "a hall of twelve rows": hall_chart(12, 35),
    }
    chart = charts[case["name"]]
    view = chart_view(chart, build(chart))
    assert view.tile.hex() == case["runs_hex"]
    assert TileIndex(view).tile_of.tolist() == case["tile_of"]
    assert encode_chart_view(view)


def greeted() -> Sight:
    sight = sight_of(house_chart(), house())
    assert not sight.take(wire.Welcome(2, "v", 0, 7, house().chart_hash))
    return sight


def test_nothing_is_known_at_first() -> None:
    sight = greeted()
    assert (sight.statuses == UNKNOWN).all()
    hello = sight.hello("t", "e")
    assert hello == wire.Hello(wire.PROTOCOL_VERSION, "t", "e", 7, 0, b"", 0)


def test_n2_only_what_was_told_whole_since_it_is_watched_is_claimed() -> None:
    """(N2)"""
    sight = greeted()
    sight.take(wire.Watching(tile_runs(0b11000), False))
    assert sight.hello("t", "e").tiles == b""
    sight.take(wire.Tiles(5, FREE_TILE))
    assert read_tile_runs(sight.hello("t", "e").tiles, 10) == 0b1000
    assert (sight.hello("t", "e").epoch, sight.hello("t", "e").seq) == (7, 5)
    one_place = bytes((4, 0, 0x41))
    sight.take(wire.Tiles(6, one_place))
    assert read_tile_runs(sight.hello("t", "e").tiles, 10) == 0b1000
    sight.take(wire.Tiles(7, whole_entry(5, np.zeros(16, np.uint8))))
    assert sight.known == 0b1000
    sight.take(wire.Watching(tile_runs(0b10000), False))
    sight.take(wire.Watching(tile_runs(0b11000), False))
    assert sight.known == 0


def test_a_view_makes_every_watched_tile_known() -> None:
    sight = greeted()
    sight.take(wire.Watching(tile_runs(ALL), False))
    statuses = np.zeros(290, np.uint8)
    statuses[245:250] = 1
    sight.take(wire.View(7, 9, 290, pack_statuses(statuses)))
    assert sight.statuses.tolist() == statuses.tolist()
    assert sight.areas == {AREA: 35}
    assert (sight.known, sight.seq) == (ALL, 9)


def test_areas_are_counts() -> None:
    sight = greeted()
    sight.take(wire.Watching(tile_runs(1 << AREA), False))
    sight.take(wire.Tiles(3, counted_entry(AREA, 17)))
    assert sight.areas == {AREA: 17}
    assert (sight.statuses == UNKNOWN).all()
    assert sight.known == 1 << AREA


def test_zones_and_totals() -> None:
    sight = greeted()
    zones = [ZoneLeft(0, [1, 2, 3], [1] * 8), ZoneLeft(3, [1], [0] * 8)]
    sight.take(wire.Watching(b"", True))
    assert sight.take(wire.Zones(4, pack_zones(zones)))
    assert sight.zones == {0: zones[0], 3: zones[1]}
    assert sight.hello("t", "e").zones_seq == 4
    sight.take(wire.Watching(b"", False))
    assert sight.hello("t", "e").zones_seq == 0
    assert sight.take(wire.Totals(5, [1, 2, 3]))
    assert sight.left == [1, 2, 3]


def test_another_epoch_makes_everything_unknown_and_the_same_one_nothing() -> None:
    sight = greeted()
    sight.take(wire.Watching(tile_runs(0b1000), True))
    sight.take(wire.Tiles(5, FREE_TILE))
    before = sight.hello("t", "e")
    sight.take(wire.Welcome(2, "v", 0, 7, house().chart_hash))
    assert sight.hello("t", "e") == before
    sight.take(wire.Welcome(2, "v", 0, 8, house().chart_hash))
    assert sight.hello("t", "e") == wire.Hello(wire.PROTOCOL_VERSION, "t", "e", 8, 0, b"", 0)


def test_a_claim_that_fits_no_message_is_not_made() -> None:
    chart = hall_chart(2, 40_000)
    sight = sight_of(chart, build(chart))
    every_second = sum(1 << tile for tile in range(0, sight.tiles.count, 2))
    sight.take(wire.Watching(tile_runs(every_second), False))
    sight.known = every_second
    assert len(tile_runs(every_second)) > MAX_MESSAGE_BYTES
    assert sight.hello("t", "e").tiles == b""


def test_f2_what_cannot_be_is_refused() -> None:
    """(F2)"""
    sight = greeted()
    for message in (
        wire.Tiles(1, b"\x7f\0\0"),
        wire.Zones(1, b"\x7f"),
        wire.Watching(b"\0\x7f", False),
        wire.View(7, 1, 290, b"\0"),
    ):
        with pytest.raises(BadForm):
            sight.take(message)


def test_other_messages_are_not_its_own() -> None:
    sight = greeted()
    for message in (wire.Pong(1, 2), wire.Mine([]), wire.EventChanged(3)):
        assert not sight.take(message)
