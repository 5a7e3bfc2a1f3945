"""Which refusals a command has earned, worked out from the Truth alone.

A command with several faults may be refused for any of them, so the answer is a dict of codes,
each with the places that must be named beside it. An empty dict means: it must be accepted.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from seatengine import limits
from seatengine.chart.seat_table import GroupKind
from seatengine.core import commands
from seatengine.core.commands import AnyCommand
from seatengine.core.outputs import Code
from seatengine.core.policy import SalePolicy, Tariff
from seatengine.core.seating import BLOCKED, FREE
from tests.sim import best_judge
from tests.sim.truth import HeldTruth, Truth, VenueFacts

Faults = dict[Code, list[int]]
AnyHold = commands.HoldSeats | commands.HoldBest | commands.HoldQuantity | commands.HoldWhole


def faults(truth: Truth, command: AnyCommand) -> Faults:
    """Every refusal that `command` deserves now, with the places in its way."""
    if isinstance(command, commands.ReadHolds):
        return {}
    if isinstance(command, commands.ReadBooking):
        return {} if command.booking in truth.bookings else {Code.UNKNOWN_BOOKING: []}
    if not 1 <= len(command.id) <= limits.MAX_ID_CHARS:
        return {Code.BAD_ID: []}
    if isinstance(command, commands.BindChart):
        return _bind(truth, command)
    if truth.venue is None:
        return {Code.NO_CHART: []}
    if isinstance(command, _STAFF_ONLY) and not command.staff:
        return {Code.STAFF_ONLY: []}
    return _BY_TYPE[type(command)](truth, command)


_STAFF_ONLY = (
    commands.ConfigureSale,
    commands.BookSeats,
    commands.CancelBooking,
    commands.MoveBooking,
    commands.BlockSeats,
    commands.UnblockSeats,
)


def _venue(truth: Truth) -> VenueFacts:
    assert truth.venue is not None
    return truth.venue


def _bind(truth: Truth, command: commands.BindChart) -> Faults:
    if not command.staff:
        return {Code.STAFF_ONLY: []}
    found: Faults = {}
    if truth.venue is not None:
        found[Code.ALREADY_BOUND] = []
    facts = truth.facts.get(command.chart_hash)
    if facts is None:
        found[Code.UNKNOWN_CHART] = []
    elif not _fits(command.policy, command.tariff, facts, command.tariff.currency):
        found[Code.OUT_OF_RANGE] = []
    return found


def _fits(policy: SalePolicy, tariff: Tariff | None, facts: VenueFacts, currency: str) -> bool:
    sane = (
        1_000 <= policy.hold_ttl_ms <= 3_600_000
        and 1 <= policy.max_per_hold <= 200
        and 1 <= policy.max_per_holder <= 1_000
        and 1 <= policy.max_holds_per_holder <= 100
        and 0 <= policy.max_extensions <= 20
    )
    if tariff is None:
        return sane
    return (
        sane
        and len(tariff.prices) == facts.categories
        and all(price >= 0 for price in tariff.prices)
        and tariff.currency == currency
    )


def _configure(truth: Truth, command: commands.ConfigureSale) -> Faults:
    policy = command.policy or truth.policy
    if _fits(policy, command.tariff, _venue(truth), truth.tariffs[-1].currency):
        return {}
    return {Code.OUT_OF_RANGE: []}


def _form(truth: Truth, places: list[int]) -> Faults:
    found: Faults = {}
    if not places:
        found[Code.NOTHING_ASKED] = []
    if len(places) > limits.MAX_PLACES_PER_COMMAND:
        found[Code.TOO_MANY_IN_COMMAND] = []
    if any(p not in range(_venue(truth).size) for p in places):
        found[Code.UNKNOWN_PLACE] = []
    if len(set(places)) < len(places):
        found[Code.REPEATED_PLACE] = []
    return found


def _named(found: Faults, code: Code, places: list[int]) -> None:
    if places:
        found[code] = places[: limits.MAX_CONFLICTS_NAMED]


def _not_free(truth: Truth, places: list[int]) -> list[int]:
    return [p for p in places if truth.status(p) != FREE]


def _hold_of(truth: Truth, command: AnyCommand, hold_id: int) -> tuple[HeldTruth | None, Faults]:
    hold = truth.holds.get(hold_id)
    if hold is None:
        over = 1 <= hold_id <= truth.seq
        return None, {Code.HOLD_ENDED if over else Code.UNKNOWN_HOLD: []}
    if command.holder != hold.holder and not command.staff:
        return None, {Code.UNKNOWN_HOLD: []}
    return hold, {}


def _limits(truth: Truth, command: AnyHold, more: int) -> Faults:
    """What stands against `command.holder` holding `more` further objects."""
    found: Faults = {}
    into: HeldTruth | None = None
    if command.into:
        into, found = _hold_of(truth, command, command.into)
    elif command.ttl_ms and not command.staff:
        found[Code.STAFF_ONLY] = []
    elif command.ttl_ms and not 1_000 <= command.ttl_ms <= limits.MAX_STAFF_HOLD_TTL_MS:
        found[Code.OUT_OF_RANGE] = []
    if command.staff:
        return found
    policy = truth.policy
    if not policy.on_sale:
        found[Code.NOT_ON_SALE] = []
    in_hold = more + (_venue(truth).objects(into.places) if into else 0)
    if in_hold > policy.max_per_hold:
        found[Code.TOO_MANY_IN_HOLD] = []
    own = sum(1 for h in truth.holds.values() if h.holder == command.holder)
    if not command.into and own + 1 > policy.max_holds_per_holder:
        found[Code.TOO_MANY_HOLDS] = []
    if sum(truth.holder_places(command.holder)) + more > policy.max_per_holder:
        found[Code.TOO_MANY_FOR_HOLDER] = []
    return found


def _hold_seats(truth: Truth, command: commands.HoldSeats) -> Faults:
    places = _venue(truth).grown(command.places)
    found = _form(truth, places)
    if found:
        return found
    found = _limits(truth, command, _venue(truth).objects(places))
    _named(found, Code.PLACES_TAKEN, _not_free(truth, places))
    return found


def _hold_best(truth: Truth, command: commands.HoldBest) -> Faults:
    venue = _venue(truth)
    found: Faults = {}
    if command.quantity < 1:
        found[Code.NOTHING_ASKED] = []
    if command.quantity > limits.MAX_BEST_QUANTITY:
        found[Code.TOO_MANY_IN_COMMAND] = []
    if not (
        0 <= command.accessible <= command.quantity
        and all(c in range(venue.categories) for c in command.categories)
        and all(s in range(venue.sections) for s in command.sections)
        and command.worst_step in (1, 2, 3, 4)
    ):
        found[Code.OUT_OF_RANGE] = []
    if found:
        return found
    found = _limits(truth, command, command.quantity)
    if Code.UNKNOWN_HOLD in found or Code.HOLD_ENDED in found:
        return found
    for code in best_judge.shortages(truth, command):
        found[code] = []
    return found


def _hold_quantity(truth: Truth, command: commands.HoldQuantity) -> Faults:
    venue = _venue(truth)
    if command.group not in venue.members:
        return {Code.UNKNOWN_GROUP: []}
    if venue.kind[command.group] is not GroupKind.AREA:
        return {Code.WRONG_KIND: []}
    if command.group in venue.whole:
        return {Code.WHOLE_ONLY: []}
    if command.quantity < 1:
        return {Code.NOTHING_ASKED: []}
    if command.quantity > limits.MAX_PLACES_PER_COMMAND:
        return {Code.TOO_MANY_IN_COMMAND: []}
    found = _limits(truth, command, command.quantity)
    if len(truth.free() & set(venue.members[command.group])) < command.quantity:
        found[Code.NOT_ENOUGH_LEFT] = []
    return found


def _hold_whole(truth: Truth, command: commands.HoldWhole) -> Faults:
    venue = _venue(truth)
    if command.group not in venue.members:
        return {Code.UNKNOWN_GROUP: []}
    if venue.kind[command.group] is GroupKind.ROW:
        return {Code.WRONG_KIND: []}
    places = venue.members[command.group]
    found = _form(truth, places)
    if found:
        return found
    found = _limits(truth, command, venue.objects(places))
    _named(found, Code.PLACES_TAKEN, _not_free(truth, places))
    return found


def _drop_seats(truth: Truth, command: commands.DropSeats) -> Faults:
    hold, found = _hold_of(truth, command, command.hold)
    if hold is None:
        return found
    places = _venue(truth).grown(command.places)
    found = _form(truth, places)
    if not found:
        _named(found, Code.NOT_IN_HOLD, [p for p in places if p not in hold.places])
    return found


def _extend_hold(truth: Truth, command: commands.ExtendHold) -> Faults:
    hold, found = _hold_of(truth, command, command.hold)
    spent = hold is not None and hold.extensions >= truth.policy.max_extensions
    if spent and not command.staff:
        found[Code.NO_MORE_EXTENSIONS] = []
    return found


def _release_hold(truth: Truth, command: commands.ReleaseHold) -> Faults:
    return _hold_of(truth, command, command.hold)[1]


def _booking_id(truth: Truth, booking: str) -> Faults:
    if not 1 <= len(booking) <= limits.MAX_ID_CHARS:
        return {Code.BAD_ID: []}
    return {Code.BOOKING_EXISTS: []} if booking in truth.bookings else {}


def _book_hold(truth: Truth, command: commands.BookHold) -> Faults:
    return _hold_of(truth, command, command.hold)[1] | _booking_id(truth, command.booking)


def _book_seats(truth: Truth, command: commands.BookSeats) -> Faults:
    places = _venue(truth).grown(command.places)
    found = _form(truth, places) | _booking_id(truth, command.booking)
    if not _form(truth, places):
        _named(found, Code.PLACES_TAKEN, _not_free(truth, places))
    return found


def _cancel_booking(truth: Truth, command: commands.CancelBooking) -> Faults:
    booking = truth.bookings.get(command.booking)
    if booking is None:
        return {Code.UNKNOWN_BOOKING: []}
    if not command.places:
        return {}
    found = _form(truth, command.places)
    if not found:
        _named(found, Code.NOT_IN_BOOKING, [p for p in command.places if p not in booking.places])
    return found


def _move_booking(truth: Truth, command: commands.MoveBooking) -> Faults:
    booking = truth.bookings.get(command.booking)
    if booking is None:
        return {Code.UNKNOWN_BOOKING: []}
    found = _form(truth, command.places) | _form(truth, command.to)
    if found:
        return found
    _named(found, Code.NOT_IN_BOOKING, [p for p in command.places if p not in booking.places])
    if len(command.places) != len(command.to):
        found[Code.OUT_OF_RANGE] = []
    _named(found, Code.PLACES_TAKEN, _not_free(truth, command.to))
    return found


def _block_seats(truth: Truth, command: commands.BlockSeats) -> Faults:
    found = _form(truth, command.places)
    if len(command.reason) > limits.MAX_REASON_CHARS:
        found[Code.OUT_OF_RANGE] = []
    if not _form(truth, command.places):
        _named(found, Code.PLACES_TAKEN, _not_free(truth, command.places))
    return found


def _unblock_seats(truth: Truth, command: commands.UnblockSeats) -> Faults:
    found = _form(truth, command.places)
    if not found:
        _named(found, Code.NOT_BLOCKED, [p for p in command.places if truth.status(p) != BLOCKED])
    return found


_BY_TYPE: dict[type, Callable[[Truth, Any], Faults]] = {
    commands.ConfigureSale: _configure,
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
