"""G: places left and party fit are what a count place by place finds."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seatengine.chart.generate import generate
from seatengine.chart.seat_table import SeatTable, build
from seatengine.chart.tiles import TileMap
from seatengine.core.party_fit import PARTY_SIZES, PartyFit
from tests.gateway.live.onlookers import house, zone_truth
from tests.venues import hall_chart, pocket

TABLES = {
    "house": house(),
    "pocket": pocket(),
    "hall": build(hall_chart(3, 40, accessible=(0, 1, 60))),
    "arena": build(generate("arena", 900)),
}


def counted(table: SeatTable, statuses: bytes) -> dict[int, tuple[list[int], list[int]]]:
    """What PartyFit says, in the form of the count place by place."""
    tiles = TileMap(table)
    fit = PartyFit(table, tiles.zone_of, tiles.zones)
    free = np.frombuffer(statuses, np.uint8) == 0
    left, parties = fit.left(free), fit.fit(free)
    assert parties.shape == (tiles.zones, PARTY_SIZES)
    zones: dict[int, list[int]] = {}
    for zone, count in zip(fit.pair_zone.tolist(), left.tolist(), strict=True):
        zones.setdefault(zone, []).append(count)
    without = set(range(tiles.zones)) - set(zones)
    assert not parties[list(without)].any()
    return {zone: (counts, parties[zone].tolist()) for zone, counts in zones.items()}


@given(st.sampled_from(sorted(TABLES)), st.data())
def test_g4_any_statuses(name: str, data: st.DataObject) -> None:
    table = TABLES[name]
    taken = data.draw(st.sampled_from((1, 2, 4)))
    raw = data.draw(st.binary(min_size=table.size, max_size=table.size))
    statuses = bytes(
        4 if flag & 128 else (1 + b % 3 if b % 5 < taken else 0)
        for b, flag in zip(raw, table.flags, strict=True)
    )
    assert counted(table, statuses) == zone_truth(table, statuses)


@pytest.mark.parametrize("name", TABLES)
def test_g4_everything_free_and_nothing_free(name: str) -> None:
    table = TABLES[name]
    for status in (0, 1):
        statuses = bytes(4 if flag & 128 else status for flag in table.flags)
        assert counted(table, statuses) == zone_truth(table, statuses)


def test_g4_a_row_by_hand() -> None:
    """Ten in a row, the fourth taken: runs of three and six."""
    table = build(hall_chart(2, 10))
    statuses = bytearray(20)
    statuses[3] = 1
    statuses[10:] = b"\1" * 10
    tiles = TileMap(table)
    free = np.frombuffer(bytes(statuses), np.uint8) == 0
    fit = PartyFit(table, tiles.zone_of, tiles.zones)
    assert fit.fit(free)[0].tolist() == [2, 2, 2, 1, 1, 1, 0, 0]
    assert fit.left(free).tolist() == [9, 0]


def test_g4_pairs_are_in_order_of_zone_and_category() -> None:
    table = house()
    tiles = TileMap(table)
    fit = PartyFit(table, tiles.zone_of, tiles.zones)
    pairs = list(zip(fit.pair_zone.tolist(), fit.pair_category.tolist(), strict=True))
    assert pairs == sorted(set(pairs))
    present = (table.flags & 128) == 0
    assert set(pairs) == set(
        zip(tiles.zone_of[present].tolist(), table.category[present].tolist(), strict=True)
    )
