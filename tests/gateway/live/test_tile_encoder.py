"""The vector encoder says what the forms say one tile at a time, and never a byte more."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.live.tile_encoder import TileEncoder
from gateway.live.tile_forms import (
    CountedTile,
    changed_entry,
    counted_entry,
    read_entries,
    whole_entry,
)
from seatengine.chart import generate, seat_table
from seatengine.chart.tiles import TileMap
from tests import venues

_THEATRE = TileMap(seat_table.build(generate.generate("theatre", 600)))
_POCKET = TileMap(venues.pocket())


@pytest.mark.parametrize("tiles", [_THEATRE, _POCKET], ids=["theatre", "pocket"])
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_the_smallest_entries_tell_the_truth(tiles: TileMap, data: st.DataObject) -> None:
    size = len(tiles.tile_of)
    seed = data.draw(st.integers(0, 2**32 - 1))
    random = np.random.default_rng(seed)
    share = data.draw(st.sampled_from([0.002, 0.05, 0.4, 1.0]))
    kinds = data.draw(st.integers(1, 4))
    statuses = random.integers(0, kinds, size).astype(np.uint8)
    places = np.flatnonzero(random.random(size) < share)
    encoder = TileEncoder(tiles)

    entries = encoder.changed(statuses, places)
    whole = encoder.whole(statuses, list(range(tiles.count)))

    assert sorted(entries) == list(entries)
    assert set(entries) == set(tiles.tile_of[places].tolist()) - {-1}
    told = {e.tile: e for e in read_entries(b"".join(entries.values()), tiles.sizes, tiles.counted)}
    for tile in range(tiles.count):
        own = tiles.places_of(tile)
        if tiles.counted[tile]:
            left = int(np.count_nonzero(statuses[own] == 0))
            assert whole[tile] == counted_entry(tile, left)
            assert tile not in told or told[tile] == CountedTile(tile, left)
            continue
        assert whole[tile] == whole_entry(tile, statuses[own])
        if tile not in told:
            continue
        entry = told[tile]
        assert not isinstance(entry, CountedTile)
        assert set(np.flatnonzero(np.isin(own, places)).tolist()) <= set(entry.offsets)
        assert entry.statuses == statuses[own][entry.offsets].tolist()
        changed = np.flatnonzero(np.isin(own, places))
        listed = (changed | statuses[own][changed].astype(np.int64) << 6).astype(np.uint8).tobytes()
        one_by_one = min(changed_entry(tile, len(own), listed), whole[tile], key=len)
        assert len(entries[tile]) == len(one_by_one)


def test_nothing_asked_is_nothing_told() -> None:
    encoder = TileEncoder(_THEATRE)
    statuses = np.zeros(len(_THEATRE.tile_of), np.uint8)
    assert encoder.changed(statuses, np.zeros(0, np.int64)) == {}
    assert encoder.whole(statuses, []) == {}
