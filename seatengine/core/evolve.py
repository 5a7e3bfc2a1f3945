"""What an entry does to the state. The only writer; total, for every entry that decide gave."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from seatengine.chart.seat_table import SeatTable
from seatengine.core import entries
from seatengine.core.entries import Entry
from seatengine.core.event_state import Booking, EventState, Hold
from seatengine.core.seating import BLOCKED, BOOKED, FREE, HELD
from seatengine.errors import JournalGap
from seatengine.ids import ChartHash, HolderId, HoldId

Tables = Mapping[ChartHash, SeatTable]


def evolve(state: EventState, entry: Entry, touched: list[int], tables: Tables) -> None:
    """Apply `entry` as number `state.seq + 1`; append the places whose status changed to `touched`.

    Raises JournalGap where the entry cannot follow this state: the journal is damaged.
    """
    state.seq += 1
    try:
        if type(entry) is entries.ChartBound:
            _chart_bound(state, entry, touched, tables)
        else:
            _EVOLVE[type(entry)](state, entry, touched)
    except (KeyError, IndexError) as error:
        raise JournalGap(
            f"entry {state.seq} of event {state.event!r} does not follow from those before it: "
            f"{type(error).__name__} {error} in {type(entry).__name__}"
        ) from error


def _chart_bound(
    state: EventState, entry: entries.ChartBound, touched: list[int], tables: Tables
) -> None:
    state.bind(tables[entry.chart_hash])
    state.policy = entry.policy
    state.tariffs = [entry.tariff]
    touched.extend(range(len(state.status)))


def _sale_configured(state: EventState, entry: entries.SaleConfigured, _touched: list[int]) -> None:
    state.policy = entry.policy
    if entry.tariff is not None:
        state.tariffs.append(entry.tariff)


def _seats_held(state: EventState, entry: entries.SeatsHeld, touched: list[int]) -> None:
    places = entry.places
    status = state.status
    for place in places:
        status[place] = HELD
    holder = entry.holder
    hold = Hold(HoldId(state.seq), holder, places, entry.expires_at_ms, entry.tariff)
    state.holds[hold.id] = hold
    own = state.holds_by_holder.get(holder)
    if own is None:
        state.holds_by_holder[holder] = [hold]
    else:
        own.append(hold)
    state.watch_expiry(hold)
    touched += places


def _hold_changed(state: EventState, entry: entries.HoldChanged, touched: list[int]) -> None:
    hold = state.holds[entry.hold]
    status = state.status
    for place in entry.dropped:
        status[place] = FREE
    for place in entry.added:
        status[place] = HELD
    gone = set(entry.dropped)
    places = [p for p in hold.places if p not in gone] + entry.added
    _replace_hold(
        state,
        hold,
        Hold(hold.id, hold.holder, places, hold.expires_at_ms, hold.tariff, hold.extensions),
    )
    touched += entry.dropped
    touched += entry.added


def _hold_extended(state: EventState, entry: entries.HoldExtended, _touched: list[int]) -> None:
    old = state.holds[entry.hold]
    hold = Hold(old.id, old.holder, old.places, entry.expires_at_ms, old.tariff, old.extensions + 1)
    _replace_hold(state, old, hold)
    state.watch_expiry(hold)


def _replace_hold(state: EventState, old: Hold, new: Hold) -> None:
    state.holds[new.id] = new
    own = state.holds_by_holder[new.holder]
    own[own.index(old)] = new


def _hold_released(
    state: EventState,
    entry: entries.HoldReleased | entries.HoldExpired,
    touched: list[int],
) -> None:
    hold = _end_hold(state, entry.hold)
    status = state.status
    for place in hold.places:
        status[place] = FREE
    touched += hold.places


def _end_hold(state: EventState, hold_id: HoldId) -> Hold:
    hold = state.holds.pop(hold_id)
    own = state.holds_by_holder[hold.holder]
    if len(own) == 1:
        del state.holds_by_holder[hold.holder]
    else:
        state.holds_by_holder[hold.holder] = [h for h in own if h.id != hold_id]
    return hold


def _seats_booked(state: EventState, entry: entries.SeatsBooked, touched: list[int]) -> None:
    if entry.hold:
        _end_hold(state, entry.hold)
    status = state.status
    for place in entry.places:
        status[place] = BOOKED
    state.bookings[entry.booking] = Booking(
        entry.booking, entry.holder, list(entry.places), entry.tariff, entry.at_ms
    )
    _count_booked(state, entry.holder, len(entry.places))
    touched += entry.places


def _booking_cancelled(
    state: EventState, entry: entries.BookingCancelled, touched: list[int]
) -> None:
    booking = state.bookings[entry.booking]
    status = state.status
    for place in entry.places:
        status[place] = FREE
    gone = set(entry.places)
    left = [p for p in booking.places if p not in gone]
    if left:
        state.bookings[booking.id] = _with_places(booking, left)
    else:
        del state.bookings[entry.booking]
    _count_booked(state, booking.holder, -len(entry.places))
    touched += entry.places


def _with_places(booking: Booking, places: list[int]) -> Booking:
    return Booking(booking.id, booking.holder, places, booking.tariff, booking.at_ms)


def _count_booked(state: EventState, holder: HolderId, change: int) -> None:
    count = state.booked_by_holder.get(holder, 0) + change
    if count:
        state.booked_by_holder[holder] = count
    else:
        state.booked_by_holder.pop(holder, None)


def _booking_moved(state: EventState, entry: entries.BookingMoved, touched: list[int]) -> None:
    booking = state.bookings[entry.booking]
    status = state.status
    swap = dict(zip(entry.places, entry.to, strict=True))
    for place in entry.places:
        status[place] = FREE
    for place in entry.to:
        status[place] = BOOKED
    state.bookings[booking.id] = _with_places(booking, [swap.get(p, p) for p in booking.places])
    touched += entry.places
    touched += entry.to


def _seats_blocked(state: EventState, entry: entries.SeatsBlocked, touched: list[int]) -> None:
    for place in entry.places:
        state.status[place] = BLOCKED
        state.block_reasons[place] = entry.reason
    touched += entry.places


def _seats_unblocked(state: EventState, entry: entries.SeatsUnblocked, touched: list[int]) -> None:
    for place in entry.places:
        state.status[place] = FREE
        del state.block_reasons[place]
    touched += entry.places


_EVOLVE: dict[type, Callable[[EventState, Any, list[int]], None]] = {
    entries.SaleConfigured: _sale_configured,
    entries.SeatsHeld: _seats_held,
    entries.HoldChanged: _hold_changed,
    entries.HoldExtended: _hold_extended,
    entries.HoldReleased: _hold_released,
    entries.HoldExpired: _hold_released,
    entries.SeatsBooked: _seats_booked,
    entries.BookingCancelled: _booking_cancelled,
    entries.BookingMoved: _booking_moved,
    entries.SeatsBlocked: _seats_blocked,
    entries.SeatsUnblocked: _seats_unblocked,
}
