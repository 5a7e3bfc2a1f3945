"""A client cuts the same tiles from a chart's view as the server does from its table, and knows
exactly what it was told."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest

from gateway import wire
from gateway.chart_view import ChartView, chart_view, encode_chart_view
from gateway.sight import UNKNOWN, Sight, TileIndex
from gateway.tile_forms import (
    BadForm,
    changed_entry,
    counted_entry,
    pack_statuses,
    read_tile_runs,
    tile_runs,
    whole_entry,
)
from gateway.zone_forms import ZoneLeft, pack_zones
from seatengine.chart.chart import Chart
from seatengine.chart.generate import generate
from seatengine.chart.seat_table import build
from seatengine.chart.tiles import TileMap
from tests import venues


def _index(chart: Chart) -> TileIndex:
    encoded = encode_chart_view(chart_view(chart, build(chart)))
    return TileIndex(msgspec.msgpack.decode(encoded, type=ChartView))


def _listed(*changes: tuple[int, int]) -> bytes:
    return bytes(offset | status << 6 for offset, status in changes)


def _pocket() -> tuple[TileIndex, Sight]:
    tiles = _index(venues.pocket_chart())
    sight = Sight(tiles, tiles.size)
    sight.take(wire.Welcome(wire.PROTOCOL_VERSION, "v", 0, 4, tiles.chart_hash))
    return tiles, sight


@pytest.mark.parametrize(
    "chart", [venues.pocket_chart(), generate("arena", 2_000), generate("theatre", 400)]
)
def test_both_sides_cut_the_same_tiles(chart: Chart) -> None:
    index, table = _index(chart), build(chart)
    tiles = TileMap(table)
    assert (index.count, index.size) == (tiles.count, table.size)
    assert index.chart_hash == table.chart_hash
    for name in ("tile_of", "places", "sizes", "starts", "counted"):
        assert np.array_equal(getattr(index, name), getattr(tiles, name)), name
    for zone in range(tiles.zones):
        inside = (tiles.zone_of == zone) & (tiles.tile_of >= 0)
        assert index.zone_categories[zone] == len(np.unique(table.category[inside]))


def test_what_was_never_told_is_unknown() -> None:
    tiles, sight = _pocket()
    assert set(sight.statuses.tolist()) == {UNKNOWN}
    tile = int(tiles.tile_of[venues.A[2]])
    offset = tiles.places[tiles.starts[tile] :].tolist().index(venues.A[2])
    sight.take(wire.Watching(tile_runs(1 << tile), False))
    packed = changed_entry(tile, int(tiles.sizes[tile]), _listed((offset, 2)))
    assert sight.take(wire.Tiles(9, packed))
    assert sight.statuses[venues.A[2]] == 2
    assert np.count_nonzero(sight.statuses != UNKNOWN) == 1
    assert sight.seq == 9


def test_only_tiles_told_whole_since_they_are_watched_are_claimed() -> None:
    tiles, sight = _pocket()
    first, second = (int(tiles.tile_of[place]) for place in (venues.A[0], venues.C[0]))
    both = 1 << first | 1 << second
    whole = {
        tile: whole_entry(tile, np.zeros(int(tiles.sizes[tile]), np.uint8))
        for tile in (first, second)
    }

    def claimed() -> int:
        return read_tile_runs(sight.hello("t", "ev").tiles, tiles.count)

    sight.take(wire.Watching(tile_runs(both), False))
    assert claimed() == 0
    sight.take(wire.Tiles(1, whole[first]))
    assert claimed() == 1 << first
    sight.take(wire.Tiles(2, changed_entry(second, int(tiles.sizes[second]), _listed((0, 1)))))
    assert claimed() == 1 << first
    sight.take(wire.Tiles(3, whole[second]))
    assert claimed() == both
    sight.take(wire.Watching(tile_runs(1 << second), False))
    sight.take(wire.Watching(tile_runs(both), False))
    assert claimed() == 1 << second
    sight.take(wire.Welcome(wire.PROTOCOL_VERSION, "v", 0, 5, tiles.chart_hash))
    assert (claimed(), sight.seq, sight.epoch) == (0, 0, 5)


def test_areas_come_as_numbers_and_a_view_counts_them() -> None:
    tiles, sight = _pocket()
    floor = int(tiles.tile_of[venues.FLOOR_PLACES[0]])
    sight.take(wire.Tiles(3, counted_entry(floor, 4)))
    assert sight.areas == {floor: 4}
    statuses = np.zeros(tiles.size, np.uint8)
    statuses[venues.FLOOR_PLACES[0]] = 1
    sight.take(wire.View(4, 5, tiles.size, pack_statuses(statuses)))
    assert sight.areas[floor] == len(venues.FLOOR_PLACES) - 1
    assert sight.statuses.tolist() == statuses.tolist()


def test_many_sights_read_the_same_bytes_alike_and_apart() -> None:
    tiles, _ = _pocket()
    sights = [Sight(tiles, tiles.size) for _ in range(3)]
    tile = int(tiles.tile_of[0])
    packed = whole_entry(tile, np.ones(int(tiles.sizes[tile]), np.uint8))
    zones = pack_zones([ZoneLeft(0, [0] * int(tiles.zone_categories[0]), [0] * 8)])
    for sight in sights:
        sight.take(wire.Tiles(1, packed))
        sight.take(wire.Zones(1, zones))
    sights[0].take(wire.Tiles(2, changed_entry(tile, int(tiles.sizes[tile]), _listed((0, 0)))))
    assert sights[0].statuses[0] == 0
    assert [sight.statuses[0] for sight in sights[1:]] == [1, 1]
    sights[0].zones.clear()
    assert all(sight.zones for sight in sights[1:])
    other = _index(generate("theatre", 400))
    elsewhere = Sight(other, other.size)
    with pytest.raises(BadForm):
        elsewhere.take(wire.Tiles(1, packed))


@pytest.mark.parametrize("packed", [b"\x7f", b"\x00", b"\x00\xff\x01"])
def test_bytes_that_are_no_tiles_change_nothing(packed: bytes) -> None:
    _, sight = _pocket()
    with pytest.raises(BadForm):
        sight.take(wire.Tiles(7, packed))
    assert sight.seq == 0
    assert set(sight.statuses.tolist()) == {UNKNOWN}


def test_what_is_not_of_places_is_left_to_others() -> None:
    _, sight = _pocket()
    assert not sight.take(wire.Mine([]))
    assert not sight.take(wire.Pong(1, 2))
    assert sight.take(wire.Totals(3, [1, 2, 3]))
    assert sight.left == [1, 2, 3]
