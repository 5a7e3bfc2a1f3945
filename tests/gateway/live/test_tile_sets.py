"""Who watches the same tiles shares one set of them."""

from __future__ import annotations

from gateway.live.tile_sets import NO_TILES, TileSets
from seatengine.limits import MAX_SHARED_TILE_SETS


def test_equal_sets_are_one_object() -> None:
    sets = TileSets(400)
    assert sets.of(0) is NO_TILES
    assert sets.of(1 << 300 | 5) is sets.of(1 << 300 | 5)


def test_a_set_picks_its_tiles_in_order() -> None:
    sets = TileSets(400)
    entries = [str(tile).encode() for tile in range(400)]
    assert list(NO_TILES.pick(entries)) == []
    assert list(sets.of(1 << 7).pick(entries)) == [b"7"]
    assert list(sets.of(1 << 300 | 5).pick(entries)) == [b"0", b"2", b"300"]


def test_only_so_many_sets_are_kept() -> None:
    sets = TileSets(MAX_SHARED_TILE_SETS + 2)
    first = sets.of(1)
    for tile in range(1, MAX_SHARED_TILE_SETS + 1):
        sets.of(1 << tile)
    assert sets.of(1) is not first
    assert sets.of(1).mask == first.mask
