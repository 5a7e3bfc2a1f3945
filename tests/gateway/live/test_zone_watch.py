"""N: zones are counted anew at a tick, and told where they differ from what was told."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.live.zone_forms import read_zones
from gateway.live.zone_watch import ZoneWatch
from seatengine.chart.seat_table import RETIRED
from seatengine.chart.tiles import TileMap
from tests.gateway.live.onlookers import house, zone_truth

SIZE = house().size


class Watched:
    """The zones of the house, and their statuses."""

    def __init__(self) -> None:
        table = house()
        self.zones = ZoneWatch(table, TileMap(table))
        self.statuses = bytearray(np.where(table.flags & RETIRED, 4, 0).astype(np.uint8).tobytes())

    def told(self, packed: bytes) -> dict[int, tuple[list[int], list[int]]]:
        return {z.zone: (z.left, z.fit) for z in read_zones(packed, self.zones.categories)}

    def tick(self, seq: int) -> dict[int, tuple[list[int], list[int]]]:
        return self.told(self.zones.tick(seq, np.frombuffer(bytes(self.statuses), np.uint8) == 0))

    @property
    def truth(self) -> dict[int, tuple[list[int], list[int]]]:
        return zone_truth(house(), bytes(self.statuses))


def test_the_first_tick_tells_every_zone_that_has_places() -> None:
    watched = Watched()
    assert watched.zones.told_seq == 0
    assert watched.tick(3) == watched.truth
    assert watched.zones.told_seq == 3
    assert watched.told(watched.zones.since(-1)) == watched.truth


def test_only_zones_that_differ_are_told_and_once() -> None:
    watched = Watched()
    watched.tick(1)
    watched.statuses[0] = 1
    assert set(watched.tick(2)) == {0}
    assert watched.tick(2) == {}
    assert watched.tick(3) == {}
    watched.statuses[0] = 0
    watched.statuses[1] = 1
    watched.statuses[200] = 1
    assert set(watched.tick(4)) == {0, 2}
    watched.statuses[1], watched.statuses[200] = 2, 2
    assert watched.tick(5) == {}


def test_a_zone_whose_party_fit_alone_differs_is_told() -> None:
    watched = Watched()
    watched.statuses[10] = 1
    before = watched.tick(1)[0]
    watched.statuses[10], watched.statuses[12] = 0, 1
    watched.statuses[39], watched.statuses[12] = 1, 0
    told = watched.tick(2)
    assert told[0][0] == before[0]
    assert told[0][1] != before[1]


def test_since_gives_what_changed_later() -> None:
    watched = Watched()
    watched.tick(1)
    watched.statuses[0] = 1
    watched.tick(5)
    watched.statuses[200] = 1
    watched.tick(9)
    for seq, zones in [(-1, {0, 1, 2, 3}), (0, {0, 1, 2, 3}), (1, {0, 2}), (5, {2}), (9, set())]:
        assert set(watched.told(watched.zones.since(seq))) == zones


moves = st.lists(st.tuples(st.integers(0, SIZE - 1), st.integers(0, 3)), max_size=9)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(moves, st.booleans()), min_size=1, max_size=12),
    st.integers(0, 12),
)
def test_n1_who_follows_the_ticks_or_comes_back_sees_what_is_so(
    changes: list[tuple[list[tuple[int, int]], bool]], away_after: int
) -> None:
    """(N1)"""
    watched = Watched()
    follower = watched.tick(1)
    returner, at_seq = dict(follower), 1
    for seq, (moved, ticks) in enumerate(changes, 2):
        for place, status in moved:
            if watched.statuses[place] != 4:
                watched.statuses[place] = status
        if ticks:
            told = watched.tick(seq)
            follower.update(told)
            if seq <= away_after:
                returner.update(told)
                at_seq = seq
            assert follower == watched.truth
    told = watched.tick(50)
    follower.update(told)
    returner.update(watched.told(watched.zones.since(at_seq)))
    assert follower == returner == watched.truth
