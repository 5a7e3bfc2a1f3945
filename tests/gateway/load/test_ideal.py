"""The bytes that exactly the places inside a viewport need."""

from __future__ import annotations

import numpy as np

from gateway.live import wire
from gateway.live.chart_view import chart_view
from gateway.live.frames import BINARY, server_frame
from gateway.live.tile_forms import changed_entry, whole_entry
from gateway.load.ground import Ground
from gateway.load.ideal import Diary, ideal_bytes
from seatengine.chart.generate import generate
from seatengine.chart.seat_table import build

CHART = generate("stadium", 1_000)
GROUND = Ground(chart_view(CHART, build(CHART)))
TILE = 0
PLACES = GROUND.tiles.places[TILE]
FREE = np.zeros(len(PLACES), np.uint8)


def framed(entry: bytes) -> int:
    return len(server_frame(BINARY, wire.encode_message(wire.Tiles(1 << 20, entry))))


def tell(diary: Diary, entry: bytes) -> None:
    payload = wire.encode_message(wire.Tiles(1 << 20, entry))
    diary.tell(payload, len(server_frame(BINARY, payload)))


def look(places: list[int]) -> wire.Look:
    x, y = GROUND.x[places], GROUND.y[places]
    return wire.Look(
        float(x.min()) - 0.1, float(y.min()) - 0.1, float(x.max()) + 0.1, float(y.max()) + 0.1, 1
    )


def diary_of(seen: list[int]) -> Diary:
    diary = Diary()
    diary.look(look(seen))
    diary.watch(1 << TILE, 0)
    tell(diary, whole_entry(TILE, FREE))
    return diary


def test_a_viewport_that_shows_a_whole_tile_and_nothing_else_is_told_what_it_needs() -> None:
    diary = diary_of(PLACES)
    tell(diary, changed_entry(TILE, len(PLACES), bytes((5 | 1 << 6,))))
    expected = framed(whole_entry(TILE, FREE)) + framed(
        changed_entry(TILE, len(PLACES), bytes((5 | 1 << 6,)))
    )
    assert ideal_bytes(diary, GROUND) == expected == diary.told_bytes


def test_changes_outside_the_viewport_are_needed_by_nobody() -> None:
    diary = diary_of(PLACES[:1])
    needed = ideal_bytes(diary, GROUND)
    assert needed == framed(whole_entry(TILE, FREE[:1]))
    tell(diary, changed_entry(TILE, len(PLACES), bytes((len(PLACES) - 1 | 1 << 6,))))
    assert ideal_bytes(diary, GROUND) == needed
    assert diary.told_bytes > needed


def test_what_was_sent_ahead_is_paid_when_it_comes_into_view() -> None:
    diary = diary_of(PLACES[:1])
    before = ideal_bytes(diary, GROUND)
    diary.look(look(PLACES))
    assert ideal_bytes(diary, GROUND) == before + framed(whole_entry(TILE, FREE[1:]))


def test_what_came_before_the_count_began_counts_on_neither_side() -> None:
    diary = diary_of(PLACES)
    diary.begin()
    assert (diary.told_bytes, ideal_bytes(diary, GROUND)) == (0, 0)
    tell(diary, changed_entry(TILE, len(PLACES), bytes((0,))))
    assert ideal_bytes(diary, GROUND) == 0
    tell(diary, changed_entry(TILE, len(PLACES), bytes((0 | 2 << 6,))))
    assert ideal_bytes(diary, GROUND) == framed(
        changed_entry(TILE, len(PLACES), bytes((0 | 2 << 6,)))
    )
