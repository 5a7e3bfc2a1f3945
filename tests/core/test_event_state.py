"""The state's own bookkeeping: expiries stay few and true (H5)."""

from __future__ import annotations

from seatengine.core import commands
from seatengine.core.event_state import EventState, Hold
from seatengine.core.seating import FREE, RETIRED
from seatengine.ids import EventId, HolderId, HoldId
from tests import venues
from tests.core.audited import accepted, on_sale


def test_binding_makes_every_place_free_but_the_retired_ones() -> None:
    state = EventState(EventId("gala"))
    state.bind(venues.pocket())
    assert [p for p in range(venues.POCKET_SIZE) if state.status[p] == RETIRED] == [36, 44, 45]
    assert state.status.count(FREE) == venues.POCKET_SIZE - 3


def test_scalar_and_vector_view_are_the_same_memory() -> None:
    state = EventState(EventId("gala"))
    state.bind(venues.pocket())
    state.status[5] = 2
    assert int(state.status_view[5]) == 2


def test_h5_an_extended_hold_is_stale_at_its_old_time() -> None:
    state = EventState(EventId("gala"))
    hold = Hold(HoldId(2), HolderId("v"), [0], 100, 0)
    state.holds[hold.id] = hold
    state.watch_expiry(hold)
    hold = Hold(HoldId(2), HolderId("v"), [0], 200, 0, 1)
    state.holds[hold.id] = hold
    state.watch_expiry(hold)
    assert [state.expiry_of(item) for item in sorted(state.expiries)] == [(100, None), (200, hold)]


def test_h5_released_holds_leave_few_stale_expiries() -> None:
    event = on_sale(venues.pocket())
    for _ in range(300):
        accepted(event.anna(commands.HoldSeats, places=[0]))
        accepted(event.anna(commands.ReleaseHold, hold=event.shard.seq))
    assert len(event.shard.state.expiries) <= 2 + 64
    assert event.shard.state.holds == {}
