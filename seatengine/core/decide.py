"""Whether a command may happen, and as what. Reads the state, never writes it.

Checks go from the command's own form to its holder's rights to the places, so a refusal names
the first thing its sender can mend.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from seatengine import limits
from seatengine.chart.seat_table import Group, GroupKind, SeatTable
from seatengine.core import commands, entries
from seatengine.core.best_available import Wish
from seatengine.core.commands import AnyCommand, BindChart
from seatengine.core.entries import Entry
from seatengine.core.event_state import EventState, Hold
from seatengine.core.outputs import BestStep, Code, Refusal
from seatengine.core.policy import policy_problem, tariff_problem
from seatengine.core.seating import BLOCKED, FREE
from seatengine.ids import ChartHash, CommandId, HolderId, HoldId
from seatengine.limits import MAX_ID_CHARS

_AnyHold = commands.HoldSeats | commands.HoldBest | commands.HoldQuantity | commands.HoldWhole


def decide(
    state: EventState, command: AnyCommand, now_ms: int, tables: Mapping[ChartHash, SeatTable]
) -> Entry | Refusal:
    """The entry that `command` becomes at `now_ms`, or why not.

    Every hold that ends by `now_ms` must have been expired before. `tables` are the charts
    that BindChart may name.
    """
    if not 0 < len(command.id) <= MAX_ID_CHARS:
        return Refusal(command.id, Code.BAD_ID)
    if type(command) is BindChart:
        return _bind_chart(state, command, now_ms, tables)
    if state.table is None:
        return Refusal(command.id, Code.NO_CHART)
    return _DECIDE[type(command)](state, command, now_ms)


def _table(state: EventState) -> SeatTable:
    assert state.table is not None
    return state.table


def _bind_chart(
    state: EventState,
    command: commands.BindChart,
    now_ms: int,
    tables: Mapping[ChartHash, SeatTable],
) -> Entry | Refusal:
    if not command.staff:
        return Refusal(command.id, Code.STAFF_ONLY)
    if state.table is not None:
        return Refusal(command.id, Code.ALREADY_BOUND)
    if command.chart_hash not in tables:
        return Refusal(command.id, Code.UNKNOWN_CHART)
    categories = len(tables[command.chart_hash].categories)
    problem = policy_problem(command.policy) or tariff_problem(command.tariff, categories)
    if problem:
        return Refusal(command.id, Code.OUT_OF_RANGE, detail=problem)
    return entries.ChartBound(
        now_ms, command.id, command.chart_hash, command.policy, command.tariff
    )


def _configure_sale(
    state: EventState, command: commands.ConfigureSale, now_ms: int
) -> Entry | Refusal:
    if not command.staff:
        return Refusal(command.id, Code.STAFF_ONLY)
    policy = command.policy or state.policy
    problem = policy_problem(policy)
    tariff = command.tariff
    if not problem and tariff is not None:
        problem = tariff_problem(tariff, len(_table(state).categories))
        if not problem and tariff.currency != state.tariffs[-1].currency:
            problem = f"the currency stays {state.tariffs[-1].currency}"
    if problem:
        return Refusal(command.id, Code.OUT_OF_RANGE, detail=problem)
    return entries.SaleConfigured(now_ms, command.id, policy, tariff)


def _hold_seats(state: EventState, command: commands.HoldSeats, now_ms: int) -> Entry | Refusal:
    table = state.table
    assert table is not None
    places = command.places
    if table.has_whole:
        places = _with_whole_groups(table, places)
    problem = _form_problem(command, places, len(state.status))
    if problem is not None:
        return problem
    adding = _objects(table, places) if table.has_whole else len(places)
    refused = _right_to_hold(state, command, adding)
    if refused is not None:
        return refused
    status = state.status
    for place in places:
        if status[place]:
            return _taken(state, command, places)
    return _held(state, command, places, now_ms, 0)


def _form_problem(command: AnyCommand, places: list[int], size: int) -> Refusal | None:
    if not places:
        return Refusal(command.id, Code.NOTHING_ASKED)
    if len(places) > limits.MAX_PLACES_PER_COMMAND:
        return Refusal(command.id, Code.TOO_MANY_IN_COMMAND)
    for place in places:
        if not 0 <= place < size:
            return Refusal(
                command.id, Code.UNKNOWN_PLACE, detail=f"place {place} is not in 0..{size - 1}"
            )
    if len(places) > 1 and len(set(places)) != len(places):
        return Refusal(command.id, Code.REPEATED_PLACE)
    return None


def _with_whole_groups(table: SeatTable, places: list[int]) -> list[int]:
    """`places` with the rest of every whole-only group that one of them belongs to."""
    grown: list[int] = []
    seen_groups: set[int] = set()
    for place in places:
        number = int(table.group[place]) if 0 <= place < table.size else -1
        if number < 0 or not table.groups[number].whole:
            grown.append(place)
        elif number not in seen_groups:
            seen_groups.add(number)
            grown += table.group_places(number)
    return grown


def _taken(state: EventState, command: AnyCommand, places: list[int]) -> Refusal:
    taken = [p for p in places if state.status[p] != FREE]
    return Refusal(command.id, Code.PLACES_TAKEN, taken[: limits.MAX_CONFLICTS_NAMED])


def _objects(table: SeatTable, places: list[int]) -> int:
    """How many things `places` are for the limits: a whole-only group counts once."""
    if not table.has_whole:
        return len(places)
    groups = table.groups
    numbers = [int(table.group[p]) for p in places]
    whole = {n for n in numbers if groups[n].whole}
    return len(whole) + sum(1 for n in numbers if n not in whole)


def _right_to_hold(state: EventState, command: _AnyHold, adding: int) -> Refusal | None:
    """Refuses unless the holder may hold `adding` more objects, in a new hold or `command.into`."""
    hold, holder = None, command.holder
    if command.into:
        hold = _own_hold(state, command.id, holder, command.into, command.staff)
        if isinstance(hold, Refusal):
            return hold
    if command.staff:
        return None
    policy = state.policy
    if not policy.on_sale:
        return Refusal(command.id, Code.NOT_ON_SALE)
    table = state.table
    assert table is not None
    in_hold = adding if hold is None else adding + _objects(table, hold.places)
    if in_hold > policy.max_per_hold:
        return Refusal(command.id, Code.TOO_MANY_IN_HOLD, detail=str(policy.max_per_hold))
    total = adding + state.booked_by_holder.get(holder, 0)
    own = state.holds_by_holder.get(holder)
    if own is not None:
        if hold is None and len(own) >= policy.max_holds_per_holder:
            return Refusal(command.id, Code.TOO_MANY_HOLDS, detail=str(policy.max_holds_per_holder))
        has_whole = table.has_whole
        for held in own:
            total += _objects(table, held.places) if has_whole else len(held.places)
    if total > policy.max_per_holder:
        return Refusal(command.id, Code.TOO_MANY_FOR_HOLDER, detail=str(policy.max_per_holder))
    return None


def _own_hold(
    state: EventState, command_id: CommandId, holder: HolderId, hold_id: HoldId, staff: bool
) -> Hold | Refusal:
    """The live hold, if it is the holder's or staff asks; strangers learn nothing of it."""
    hold = state.holds.get(hold_id)
    if hold is None:
        code = Code.HOLD_ENDED if 0 < hold_id <= state.seq else Code.UNKNOWN_HOLD
        return Refusal(command_id, code)
    if hold.holder != holder and not staff:
        return Refusal(command_id, Code.UNKNOWN_HOLD)
    return hold


def _held(
    state: EventState, command: _AnyHold, places: list[int], now_ms: int, step: int
) -> Entry | Refusal:
    if command.into:
        holder = state.holds[command.into].holder
        return entries.HoldChanged(now_ms, command.id, holder, command.into, places, [], step)
    ttl_ms = state.policy.hold_ttl_ms
    if command.ttl_ms:
        if not command.staff:
            return Refusal(command.id, Code.STAFF_ONLY)
        if not limits.MIN_HOLD_TTL_MS <= command.ttl_ms <= limits.MAX_STAFF_HOLD_TTL_MS:
            return Refusal(command.id, Code.OUT_OF_RANGE, detail="ttl_ms")
        ttl_ms = command.ttl_ms
    return entries.SeatsHeld(
        now_ms,
        command.id,
        command.holder,
        places,
        now_ms + ttl_ms,
        len(state.tariffs) - 1,
        step,
    )


def _hold_best(state: EventState, command: commands.HoldBest, now_ms: int) -> Entry | Refusal:
    table = _table(state)
    quantity = command.quantity
    if quantity < 1:
        return Refusal(command.id, Code.NOTHING_ASKED)
    if quantity > limits.MAX_BEST_QUANTITY:
        return Refusal(command.id, Code.TOO_MANY_IN_COMMAND)
    if not (
        0 <= command.accessible <= quantity
        and all(0 <= c < len(table.categories) for c in command.categories)
        and all(0 <= s < len(table.sections) for s in command.sections)
        and BestStep.TOGETHER <= command.worst_step <= BestStep.SCATTERED
    ):
        return Refusal(command.id, Code.OUT_OF_RANGE)
    # Places found by search are never whole-only, so any `quantity` of them count as themselves.
    refused = _right_to_hold(state, command, quantity)
    if refused is not None:
        return refused
    categories = command.categories
    if command.max_price:
        # What joins a basket costs what the basket's tariff says, not today's.
        tariff = state.holds[command.into].tariff if command.into else -1
        prices = state.tariffs[tariff].prices
        categories = [
            c
            for c in (categories or range(len(table.categories)))
            if prices[c] <= command.max_price
        ]
        if not categories:
            return Refusal(command.id, Code.NOT_ENOUGH_LEFT)
    assert state.finder is not None
    wish = Wish(
        quantity,
        tuple(sorted(set(categories))),
        tuple(sorted(set(command.sections))),
        command.accessible,
        command.worst_step,
    )
    found = state.finder.find(state.status_view, wish)
    if found is None:
        code = (
            Code.NOT_ENOUGH_LEFT
            if command.worst_step == BestStep.SCATTERED
            else Code.NOT_ENOUGH_TOGETHER
        )
        return Refusal(command.id, code)
    return _held(state, command, found.places, now_ms, found.step)


def _hold_quantity(
    state: EventState, command: commands.HoldQuantity, now_ms: int
) -> Entry | Refusal:
    table = _table(state)
    group = _group(table, command.group)
    if group is None:
        return Refusal(command.id, Code.UNKNOWN_GROUP)
    if group.kind is not GroupKind.AREA:
        return Refusal(command.id, Code.WRONG_KIND)
    if group.whole:
        return Refusal(command.id, Code.WHOLE_ONLY)
    quantity = command.quantity
    if quantity < 1:
        return Refusal(command.id, Code.NOTHING_ASKED)
    if quantity > limits.MAX_PLACES_PER_COMMAND:
        return Refusal(command.id, Code.TOO_MANY_IN_COMMAND)
    places: list[int] = []
    for first, count in group.runs:
        at = first
        while len(places) < quantity:
            at = state.status.find(FREE, at, first + count)
            if at < 0:
                break
            places.append(at)
            at += 1
    # Limits come before availability, so a buyer at the limit is not told "sold out".
    refused = _right_to_hold(state, command, quantity)
    if refused is not None:
        return refused
    if len(places) < quantity:
        return Refusal(command.id, Code.NOT_ENOUGH_LEFT, detail=str(len(places)))
    return _held(state, command, places, now_ms, 0)


def _hold_whole(state: EventState, command: commands.HoldWhole, now_ms: int) -> Entry | Refusal:
    table = _table(state)
    group = _group(table, command.group)
    if group is None:
        return Refusal(command.id, Code.UNKNOWN_GROUP)
    if group.kind is GroupKind.ROW:
        return Refusal(command.id, Code.WRONG_KIND)
    places = table.group_places(command.group)
    problem = _form_problem(command, places, len(state.status))
    if problem is not None:
        return problem
    refused = _right_to_hold(state, command, _objects(table, places))
    if refused is not None:
        return refused
    if any(state.status[p] for p in places):
        return _taken(state, command, places)
    return _held(state, command, places, now_ms, 0)


def _group(table: SeatTable, number: int) -> Group | None:
    return table.groups[number] if 0 <= number < len(table.groups) else None


def _drop_seats(state: EventState, command: commands.DropSeats, now_ms: int) -> Entry | Refusal:
    hold = _own_hold(state, command.id, command.holder, command.hold, command.staff)
    if isinstance(hold, Refusal):
        return hold
    places = _with_whole_groups(_table(state), command.places)
    problem = _form_problem(command, places, len(state.status))
    if problem is not None:
        return problem
    own = set(hold.places)
    strangers = [p for p in places if p not in own]
    if strangers:
        return Refusal(command.id, Code.NOT_IN_HOLD, strangers[: limits.MAX_CONFLICTS_NAMED])
    if len(places) == len(own):
        return entries.HoldReleased(now_ms, command.id, hold.holder, hold.id)
    return entries.HoldChanged(now_ms, command.id, hold.holder, hold.id, [], places)


def _extend_hold(state: EventState, command: commands.ExtendHold, now_ms: int) -> Entry | Refusal:
    hold = _own_hold(state, command.id, command.holder, command.hold, command.staff)
    if isinstance(hold, Refusal):
        return hold
    if hold.extensions >= state.policy.max_extensions and not command.staff:
        return Refusal(command.id, Code.NO_MORE_EXTENSIONS)
    expires_at_ms = max(hold.expires_at_ms, now_ms + state.policy.hold_ttl_ms)
    return entries.HoldExtended(now_ms, command.id, hold.holder, hold.id, expires_at_ms)


def _release_hold(state: EventState, command: commands.ReleaseHold, now_ms: int) -> Entry | Refusal:
    hold = _own_hold(state, command.id, command.holder, command.hold, command.staff)
    if isinstance(hold, Refusal):
        return hold
    return entries.HoldReleased(now_ms, command.id, hold.holder, hold.id)


def _book_hold(state: EventState, command: commands.BookHold, now_ms: int) -> Entry | Refusal:
    hold = _own_hold(state, command.id, command.holder, command.hold, command.staff)
    if isinstance(hold, Refusal):
        return hold
    problem = _booking_id_problem(state, command)
    if problem is not None:
        return problem
    return entries.SeatsBooked(
        now_ms, command.id, hold.holder, hold.id, command.booking, hold.places, hold.tariff
    )


def _booking_id_problem(
    state: EventState, command: commands.BookHold | commands.BookSeats
) -> Refusal | None:
    if not 0 < len(command.booking) <= limits.MAX_ID_CHARS:
        return Refusal(command.id, Code.BAD_ID)
    if command.booking in state.bookings:
        return Refusal(command.id, Code.BOOKING_EXISTS)
    return None


def _book_seats(state: EventState, command: commands.BookSeats, now_ms: int) -> Entry | Refusal:
    if not command.staff:
        return Refusal(command.id, Code.STAFF_ONLY)
    places = _with_whole_groups(_table(state), command.places)
    problem = _form_problem(command, places, len(state.status)) or _booking_id_problem(
        state, command
    )
    if problem is not None:
        return problem
    if any(state.status[p] for p in places):
        return _taken(state, command, places)
    return entries.SeatsBooked(
        now_ms,
        command.id,
        command.holder,
        HoldId(0),
        command.booking,
        places,
        len(state.tariffs) - 1,
    )


def _cancel_booking(
    state: EventState, command: commands.CancelBooking, now_ms: int
) -> Entry | Refusal:
    booking = state.bookings.get(command.booking)
    if not command.staff:
        return Refusal(command.id, Code.STAFF_ONLY)
    if booking is None:
        return Refusal(command.id, Code.UNKNOWN_BOOKING)
    if not command.places:
        return entries.BookingCancelled(now_ms, command.id, booking.id, list(booking.places))
    problem = _form_problem(command, command.places, len(state.status)) or _not_in_booking(
        command, booking.places
    )
    if problem is not None:
        return problem
    return entries.BookingCancelled(now_ms, command.id, booking.id, command.places)


def _not_in_booking(
    command: commands.CancelBooking | commands.MoveBooking, booked: list[int]
) -> Refusal | None:
    own = set(booked)
    strangers = [p for p in command.places if p not in own]
    if strangers:
        return Refusal(command.id, Code.NOT_IN_BOOKING, strangers[: limits.MAX_CONFLICTS_NAMED])
    return None


def _move_booking(state: EventState, command: commands.MoveBooking, now_ms: int) -> Entry | Refusal:
    if not command.staff:
        return Refusal(command.id, Code.STAFF_ONLY)
    booking = state.bookings.get(command.booking)
    if booking is None:
        return Refusal(command.id, Code.UNKNOWN_BOOKING)
    size = len(state.status)
    problem = (
        _form_problem(command, command.places, size)
        or _form_problem(command, command.to, size)
        or _not_in_booking(command, booking.places)
    )
    if problem is not None:
        return problem
    if len(command.places) != len(command.to):
        return Refusal(command.id, Code.OUT_OF_RANGE, detail="as many places as there are to move")
    if any(state.status[p] for p in command.to):
        return _taken(state, command, command.to)
    return entries.BookingMoved(now_ms, command.id, booking.id, command.places, command.to)


def _block_seats(state: EventState, command: commands.BlockSeats, now_ms: int) -> Entry | Refusal:
    if not command.staff:
        return Refusal(command.id, Code.STAFF_ONLY)
    problem = _form_problem(command, command.places, len(state.status))
    if problem is not None:
        return problem
    if len(command.reason) > limits.MAX_REASON_CHARS:
        return Refusal(command.id, Code.OUT_OF_RANGE, detail="reason is too long")
    if any(state.status[p] for p in command.places):
        return _taken(state, command, command.places)
    return entries.SeatsBlocked(now_ms, command.id, command.places, command.reason)


def _unblock_seats(
    state: EventState, command: commands.UnblockSeats, now_ms: int
) -> Entry | Refusal:
    if not command.staff:
        return Refusal(command.id, Code.STAFF_ONLY)
    problem = _form_problem(command, command.places, len(state.status))
    if problem is not None:
        return problem
    others = [p for p in command.places if state.status[p] != BLOCKED]
    if others:
        return Refusal(command.id, Code.NOT_BLOCKED, others[: limits.MAX_CONFLICTS_NAMED])
    return entries.SeatsUnblocked(now_ms, command.id, command.places)


_DECIDE: dict[type, Callable[[EventState, Any, int], Entry | Refusal]] = {
    commands.ConfigureSale: _configure_sale,
    commands.HoldSeats: _hold_seats,
    commands.HoldBest: _hold_best,
    commands.HoldQuantity: _hold_quantity,
    commands.HoldWhole: _hold_whole,
    commands.DropSeats: _drop_seats,
    commands.ExtendHold: _extend_hold,
    commands.ReleaseHold: _release_hold,
    commands.BookHold: _book_hold,
    commands.BookSeats: _book_seats,
    commands.CancelBooking: _cancel_booking,
    commands.MoveBooking: _move_booking,
    commands.BlockSeats: _block_seats,
    commands.UnblockSeats: _unblock_seats,
}
