"""Evolve: entries after another, and a damaged journal that is noticed (S5)."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seatengine.core import commands, entries, snapshot
from seatengine.core.entries import Entry, decode_entry, encode_entry
from seatengine.core.policy import SalePolicy
from seatengine.core.shard import Shard
from seatengine.errors import JournalGap
from seatengine.ids import BookingId, ChartHash, CommandId, HolderId, HoldId
from tests import venues
from tests.core.audited import EVENT, accepted, on_sale
from tests.core.lived import lived

C, H = CommandId("c"), HolderId("v")

DAMAGED: list[Entry] = [
    entries.HoldReleased(7, C, H, HoldId(99)),
    entries.HoldExpired(7, H, HoldId(99)),
    entries.HoldExtended(7, C, H, HoldId(99), 1),
    entries.HoldChanged(7, C, H, HoldId(99), [1], []),
    entries.SeatsHeld(7, C, H, [10_000], 1, 0),
    entries.SeatsBooked(7, C, H, HoldId(99), BookingId("b"), [1], 0),
    entries.BookingCancelled(7, C, BookingId("none"), [1]),
    entries.BookingMoved(7, C, BookingId("none"), [1], [2]),
    entries.SeatsUnblocked(7, C, [1]),
    entries.ChartBound(7, C, ChartHash("unknown"), SalePolicy(), venues.TARIFF),
]


@pytest.mark.parametrize("entry", DAMAGED, ids=lambda entry: type(entry).__name__)
def test_s5_an_entry_that_cannot_follow_is_a_gap(entry: Entry) -> None:
    event = on_sale(venues.pocket())
    with pytest.raises(JournalGap, match="entry 2 of event 'gala'"):
        event.shard.replay([entry])


@settings(max_examples=40, deadline=None, derandomize=True)
@given(st.integers(0, 10_000))
def test_s1_replayed_from_bytes_the_state_is_the_same(seed: int) -> None:
    event = lived(seed, 60)
    replayed = Shard(EVENT, event.shard.tables)
    replayed.replay(decode_entry(encode_entry(entry)) for entry in event.auditor.log)
    assert snapshot.state_hash(replayed.state) == snapshot.state_hash(event.shard.state)


def test_earlier_outputs_do_not_change_under_those_who_have_them() -> None:
    event = on_sale(venues.pocket())
    held = accepted(event.anna(commands.HoldSeats, places=[0, 1]))
    hold = event.shard.seq
    added = accepted(event.anna(commands.HoldSeats, places=[2], into=hold))
    accepted(event.anna(commands.DropSeats, hold=hold, places=[0]))
    booked = accepted(event.anna(commands.BookHold, hold=hold, booking="B"))
    accepted(event.staff(commands.MoveBooking, booking="B", places=[1], to=[9]))
    accepted(event.staff(commands.CancelBooking, booking="B", places=[2]))
    assert getattr(held, "places", None) == [0, 1]
    assert getattr(added, "added", None) == [2]
    assert getattr(booked, "places", None) == [1, 2]
