"""E, N: what viewers hear adds up to what is so, and costs no more than it must."""

from __future__ import annotations

import numpy as np
import pytest

from gateway.live import wire
from gateway.live.fanout import LiveEvent, TileTick
from gateway.live.frames import BINARY, server_frame
from gateway.live.sight import Sight
from gateway.live.tile_forms import CountedTile, read_entries
from gateway.live.watching import Watch
from seatengine.chart import seat_table
from seatengine.chart.tiles import tiles_of
from seatengine.core import commands, entries
from seatengine.core.outputs import Batch
from seatengine.core.policy import SalePolicy, Tariff
from seatengine.core.shard import Shard
from seatengine.ids import BookingId, CommandId, Epoch, EventId, HolderId, HoldId
from tests.gateway.live.onlookers import (
    EVERYWHERE,
    FAR_OUT,
    ROOMY,
    hear,
    house,
    house_chart,
    messages,
    sight_of,
    wrong,
)
from tests.venues import TARIFF, hall_chart, pocket

EVENT = EventId("e")
NOBODY = HolderId("v_x")
STAFF = HolderId("k_x")
AREA_PLACES = range(245, 285)
UPPER = wire.Look(-20, 390, 420, 410, 1.0)
"""The upper section of the house, from near by."""


def opened(table: seat_table.SeatTable) -> tuple[Shard, LiveEvent]:
    """A shard with its chart bound, and the LiveEvent that heard so."""
    shard = Shard(EVENT, {table.chart_hash: table})
    live = LiveEvent(EVENT, Epoch(1), 0, None, b"", SalePolicy(), [], shard.tables)
    bind = commands.BindChart(
        id=CommandId("bind"),
        holder=STAFF,
        staff=True,
        chart_hash=table.chart_hash,
        policy=ROOMY,
        tariff=Tariff(TARIFF.currency, TARIFF.prices[: len(table.categories)]),
    )
    shard.step(bind, 0)
    batch = shard.take_ready()
    assert batch is not None
    assert live.apply(batch)
    return shard, live


class Sale:
    """A shard and the LiveEvent that hears all of it."""

    def __init__(self, table: seat_table.SeatTable) -> None:
        self.shard, self.live = opened(table)
        self._commands = 0

    def do(self, command: commands.AnyCommand) -> None:
        self.shard.step(command, 0)
        batch = self.shard.take_ready()
        assert batch is not None
        self.live.apply(batch)

    def hold(self, *places: int) -> HoldId:
        self._commands += 1
        name = CommandId(f"h{self._commands}")
        self.do(commands.HoldSeats(id=name, holder=NOBODY, places=list(places)))
        return HoldId(self.shard.seq)

    def release(self, hold: HoldId) -> None:
        self._commands += 1
        name = CommandId(f"r{self._commands}")
        self.do(commands.ReleaseHold(id=name, holder=NOBODY, hold=hold))


class Onlooker:
    """A viewer beside the LiveEvent: its watch, and what it knows by what it was told."""

    def __init__(self, live: LiveEvent, look: wire.Look | None) -> None:
        self.live = live
        self.watch = Watch()
        self.watch.look = look
        self.sight: Sight = sight_of(house_chart(), house())
        self.come_back()

    def come_back(self) -> list[wire.ServerMessage]:
        hello = self.sight.hello("token", EVENT)
        welcome = wire.Welcome(2, "v", 0, self.live.epoch, house().chart_hash)
        told = self.watch.begin(self.live, hello)
        frames = server_frame(BINARY, wire.encode_message(welcome)) + told
        return hear(self.sight, frames)[1:]

    def hear_tick(self, tick: TileTick) -> list[wire.ServerMessage]:
        return hear(self.sight, tick.frame(self.watch.mask))


def changed_places(tick: TileTick) -> set[int]:
    """The places whose statuses a tick tells of the house; all of an area as -tile."""
    tiles = sight_of(house_chart(), house()).tiles
    found: set[int] = set()
    for message in messages(tick.frame(tick.mask)):
        assert isinstance(message, wire.Tiles)
        for told in read_entries(message.packed, tiles.sizes, tiles.counted):
            if isinstance(told, CountedTile):
                found.add(-told.tile)
            else:
                first = int(tiles.starts[told.tile])
                found |= {int(tiles.places[first + offset]) for offset in told.offsets}
    return found


def test_a_gap_is_never_applied() -> None:
    shard, live = opened(pocket())
    shard.step(commands.HoldSeats(id=CommandId("a"), holder=NOBODY, places=[0]), 0)
    shard.take_ready()
    shard.step(commands.HoldSeats(id=CommandId("b"), holder=NOBODY, places=[1]), 0)
    late = shard.take_ready()
    assert late is not None
    with pytest.raises(ValueError, match="after"):
        live.apply(late)


def test_what_changed_and_changed_back_between_two_ticks_is_not_told() -> None:
    sale = Sale(house())
    hold = sale.hold(3)
    assert changed_places(sale.live.tick()) == {3}
    sale.release(hold)
    again = sale.hold(3, 4)
    assert changed_places(sale.live.tick()) == {4}
    sale.release(again)
    sale.hold(3, 4)
    assert sale.live.dirty
    tick = sale.live.tick()
    assert tick.mask == 0
    assert tick.frame(-1) == b""
    assert not sale.live.dirty


def test_n1_who_joins_between_two_ticks_goes_on_with_the_others() -> None:
    """(N1) The newcomer is shown the told picture, so the undo of what it never saw is no news."""
    sale = Sale(house())
    old = Onlooker(sale.live, EVERYWHERE)
    hold = sale.hold(3)
    late = Onlooker(sale.live, EVERYWHERE)
    sale.release(hold)
    tick = sale.live.tick()
    for viewer in (old, late):
        viewer.hear_tick(tick)
        hear(viewer.sight, sale.live.totals())
        assert wrong(viewer.sight, house(), sale.live.statuses) == []


def test_only_what_is_watched_is_told_and_encoded_once() -> None:
    sale = Sale(house())
    stalls = Onlooker(sale.live, wire.Look(-20, 0, 420, 60, 2.0))
    upper = Onlooker(sale.live, UPPER)
    both = Onlooker(sale.live, EVERYWHERE)
    sale.hold(0, 1, 2)
    tick = sale.live.tick()
    assert tick.frame(upper.watch.mask) == b""
    assert tick.frame(stalls.watch.mask) is tick.frame(both.watch.mask)
    sale.hold(5, 200)
    tick = sale.live.tick()
    frames = {tick.frame(viewer.watch.mask) for viewer in (stalls, upper, both)}
    assert len(frames) == 3
    tick.frames.clear()
    picked = {tick.frame(v.watch.mask, v.watch.tiles) for v in (stalls, upper, both)}
    assert picked == frames
    for viewer in (stalls, upper, both):
        viewer.hear_tick(tick)
    assert stalls.sight.statuses[[5, 200]].tolist() == [1, 255]
    assert upper.sight.statuses[[5, 200]].tolist() == [255, 1]
    assert both.sight.statuses[[5, 200]].tolist() == [1, 1]


def test_an_area_is_told_as_a_count() -> None:
    sale = Sale(house())
    viewer = Onlooker(sale.live, EVERYWHERE)
    sale.hold(*AREA_PLACES[:7])
    (message,) = viewer.hear_tick(sale.live.tick())
    assert isinstance(message, wire.Tiles)
    assert len(message.packed) == 2
    assert list(viewer.sight.areas.values()) == [len(AREA_PLACES) - 7]
    hear(viewer.sight, sale.live.totals())
    assert wrong(viewer.sight, house(), sale.live.statuses) == []


def test_who_watches_every_tile_is_told_a_view_and_who_knows_it_only_the_difference() -> None:
    sale = Sale(house())
    viewer = Onlooker(sale.live, EVERYWHERE)
    told = viewer.come_back()
    assert [type(message) for message in told] == [wire.Watching, wire.Tiles, wire.Totals]
    fresh = Onlooker(sale.live, EVERYWHERE)
    fresh.sight.known = 0
    assert wire.View in [type(message) for message in fresh.come_back()]


def test_e7_a_short_absence_costs_less_than_a_view() -> None:
    """(E7)"""
    shard, live = opened(seat_table.build(hall_chart(40, 100)))
    before = live.seq
    assert live.tiles is not None
    mask = live.tiles.all_mask
    shard.step(commands.HoldSeats(id=CommandId("a"), holder=NOBODY, places=[7, 8]), 0)
    batch = shard.take_ready()
    assert batch is not None
    live.apply(batch)
    live.tick()
    missed = live.since(live.epoch, before, mask, mask)
    assert len(missed) < 16
    for epoch, seq in [(live.epoch + 1, before), (live.epoch, live.seq + 5), (0, 0)]:
        assert live.since(epoch, seq, mask, mask) == live.view()


def test_e7_after_a_break_only_what_is_new_and_what_was_missed_is_told() -> None:
    """(E7) Known tiles by difference, others whole."""
    sale = Sale(house())
    viewer = Onlooker(sale.live, UPPER)
    upper = viewer.watch.mask
    sale.hold(200)
    sale.hold(0)
    sale.live.tick()
    viewer.watch.look = EVERYWHERE
    told = viewer.come_back()
    assert [type(message) for message in told] == [
        wire.Watching,
        wire.Tiles,
        wire.Tiles,
        wire.Totals,
    ]
    assert wrong(viewer.sight, house(), sale.live.statuses) == []
    missed = told[1]
    assert isinstance(missed, wire.Tiles)
    tiles = viewer.sight.tiles
    again = list(read_entries(missed.packed, tiles.sizes, tiles.counted))
    assert [tile.tile for tile in again] == [tiles_of(upper)[0]]


def test_what_was_missed_costs_never_more_than_everything() -> None:
    sale = Sale(house())
    viewer = Onlooker(sale.live, EVERYWHERE)
    seq = sale.live.told_seq
    for place in range(0, 230, 2):
        sale.hold(place)
    sale.live.tick()
    mask = viewer.watch.mask
    missed = sale.live.since(sale.live.epoch, seq, mask, mask)
    assert len(missed) <= len(sale.live.whole(mask))
    hear(viewer.sight, missed + sale.live.totals())
    assert wrong(viewer.sight, house(), sale.live.statuses) == []


def test_another_chart_is_shown_whole_to_those_who_knew_the_first() -> None:
    sale = Sale(pocket())
    other = house()
    sale.live._tables = {other.chart_hash: other}
    seq, epoch = sale.live.seq, sale.live.epoch
    bound = entries.ChartBound(0, CommandId("again"), other.chart_hash, ROOMY, TARIFF)
    gone = np.flatnonzero(other.flags & seat_table.RETIRED).tolist()
    batch = Batch(EVENT, seq, [bound], [b""], {}, [], [], [], gone, bytes([4] * len(gone)))
    assert sale.live.apply(batch)
    assert sale.live.base_seq == seq + 1
    tiles = sale.live.tiles
    assert tiles is not None
    assert sale.live.since(epoch, seq, 1, tiles.all_mask) == sale.live.view()
    viewer = Onlooker(sale.live, FAR_OUT)
    assert wrong(viewer.sight, other, sale.live.statuses) == []


def test_beside_names_free_neighbours_of_the_same_row_first() -> None:
    shard, live = opened(seat_table.build(hall_chart(5, 10)))
    for number, place in enumerate([24, 25]):
        shard.step(commands.HoldSeats(id=CommandId(f"c{number}"), holder=NOBODY, places=[place]), 0)
    batch = shard.take_ready()
    assert batch is not None
    live.apply(batch)
    beside = live.beside([24], 2)
    assert 23 in beside
    assert not {24, 25} & set(beside)


def test_prices_follow_the_tariff_of_the_hold() -> None:
    shard, live = opened(pocket())
    dearer = Tariff(TARIFF.currency, tuple(p + 100 for p in TARIFF.prices))
    shard.step(
        commands.ConfigureSale(id=CommandId("c"), holder=STAFF, staff=True, tariff=dearer), 0
    )
    batch = shard.take_ready()
    assert batch is not None
    assert live.apply(batch)
    old, new = live.prices([0], 0), live.prices([0], 1)
    assert new == [old[0] + 100]


def test_bookings_and_blocks_are_told_apart_from_holds() -> None:
    shard, live = opened(pocket())
    shard.step(
        commands.BookSeats(
            id=CommandId("a"), holder=STAFF, staff=True, places=[0], booking=BookingId("B")
        ),
        0,
    )
    shard.step(
        commands.BlockSeats(
            id=CommandId("b"), holder=STAFF, staff=True, places=[1], reason="camera"
        ),
        0,
    )
    shard.step(commands.HoldSeats(id=CommandId("c"), holder=NOBODY, places=[2]), 0)
    shard.step(commands.ReleaseHold(id=CommandId("d"), holder=NOBODY, hold=HoldId(4)), 0)
    batch = shard.take_ready()
    assert batch is not None
    live.apply(batch)
    assert live.statuses[:3] == bytes([2, 3, 0])


def test_before_there_is_a_chart_there_is_nothing_to_tell() -> None:
    live = LiveEvent(EVENT, Epoch(1), 0, None, b"", SalePolicy(), [], {})
    viewer = Onlooker(live, EVERYWHERE)
    assert (viewer.watch.mask, viewer.watch.zones) == (0, False)
    assert live.totals() == live.zones_tick() == live.zones_since(0, 0) == live.whole(3) == b""
    assert not live.beside([0], 1)
    assert not live.labels([0])
