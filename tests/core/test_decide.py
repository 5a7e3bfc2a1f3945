"""Every refusal that the core can give, one scene each (A2), and that it changes nothing (A1).

Each outcome is also judged by the simulator's auditor, see `audited`."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from seatengine import limits
from seatengine.chart.seat_table import build
from seatengine.core import commands, entries, snapshot
from seatengine.core.outputs import Accepted, Answer, Code, Refusal
from seatengine.core.policy import SalePolicy, Tariff
from seatengine.ids import ChartHash, CommandId
from tests import venues
from tests.core.audited import POLICY, Audited, accepted, on_sale, refused, unbound

Outcome = Accepted | Refusal | Answer
Scene = Callable[[Audited], Outcome]

FLOOR, LOUNGE, ROUND, ROW_A = venues.FLOOR, venues.LOUNGE, venues.ROUND, venues.ROW_A


def hold_of(event: Audited, *places: int) -> int:
    entry = accepted(event.anna(commands.HoldSeats, places=list(places)))
    assert isinstance(entry, entries.SeatsHeld)
    return event.shard.seq


def booked(event: Audited, *places: int) -> str:
    accepted(event.staff(commands.BookSeats, places=list(places), booking="DOOR"))
    return "DOOR"


def off_sale(event: Audited) -> Outcome:
    accepted(event.staff(commands.ConfigureSale, policy=SalePolicy(on_sale=False)))
    return event.anna(commands.HoldSeats, places=[0])


def hold_ended(event: Audited) -> Outcome:
    hold = hold_of(event, 0)
    accepted(event.anna(commands.ReleaseHold, hold=hold))
    return event.anna(commands.ExtendHold, hold=hold)


def too_many_holds(event: Audited) -> Outcome:
    hold_of(event, 0)
    hold_of(event, 1)
    return event.anna(commands.HoldSeats, places=[2])


def too_many_for_holder(event: Audited) -> Outcome:
    hold_of(event, 0, 1, 2, 3)
    return event.anna(commands.HoldSeats, places=[4, 5, 6])


def no_more_extensions(event: Audited) -> Outcome:
    hold = hold_of(event, 0)
    accepted(event.anna(commands.ExtendHold, hold=hold))
    return event.anna(commands.ExtendHold, hold=hold)


def booking_exists(event: Audited) -> Outcome:
    booked(event, 7)
    return event.anna(commands.BookHold, hold=hold_of(event, 0), booking="DOOR")


SCENES: dict[Code, list[Scene]] = {
    Code.NOT_ON_SALE: [off_sale],
    Code.STAFF_ONLY: [
        lambda e: e.anna(commands.BlockSeats, places=[0], reason=""),
        lambda e: e.anna(commands.UnblockSeats, places=[0]),
        lambda e: e.anna(commands.ConfigureSale),
        lambda e: e.anna(commands.BookSeats, places=[0], booking="X"),
        lambda e: e.anna(commands.CancelBooking, booking="X"),
        lambda e: e.anna(commands.MoveBooking, booking="X", places=[0], to=[1]),
        lambda e: e.anna(commands.HoldSeats, places=[0], ttl_ms=5_000),
    ],
    Code.BAD_ID: [
        lambda e: e.anna(commands.HoldSeats, id=CommandId(""), places=[0]),
        lambda e: e.anna(commands.HoldSeats, id=CommandId("x" * 81), places=[0]),
        lambda e: e.staff(commands.BookSeats, places=[0], booking=""),
        lambda e: e.anna(commands.BookHold, hold=hold_of(e, 0), booking="x" * 81),
    ],
    Code.UNKNOWN_PLACE: [
        lambda e: e.anna(commands.HoldSeats, places=[venues.POCKET_SIZE]),
        lambda e: e.anna(commands.HoldSeats, places=[-1]),
        lambda e: e.staff(commands.BlockSeats, places=[10**9], reason=""),
        lambda e: e.anna(commands.DropSeats, hold=hold_of(e, 0), places=[-7]),
    ],
    Code.REPEATED_PLACE: [
        lambda e: e.anna(commands.HoldSeats, places=[3, 3]),
        lambda e: e.staff(commands.MoveBooking, booking=booked(e, 0, 1), places=[0, 1], to=[2, 2]),
    ],
    Code.NOTHING_ASKED: [
        lambda e: e.anna(commands.HoldSeats, places=[]),
        lambda e: e.anna(commands.HoldBest, quantity=0),
        lambda e: e.anna(commands.HoldQuantity, group=FLOOR, quantity=0),
        lambda e: e.anna(commands.DropSeats, hold=hold_of(e, 0), places=[]),
        lambda e: e.staff(commands.UnblockSeats, places=[]),
    ],
    Code.UNKNOWN_GROUP: [
        lambda e: e.anna(commands.HoldQuantity, group=99, quantity=1),
        lambda e: e.anna(commands.HoldWhole, group=-1),
    ],
    Code.WRONG_KIND: [
        lambda e: e.anna(commands.HoldQuantity, group=ROUND, quantity=1),
        lambda e: e.anna(commands.HoldWhole, group=ROW_A),
    ],
    Code.OUT_OF_RANGE: [
        lambda e: e.anna(commands.HoldBest, quantity=1, worst_step=0),
        lambda e: e.anna(commands.HoldBest, quantity=1, accessible=-1),
        lambda e: e.anna(commands.HoldBest, quantity=1, categories=[-1]),
        lambda e: e.anna(commands.HoldBest, quantity=1, sections=[2]),
        lambda e: e.staff(commands.HoldSeats, places=[0], ttl_ms=999),
        lambda e: e.staff(commands.BlockSeats, places=[0], reason="x" * 201),
        lambda e: e.staff(commands.ConfigureSale, policy=SalePolicy(hold_ttl_ms=1)),
        lambda e: e.staff(commands.ConfigureSale, tariff=Tariff("EUR", (1, 2))),
        lambda e: e.staff(commands.MoveBooking, booking=booked(e, 0, 1), places=[0], to=[2, 3]),
    ],
    Code.PLACES_TAKEN: [
        lambda e: e.ben(commands.HoldSeats, places=[1, hold_of(e, 0) - 2]),
        lambda e: e.anna(commands.HoldSeats, places=[venues.GONE]),
        lambda e: e.staff(commands.BookSeats, places=[7], booking=booked(e, 7) + "2"),
        lambda e: e.staff(commands.BlockSeats, places=[7], reason=booked(e, 7)),
        lambda e: e.staff(commands.MoveBooking, booking=booked(e, 7), places=[7], to=[7]),
    ],
    Code.TOO_MANY_IN_COMMAND: [
        lambda e: e.staff(commands.BlockSeats, places=list(range(1_001)), reason=""),
        lambda e: e.anna(commands.HoldBest, quantity=51),
        lambda e: e.staff(commands.HoldQuantity, group=FLOOR, quantity=1_001),
    ],
    Code.TOO_MANY_IN_HOLD: [
        lambda e: e.anna(commands.HoldSeats, places=[0, 1, 2, 3, 4]),
        lambda e: e.anna(commands.HoldBest, quantity=5),
        lambda e: e.anna(commands.HoldQuantity, group=FLOOR, quantity=5),
        lambda e: e.anna(commands.HoldSeats, into=hold_of(e, 0, 1, 2, 3), places=[4]),
    ],
    Code.TOO_MANY_FOR_HOLDER: [too_many_for_holder],
    Code.TOO_MANY_HOLDS: [too_many_holds],
    Code.UNKNOWN_HOLD: [
        lambda e: e.anna(commands.ReleaseHold, hold=0),
        lambda e: e.anna(commands.BookHold, hold=99, booking="X"),
        lambda e: e.ben(commands.ReleaseHold, hold=hold_of(e, 0)),
        lambda e: e.ben(commands.BookHold, hold=hold_of(e, 0), booking="X"),
        lambda e: e.ben(commands.HoldSeats, into=hold_of(e, 0), places=[1]),
        lambda e: e.ben(commands.DropSeats, hold=hold_of(e, 0), places=[0]),
    ],
    Code.HOLD_ENDED: [hold_ended],
    Code.NO_MORE_EXTENSIONS: [no_more_extensions],
    Code.NOT_IN_HOLD: [lambda e: e.anna(commands.DropSeats, hold=hold_of(e, 0), places=[0, 1])],
    Code.WHOLE_ONLY: [lambda e: e.anna(commands.HoldQuantity, group=LOUNGE, quantity=1)],
    Code.NOT_ENOUGH_LEFT: [
        lambda e: e.staff(commands.HoldQuantity, group=FLOOR, quantity=7),
        lambda e: e.staff(commands.HoldBest, quantity=50),
        lambda e: e.anna(commands.HoldBest, quantity=1, max_price=1),
    ],
    Code.NOT_ENOUGH_TOGETHER: [
        lambda e: e.staff(commands.HoldBest, quantity=9, worst_step=2),
    ],
    Code.UNKNOWN_BOOKING: [
        lambda e: e.anna(commands.ReadBooking, booking="X"),
        lambda e: e.staff(commands.CancelBooking, booking="X"),
        lambda e: e.staff(commands.MoveBooking, booking="X", places=[0], to=[1]),
    ],
    Code.BOOKING_EXISTS: [booking_exists],
    Code.NOT_IN_BOOKING: [
        lambda e: e.staff(commands.CancelBooking, booking=booked(e, 0), places=[1]),
        lambda e: e.staff(commands.MoveBooking, booking=booked(e, 0), places=[1], to=[2]),
    ],
    Code.NOT_BLOCKED: [lambda e: e.staff(commands.UnblockSeats, places=[0])],
    Code.ALREADY_BOUND: [
        lambda e: e.staff(
            commands.BindChart,
            chart_hash=venues.pocket().chart_hash,
            policy=POLICY,
            tariff=venues.TARIFF,
        )
    ],
}
BEFORE_BINDING: dict[Code, Scene] = {
    Code.NO_CHART: lambda e: e.anna(commands.HoldSeats, places=[0]),
    Code.UNKNOWN_CHART: lambda e: e.staff(
        commands.BindChart, chart_hash=ChartHash("?"), policy=POLICY, tariff=venues.TARIFF
    ),
}
NOT_OF_THE_CORE = {Code.UNAVAILABLE, Code.OVERLOADED, Code.UNKNOWN_EVENT}


@pytest.mark.parametrize(
    ("code", "scene"), [(code, scene) for code, scenes in SCENES.items() for scene in scenes]
)
def test_a2_refused_with_its_code(code: Code, scene: Scene) -> None:
    assert refused(scene(on_sale(venues.pocket())))[0] == code


@pytest.mark.parametrize("code", BEFORE_BINDING)
def test_a2_refused_before_a_chart_is_bound(code: Code) -> None:
    assert refused(BEFORE_BINDING[code](unbound(venues.pocket())))[0] == code


def test_a2_every_code_of_the_core_has_a_scene() -> None:
    assert set(SCENES) | set(BEFORE_BINDING) | NOT_OF_THE_CORE == set(Code)


class Watched(Audited):
    """Compares the state before and after every command that is refused."""

    refusals = 0

    def ask(self, command: commands.AnyCommand) -> Outcome:
        before = snapshot.state_hash(self.shard.state)
        outcome = super().ask(command)
        if isinstance(outcome, Refusal):
            self.refusals += 1
            assert snapshot.state_hash(self.shard.state) == before
        return outcome


@pytest.mark.parametrize("code", SCENES)
def test_a1_a_refusal_changes_nothing(code: Code) -> None:
    for scene in SCENES[code]:
        event = on_sale(venues.pocket())
        watched = Watched(event.shard, event.auditor, asked=event.asked)
        scene(watched)
        assert watched.refusals == 1


def test_a3_a_refusal_names_at_most_a_bounded_number_of_places() -> None:
    table = build(venues.hall_chart(10, 10))
    event = on_sale(table)
    accepted(event.staff(commands.BlockSeats, places=list(range(90)), reason=""))
    code, named = refused(event.staff(commands.HoldSeats, places=list(range(20, 100))))
    assert (code, named) == (
        Code.PLACES_TAKEN,
        list(range(20, 20 + limits.MAX_CONFLICTS_NAMED)),
    )


def test_h7_one_seat_of_a_whole_table_takes_the_table() -> None:
    event = on_sale(venues.pocket())
    entry = accepted(event.anna(commands.HoldSeats, places=[venues.ROUND_SEATS[2]]))
    assert getattr(entry, "places", []) == list(venues.ROUND_SEATS)


def test_l1_l2_l3_staff_is_under_no_limit() -> None:
    event = on_sale(venues.pocket())
    for first in (0, 5, 10):
        accepted(event.staff(commands.HoldSeats, places=list(range(first, first + 5))))


def test_m1_a_hold_keeps_the_tariff_it_was_made_at() -> None:
    event = on_sale(venues.pocket())
    hold = hold_of(event, 0)
    accepted(event.staff(commands.ConfigureSale, tariff=Tariff("EUR", (1, 2, 3))))
    entry = accepted(event.anna(commands.BookHold, hold=hold, booking="OLD"))
    assert isinstance(entry, entries.SeatsBooked)
    assert entry.tariff == 0
    later = accepted(event.anna(commands.HoldSeats, places=[1]))
    assert getattr(later, "tariff", None) == 1
