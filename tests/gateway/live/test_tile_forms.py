"""F: what is packed is what is read, on both sides of the wire."""

from __future__ import annotations

import itertools
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.live.tile_forms import (
    BadForm,
    CountedTile,
    SeatTile,
    changed_entry,
    counted_entry,
    pack_few_statuses,
    pack_statuses,
    read_entries,
    read_tile_runs,
    read_varint,
    smallest_entry,
    tile_runs,
    unpack_statuses,
    varint,
    whole_entry,
)
from gateway.live.wire import View
from seatengine.limits import MAX_PLACES
from tests.vectors.make import FOLDER, Case, listed, made

VECTORS = json.loads((FOLDER / "tile_forms.json").read_text())
TILES = 300

status_lists = st.lists(st.integers(0, 3), min_size=1, max_size=64)


def vectors(group: str) -> pytest.MarkDecorator:
    cases = VECTORS[group]
    return pytest.mark.parametrize("case", cases, ids=[case["name"] for case in cases])


def shown(tile: SeatTile | CountedTile) -> dict[str, object]:
    """A tile as the vectors have it."""
    if isinstance(tile, CountedTile):
        return {"tile": tile.tile, "left": tile.left}
    return {"tile": tile.tile, "offsets": tile.offsets, "statuses": tile.statuses}


def read(packed: bytes, sizes: list[int], counted: list[bool]) -> list[SeatTile | CountedTile]:
    return list(read_entries(packed, np.array(sizes, np.int32), np.array(counted, np.bool_)))


@pytest.mark.parametrize("file", ["tile_forms.json", "zone_forms.json"])
def test_f1_the_vectors_are_what_is_made_today(file: str) -> None:
    assert (FOLDER / file).read_text() == made()[file], "run python -m tests.vectors.make"


@vectors("entries")
def test_f1_entries_are_read_as_the_vectors_say(case: Case) -> None:
    packed = bytes.fromhex(case["packed_hex"])
    told = read(packed, case["sizes"], case["counted"])
    assert [shown(tile) for tile in told] == case["tiles"]


@vectors("bad_entries")
def test_f2_entries_that_cannot_be_are_refused(case: Case) -> None:
    with pytest.raises(BadForm):
        read(bytes.fromhex(case["packed_hex"]), case["sizes"], case["counted"])


@vectors("tile_runs")
def test_f1_tile_runs_are_read_as_the_vectors_say(case: Case) -> None:
    mask = read_tile_runs(bytes.fromhex(case["runs_hex"]), max(case["tiles"], default=0) + 1)
    assert mask == sum(1 << tile for tile in case["tiles"])


@vectors("bad_tile_runs")
def test_f2_tile_runs_that_cannot_be_are_refused(case: Case) -> None:
    with pytest.raises(BadForm):
        read_tile_runs(bytes.fromhex(case["runs_hex"]), case["count"])


@st.composite
def changes(draw: st.DrawFn) -> tuple[list[int], list[int]]:
    """(statuses of a tile by offset, which of them changed)"""
    statuses = draw(status_lists)
    offsets = draw(st.sets(st.integers(0, len(statuses) - 1), min_size=1))
    return statuses, sorted(offsets)


@given(changes(), st.integers(0, TILES - 1))
def test_f1_each_form_tells_what_it_was_made_of(
    change: tuple[list[int], list[int]], tile: int
) -> None:
    statuses, offsets = change
    size = len(statuses)
    now = np.array(statuses, np.uint8)
    body = listed(offsets, [statuses[o] for o in offsets])
    sizes, counted = [size] * TILES, [False] * TILES
    whole = whole_entry(tile, now)
    assert read(whole, sizes, counted) == [SeatTile(tile, list(range(size)), statuses)]
    changed = changed_entry(tile, size, body)
    assert read(changed, sizes, counted) == [
        SeatTile(tile, offsets, [statuses[o] for o in offsets])
    ]
    assert smallest_entry(tile, now, body) in (whole, changed)


@given(changes())
def test_f3_what_is_sent_is_the_smallest_form_there_is(change: tuple[list[int], list[int]]) -> None:
    statuses, offsets = change
    size = len(statuses)
    runs = 1 + sum(a != b for a, b in itertools.pairwise(statuses))
    forms = {
        "list": len(offsets),
        "bitmap": -(-size // 8) + -(-len(offsets) // 4),
        "runs": runs,
        "whole": -(-size // 4),
    }
    body = listed(offsets, [statuses[o] for o in offsets])
    said = len(smallest_entry(0, np.array(statuses, np.uint8), body)) - 2
    # A list of one or two is sent as it is, though a tile of one run could save a byte.
    assert said == min(forms.values()) or said == len(offsets) == 2


@given(st.integers(0, MAX_PLACES), st.integers(0, TILES - 1))
def test_f1_an_area_tells_its_count(left: int, tile: int) -> None:
    told = read(counted_entry(tile, left), [5] * TILES, [True] * TILES)
    assert told == [CountedTile(tile, left)]


@given(st.sets(st.integers(0, 5_000)))
def test_f1_any_set_of_tiles_survives_its_runs(tiles: set[int]) -> None:
    mask = sum(1 << tile for tile in tiles)
    assert read_tile_runs(tile_runs(mask), 5_001) == mask


@given(st.integers(0, (1 << 35) - 1), st.binary(max_size=3))
def test_f1_numbers_of_up_to_35_bits_survive(value: int, before: bytes) -> None:
    data = before + varint(value)
    assert read_varint(data + b"\x07", len(before)) == (value, len(data))


@given(st.lists(st.integers(0, 3), max_size=300))
def test_f1_statuses_take_two_bits_each(statuses: list[int]) -> None:
    packed = pack_statuses(np.array(statuses, np.uint8))
    assert pack_few_statuses(bytes(statuses)) == packed
    assert len(packed) == -(-len(statuses) // 4)
    assert unpack_statuses(packed, len(statuses)).tolist() == statuses
    with pytest.raises(BadForm):
        unpack_statuses(packed, 4 * len(packed) + 1)
    assert View(1, 1, len(statuses), packed).statuses == packed


SIZES = [64, 1, 9, 500, 33, 8] * 30
COUNTED = [size == 500 for size in SIZES]


@given(st.binary(max_size=80))
def test_f2_noise_is_refused_or_tells_what_can_be(noise: bytes) -> None:
    told = []
    try:
        told = read(noise, SIZES, COUNTED)
    except BadForm:
        return
    for tile in told:
        assert COUNTED[tile.tile] == isinstance(tile, CountedTile)
        if isinstance(tile, SeatTile):
            assert len(tile.offsets) == len(tile.statuses)
            assert all(0 <= offset < SIZES[tile.tile] for offset in tile.offsets)
            assert all(0 <= status < 4 for status in tile.statuses)
        else:
            assert tile.left >= 0


@given(st.binary(max_size=30), st.integers(0, 2_000))
def test_f2_noise_is_no_tile_that_is_not_there(noise: bytes, tiles: int) -> None:
    try:
        mask = read_tile_runs(noise, tiles)
    except BadForm:
        return
    assert 0 <= mask < 1 << tiles


@given(changes(), st.data())
def test_f2_a_message_cut_short_is_refused_or_ends_between_two_tiles(
    change: tuple[list[int], list[int]], data: st.DataObject
) -> None:
    statuses, _ = change
    sizes = [len(statuses)] * 3
    parts = [whole_entry(tile, np.array(statuses, np.uint8)) for tile in range(3)]
    packed = b"".join(parts)
    cut = data.draw(st.integers(0, len(packed)))
    try:
        told = read(packed[:cut], sizes, [False] * 3)
    except BadForm:
        return
    assert packed[:cut] == b"".join(parts[: len(told)])
