"""E: what viewers hear adds up to what is so."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway import wire
from gateway.fanout import LiveEvent, pack_statuses
from seatengine.chart import seat_table
from seatengine.core import commands
from seatengine.core.policy import SalePolicy, Tariff
from seatengine.core.shard import Shard
from seatengine.ids import BookingId, CommandId, Epoch, EventId, HolderId, HoldId
from tests.venues import TARIFF, hall_chart, pocket

EVENT = EventId("e")
NOBODY = HolderId("v_x")
STAFF = HolderId("k_x")
ROOMY = SalePolicy(max_per_hold=200, max_per_holder=1000, max_holds_per_holder=100)


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


def payload(frame: bytes) -> bytes:
    size = frame[1]
    return frame[2 if size < 126 else 4 if size == 126 else 10 :]


def unpacked(view: wire.View) -> bytes:
    octets = np.frombuffer(view.statuses, np.uint8)
    quads = np.stack([octets >> shift & 3 for shift in (0, 2, 4, 6)], axis=1)
    return quads.reshape(-1)[: view.count].tobytes()


class Viewer:
    """A client that follows the protocol's rules to the letter."""

    def __init__(self) -> None:
        self.seq = 0
        self.epoch = 0
        self.statuses = bytearray()

    def hear(self, frame: bytes) -> bool:
        """Take a frame in; False when it shows that something was missed."""
        message = wire.decode_server_message(payload(frame))
        if isinstance(message, wire.View):
            self.epoch, self.seq = message.epoch, message.seq
            self.statuses = bytearray(unpacked(message))
            return True
        assert isinstance(message, wire.Delta)
        if self.seq < message.after_seq:
            return False
        if self.seq < message.seq:
            places = np.frombuffer(message.places, "<u4")
            for place, status in zip(places, message.statuses, strict=True):
                self.statuses[place] = status
            self.seq = message.seq
        return True


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["hold", "hold", "release", "tick", "drop", "join", "come back"]),
            st.integers(0, 35),
        ),
        max_size=60,
    )
)
@settings(max_examples=80, deadline=None)
def test_any_order_of_changes_breaks_and_returns_converges(steps: list[tuple[str, int]]) -> None:
    shard, live = opened(pocket())
    viewers = [Viewer()]
    viewers[0].hear(live.view())
    away: list[Viewer] = []
    for number, (what, choice) in enumerate(steps):
        if what == "hold":
            shard.step(
                commands.HoldSeats(id=CommandId(f"c{number}"), holder=NOBODY, places=[choice]), 0
            )
        elif what == "release" and shard.state.holds:
            hold = sorted(shard.state.holds)[choice % len(shard.state.holds)]
            shard.step(
                commands.ReleaseHold(id=CommandId(f"c{number}"), holder=NOBODY, hold=hold), 0
            )
        elif what == "tick" and live.dirty:
            frame = live.take_delta()
            assert all(viewer.hear(frame) for viewer in viewers)
        elif what == "drop" and viewers:
            away.append(viewers.pop(choice % len(viewers)))
        elif what == "join":
            viewers.append(Viewer())
            viewers[-1].hear(live.view())
        elif what == "come back" and away:
            viewer = away.pop(choice % len(away))
            assert viewer.hear(live.since(viewer.epoch, viewer.seq))
            viewers.append(viewer)
        batch = shard.take_ready()
        if batch is not None:
            live.apply(batch)
    if live.dirty:
        frame = live.take_delta()
        assert all(viewer.hear(frame) for viewer in viewers)
    for viewer in viewers:
        assert viewer.seq == live.seq
        assert bytes(viewer.statuses) == live.statuses
    told = bytes(min(s, 3) for s in shard.state.status)
    assert live.statuses == told


def test_what_changed_and_changed_back_is_told_only_to_who_saw_it() -> None:
    shard, live = opened(pocket())
    viewer, late = Viewer(), Viewer()
    viewer.hear(live.view())
    live.take_delta()

    def happen(command: commands.AnyCommand) -> None:
        shard.step(command, 0)
        batch = shard.take_ready()
        assert batch is not None
        live.apply(batch)

    def told() -> tuple[int, ...]:
        frame = live.take_delta()
        assert viewer.hear(frame)
        message = wire.decode_server_message(payload(frame))
        assert isinstance(message, wire.Delta)
        return tuple(np.frombuffer(message.places, "<u4"))

    hold = shard.seq + 1
    happen(commands.HoldSeats(id=CommandId("a"), holder=NOBODY, places=[3]))
    assert told() == (3,)
    happen(commands.ReleaseHold(id=CommandId("b"), holder=NOBODY, hold=HoldId(hold)))
    happen(commands.HoldSeats(id=CommandId("c"), holder=NOBODY, places=[3, 4]))
    assert told() == (4,)
    happen(commands.ReleaseHold(id=CommandId("d"), holder=NOBODY, hold=HoldId(hold + 2)))
    late.hear(live.view())
    happen(commands.HoldSeats(id=CommandId("e"), holder=NOBODY, places=[3, 4]))
    assert told() == (3, 4)


def test_a_gap_is_never_applied() -> None:
    shard, live = opened(pocket())
    shard.step(commands.HoldSeats(id=CommandId("a"), holder=NOBODY, places=[0]), 0)
    shard.take_ready()
    shard.step(commands.HoldSeats(id=CommandId("b"), holder=NOBODY, places=[1]), 0)
    late = shard.take_ready()
    assert late is not None
    with pytest.raises(ValueError, match="after"):
        live.apply(late)


def test_a_short_absence_costs_less_than_a_view() -> None:
    shard, live = opened(seat_table.build(hall_chart(40, 100)))
    before = live.seq
    shard.step(commands.HoldSeats(id=CommandId("a"), holder=NOBODY, places=[7, 8]), 0)
    batch = shard.take_ready()
    assert batch is not None
    live.apply(batch)
    missed = live.since(live.epoch, before)
    assert len(missed) < len(live.view()) / 10
    assert isinstance(wire.decode_server_message(payload(missed)), wire.Delta)
    for epoch, seq in [(live.epoch + 1, before), (live.epoch, live.seq + 5), (0, 0)]:
        assert live.since(epoch, seq) == live.view()


@given(st.binary(max_size=41))
def test_packed_statuses_take_two_bits_a_place(raw: bytes) -> None:
    statuses = bytes(b & 3 for b in raw)
    packed = pack_statuses(np.frombuffer(statuses, np.uint8))
    assert len(packed) == -(-len(statuses) // 4)
    assert unpacked(wire.View(1, 1, len(statuses), packed)) == statuses


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
