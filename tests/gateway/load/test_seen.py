"""When a hold is seen: counted once, and only where it is news."""

from __future__ import annotations

import numpy as np

from gateway.live import wire
from gateway.live.chart_view import chart_view
from gateway.live.tile_forms import changed_entry, whole_entry
from gateway.live.zone_forms import ZoneLeft, pack_zones
from gateway.load.ground import Ground
from gateway.load.seen import FarEye, HoldTimes, NearEye
from gateway.load.told_zones import ZonesTold
from seatengine.chart.generate import generate
from seatengine.chart.seat_table import build

CHART = generate("stadium", 1_000)
GROUND = Ground(chart_view(CHART, build(CHART)))
TILE = 0
PLACES = GROUND.tiles.places[TILE]


def tiles(entry: bytes) -> bytes:
    return wire.encode_message(wire.Tiles(1, entry))


def test_a_hold_is_seen_once_and_only_as_a_change() -> None:
    times = HoldTimes(GROUND)
    eye = NearEye(times)
    eye.watch(1 << TILE)
    statuses = np.zeros(len(PLACES), np.uint8)
    statuses[3] = 1
    times.asked([PLACES[3], PLACES[0]])
    times.acknowledged([PLACES[3]], 5)
    eye.tell(tiles(whole_entry(TILE, statuses)))
    assert times.near.count == 0
    held = changed_entry(TILE, len(PLACES), bytes((0 | 1 << 6,)))
    eye.tell(tiles(held))
    eye.tell(tiles(held))
    assert times.near.count == 1
    # Seen before its acknowledgement came: that took no time.
    assert times.near.max_ms == 0


def test_what_somebody_else_holds_is_not_counted() -> None:
    times = HoldTimes(GROUND)
    eye = NearEye(times)
    eye.watch(1 << TILE)
    eye.tell(tiles(whole_entry(TILE, np.zeros(len(PLACES), np.uint8))))
    eye.tell(tiles(changed_entry(TILE, len(PLACES), bytes((0 | 1 << 6,)))))
    assert times.near.count == 0


def test_far_out_each_hold_of_a_changed_zone_is_seen_once() -> None:
    times = HoldTimes(GROUND)
    eye = FarEye(times)
    zone = int(GROUND.zone[PLACES[0]])
    left = int(GROUND.tiles.index.zone_categories[zone])

    def told(count: int) -> bytes:
        return pack_zones([ZoneLeft(zone, [count] * left, [0] * 8)])

    first = ZonesTold(GROUND.tiles.index).after(told(9))
    eye.tell(ZonesTold(GROUND.tiles.index), first, 4)
    times.asked(PLACES[:2])
    times.acknowledged(PLACES[:1], 5)
    times.acknowledged(PLACES[1:2], 8)
    second = first.after(told(8))
    eye.tell(first, second, 6)
    assert times.far.count == 1
    eye.tell(second, second.after(told(7)), 9)
    assert times.far.count == 2
