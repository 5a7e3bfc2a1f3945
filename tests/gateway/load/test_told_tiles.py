"""A load's viewers know what the client's Sight knows, though they read it later and otherwise."""

from __future__ import annotations

from random import Random
from unittest import mock

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.live import wire
from gateway.live.chart_view import ChartView, chart_view
from gateway.live.sight import UNKNOWN, Sight
from gateway.live.tile_forms import (
    BadForm,
    changed_entry,
    counted_entry,
    pack_statuses,
    smallest_entry,
    tile_runs,
    whole_entry,
)
from gateway.load import told_tiles
from gateway.load.told_tiles import TileLog, TileStatuses, TileTable
from seatengine.chart.generate import generate
from seatengine.chart.seat_table import build


def venue() -> ChartView:
    chart = generate("arena", 600)
    return chart_view(chart, build(chart))


VIEW = venue()
TILES = TileTable(VIEW)


class Server:
    """Tells a viewer of the tiles it watches, and changes some now and then."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.statuses = np.zeros(VIEW.size, np.uint8)
        self.seq = 1
        self.mask = 0

    def watch(self) -> list[wire.ServerMessage]:
        had = self.mask
        self.mask = sum(1 << t for t in range(len(TILES.sizes)) if self.random.random() < 0.2)
        packed = b"".join(
            counted_entry(t, self._left(t))
            if TILES.counted[t]
            else whole_entry(t, self.statuses[TILES.places[t]])
            for t in range(len(TILES.sizes))
            if (self.mask & ~had) >> t & 1
        )
        return [
            wire.Watching(tile_runs(self.mask), False),
            wire.Tiles(self.seq, packed),
        ]

    def view(self) -> list[wire.ServerMessage]:
        self.mask = (1 << len(TILES.sizes)) - 1
        view = wire.View(1, self.seq, VIEW.size, pack_statuses(self.statuses))
        return [wire.Watching(tile_runs(self.mask), False), view]

    def change(self) -> list[wire.ServerMessage]:
        self.seq += 1
        packed = b""
        for tile, places in enumerate(TILES.places):
            if self.random.random() > 0.2:
                continue
            some = sorted(
                self.random.sample(range(len(places)), self.random.randint(1, len(places)))
            )
            for offset in some:
                self.statuses[places[offset]] = self.random.randrange(4)
            if self.mask >> tile & 1:
                packed += self._entry(tile, some)
        return [wire.Tiles(self.seq, packed)]

    def _entry(self, tile: int, offsets: list[int]) -> bytes:
        if TILES.counted[tile]:
            return counted_entry(tile, self._left(tile))
        statuses = self.statuses[TILES.places[tile]]
        listed = bytes(offset | int(statuses[offset]) << 6 for offset in offsets)
        if self.random.random() < 0.3:
            return changed_entry(tile, len(statuses), listed)
        return smallest_entry(tile, statuses, listed)

    def _left(self, tile: int) -> int:
        return int(np.count_nonzero(self.statuses[TILES.places[tile]] == 0))


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 1 << 20), st.lists(st.sampled_from("wwcccccvf"), max_size=30))
def test_a_viewer_that_reads_late_knows_what_one_that_reads_at_once_knows(
    seed: int, steps: str
) -> None:
    server = Server(Random(seed))
    sight, log = Sight(TILES.index, VIEW.size), TileLog()
    for step in ["w", *steps]:
        if step == "f":
            log.statuses(TILES)
            continue
        told = {"w": server.watch, "c": server.change, "v": server.view}[step]()
        for message in told:
            sight.take(message)
            if isinstance(message, wire.Watching):
                log.watch(sight.mask)
            else:
                log.tell(wire.encode_message(message), TILES)
    known = log.statuses(TILES)
    assert log.mask == server.mask
    expected = TILES.told(server.statuses)
    for tile, told_of_it in enumerate(expected):
        if not server.mask >> tile & 1:
            assert tile not in known.seats
            assert tile not in known.left
        elif isinstance(told_of_it, int):
            assert known.left[tile] == told_of_it == sight.areas[tile]
        else:
            assert known.seats[tile] == told_of_it == sight.statuses[TILES.places[tile]].tobytes()


def test_a_long_log_is_folded_on_the_way() -> None:
    server, log = Server(Random(4)), TileLog()
    with mock.patch.object(told_tiles, "LOAD_LOG_BYTES", 500):
        for _ in range(40):
            for message in server.watch() if server.random.random() < 0.2 else server.change():
                if isinstance(message, wire.Watching):
                    log.watch(server.mask)
                else:
                    log.tell(wire.encode_message(message), TILES)
            assert sum(map(len, log.payloads)) <= 500
    expected = TILES.told(server.statuses)
    known = log.statuses(TILES)
    for tile in range(len(TILES.sizes)):
        if server.mask >> tile & 1 and not TILES.counted[tile]:
            assert bytes(known.seats[tile]) == expected[tile]


def test_what_was_never_told_is_unknown_and_no_news() -> None:
    tile = TILES.counted.index(False)
    size = TILES.sizes[tile]
    known, heard = TileStatuses(), []

    def take(entry: bytes) -> None:
        known.take(
            wire.encode_message(wire.Tiles(1, entry)),
            TILES,
            1 << tile,
            lambda *change: heard.append(change),
        )

    take(changed_entry(tile, size, bytes((2 | 1 << 6,))))
    assert known.seats[tile][:3] == bytes((UNKNOWN, UNKNOWN, 1))
    statuses = np.ones(size, np.uint8)
    take(whole_entry(tile, statuses))
    assert heard == []
    take(changed_entry(tile, size, bytes((0, 2))))
    assert heard == [(tile, 0, 0), (tile, 2, 0)]


def test_tiles_that_came_without_a_word_of_them_are_not_known() -> None:
    log = TileLog()
    log.watch(0b110)
    assert log.known == 0
    log.tell(wire.encode_message(wire.Tiles(3, b"")), TILES)
    assert log.known == 0b110
    log.watch(0b111)
    assert log.known == 0b110
    assert log.last == wire.encode_message(wire.Tiles(3, b""))


@pytest.mark.parametrize("cut", [1, 3, 9])
def test_bytes_that_end_too_early_are_refused(cut: int) -> None:
    tile = max(range(len(TILES.sizes)), key=lambda t: 0 if TILES.counted[t] else TILES.sizes[t])
    statuses = np.arange(TILES.sizes[tile], dtype=np.uint8) % 4
    entry = whole_entry(tile, statuses)
    with pytest.raises(BadForm):
        TileStatuses().take(wire.encode_message(wire.Tiles(1, entry[:-cut])), TILES, 1 << tile)


def test_a_message_of_another_kind_is_refused() -> None:
    with pytest.raises(BadForm):
        TileStatuses().take(wire.encode_message(wire.Pong(1, 2)), TILES, 1)
