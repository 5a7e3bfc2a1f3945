"""Viewers and staff who want the same seats at the same moment. They remember what they were told,
go where others are, come one millisecond early or late, and ask again when no answer came."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random

from seatengine.chart.seat_table import GroupKind, SeatTable
from seatengine.core import commands, entries
from seatengine.core.commands import AnyCommand
from seatengine.core.outputs import Accepted, Answer, Code, Refusal
from seatengine.core.policy import SalePolicy, Tariff
from seatengine.ids import BookingId, ChartHash, CommandId, HolderId, HoldId

MEMORY = 12


@dataclass
class Person:
    """What one client believes. `unanswered` commands will be sent again as they are."""

    holder: HolderId
    staff: bool = False
    holds: dict[int, list[int]] = field(default_factory=dict)
    over: list[int] = field(default_factory=list)
    bookings: dict[str, list[int]] = field(default_factory=dict)
    unanswered: list[AnyCommand] = field(default_factory=list)
    answered: list[AnyCommand] = field(default_factory=list)


class Workload:
    """Makes commands. `hot` are places that were fought over lately."""

    def __init__(self, rng: Random, table: SeatTable, people: int = 4) -> None:
        self._rng = rng
        self._table = table
        self._people = [Person(HolderId(f"v_{i}")) for i in range(people)]
        self._people.append(Person(HolderId("k_staff"), staff=True))
        self._hot: list[int] = [0]
        self._prices: list[int] = []
        self._blocked: list[int] = []
        self._minted = 0
        self._senders: dict[str, Person] = {}
        self._groups = {
            kind: [n for n, g in enumerate(table.groups) if g.kind is kind] for kind in GroupKind
        }

    def first(self, policy: SalePolicy) -> commands.BindChart:
        """What puts the chart on sale."""
        staff = self._people[-1]
        prices = tuple(self._price() for _ in self._table.categories)
        return commands.BindChart(
            id=self._mint(staff),
            holder=staff.holder,
            staff=True,
            chart_hash=self._table.chart_hash,
            policy=policy,
            tariff=Tariff("EUR", prices),
        )

    def policy(self) -> SalePolicy:
        """Tight limits, so that their edges are met often."""
        rng = self._rng
        return SalePolicy(
            on_sale=rng.random() < 0.95,
            hold_ttl_ms=rng.choice((1_000, 2_500, 6_000)),
            max_per_hold=rng.choice((2, 3, 4, 6)),
            max_per_holder=rng.choice((3, 4, 6, 9)),
            max_holds_per_holder=rng.choice((1, 2, 3)),
            max_extensions=rng.choice((0, 1, 2)),
        )

    def next(self) -> AnyCommand:
        """The next thing somebody asks."""
        rng = self._rng
        person = rng.choice(self._people)
        if person.unanswered and rng.random() < 0.35:
            return rng.choice(person.unanswered)
        if person.answered and rng.random() < 0.06:
            return rng.choice(person.answered)
        moves = _STAFF_MOVES if person.staff else _BUYER_MOVES
        make = rng.choices([m for m, _ in moves], [w for _, w in moves])[0]
        if make in _ON_HOLDS and not person.holds and rng.random() < 0.8:
            make = rng.choice((Workload._hold_seats, Workload._hold_best, Workload._hold_quantity))
        command: AnyCommand = make(self, person)
        person.unanswered.append(command)
        del person.unanswered[:-MEMORY]
        return command

    def hear(self, command: AnyCommand, outcome: Accepted | Refusal | Answer) -> None:
        """An answer reached the one who asked."""
        person = self._senders[command.id]
        person.unanswered = [c for c in person.unanswered if c.id != command.id]
        if isinstance(outcome, Accepted):
            person.answered.append(command)
            del person.answered[:-MEMORY]
            self._learn(person, outcome)
        elif isinstance(outcome, Answer) and isinstance(command, commands.ReadHolds):
            person.over += [h for h in person.holds if h not in {v.hold for v in outcome.holds}]
            person.holds = {v.hold: list(v.places) for v in outcome.holds}
        elif isinstance(outcome, Refusal):
            self._hot += outcome.places
            if outcome.code in (Code.HOLD_ENDED, Code.UNKNOWN_HOLD):
                lost = getattr(command, "hold", 0) or getattr(command, "into", 0)
                if person.holds.pop(lost, None) is not None:
                    person.over.append(lost)
        del self._hot[:-MEMORY]
        del person.over[:-MEMORY]

    def _learn(self, person: Person, outcome: Accepted) -> None:
        entry = outcome.entry
        match entry:
            case entries.SeatsHeld():
                person.holds[outcome.seq] = list(entry.places)
                self._hot += entry.places
            case entries.HoldChanged() if outcome.view is not None:
                person.holds[entry.hold] = list(outcome.view.places)
                self._hot += entry.added + entry.dropped
            case entries.HoldReleased():
                self._hot += person.holds.pop(entry.hold, [])
                person.over.append(entry.hold)
            case entries.SeatsBooked():
                person.holds.pop(entry.hold, None)
                person.over.append(entry.hold)
                person.bookings[entry.booking] = list(entry.places)
                if not person.staff:
                    self._people[-1].bookings[entry.booking] = list(entry.places)
            case entries.BookingCancelled():
                self._hot += entry.places
                left = [p for p in person.bookings.get(entry.booking, []) if p not in entry.places]
                person.bookings[entry.booking] = left
            case entries.BookingMoved():
                self._hot += entry.places
                swap = dict(zip(entry.places, entry.to, strict=True))
                booked = person.bookings.get(entry.booking, [])
                person.bookings[entry.booking] = [swap.get(p, p) for p in booked]
            case entries.SeatsBlocked():
                self._blocked += entry.places
            case entries.SeatsUnblocked():
                self._hot += entry.places
                self._blocked = [p for p in self._blocked if p not in entry.places]

    def _mint(self, person: Person) -> CommandId:
        self._minted += 1
        command_id = CommandId(f"{person.holder}/{self._minted}")
        self._senders[command_id] = person
        return command_id

    def _common(self, person: Person) -> dict[str, object]:
        return {"id": self._mint(person), "holder": person.holder, "staff": person.staff}

    def _price(self) -> int:
        self._prices.append(self._rng.randrange(1, 100) * 100)
        del self._prices[:-MEMORY]
        return self._prices[-1]

    def _max_price(self) -> int:
        """Just enough for a price that is or was asked somewhere, or just not."""
        return self._rng.choice((0, *self._prices, *(p - 1 for p in self._prices)))

    def _places(self, most: int = 4) -> list[int]:
        """Places near where others are; now and then wrong ones."""
        rng = self._rng
        size = self._table.size
        first = rng.choice(self._hot) if rng.random() < 0.7 else rng.randrange(size)
        count = rng.choice((1, 1, 2, 2, 3, most))
        if rng.random() < 0.6:
            places = [(first + i) % size for i in range(count)]
        else:
            places = [first, *(rng.randrange(size) for _ in range(count - 1))]
        if rng.random() < 0.03:
            places.append(rng.choice((-1, size, places[0])))
        if rng.random() < 0.01:
            places = []
        return places

    def _into(self, person: Person) -> HoldId:
        if person.holds and self._rng.random() < 0.35:
            return self._a_hold(person)
        return HoldId(0)

    def _a_hold(self, person: Person) -> HoldId:
        """Mostly one of the person's own, sometimes one that is over, foreign or made up."""
        rng = self._rng
        if person.holds and rng.random() < 0.85:
            return HoldId(rng.choice(list(person.holds)[-3:]))
        others = [h for p in self._people for h in p.holds if p is not person]
        pool = [*person.over, *others]
        if pool and rng.random() < 0.9:
            return HoldId(rng.choice(pool))
        return HoldId(rng.choice((1, 7, 10**6)))

    def _ttl_ms(self, person: Person) -> int:
        if person.staff:
            return self._rng.choice((0, 0, 1_000, 9_000, 5))
        return 0 if self._rng.random() < 0.98 else 5_000

    def _hold_seats(self, person: Person) -> AnyCommand:
        return commands.HoldSeats(
            places=self._places(),
            into=self._into(person),
            ttl_ms=self._ttl_ms(person),
            **self._common(person),  # type: ignore[arg-type]
        )

    def _hold_best(self, person: Person) -> AnyCommand:
        rng = self._rng
        quantity = rng.choice((1, 1, 1, 2, 2, 2, 2, 3, 3, 4, 4, 5, 8, rng.choice((0, 51))))
        categories = list(range(len(self._table.categories)))
        sections = list(range(len(self._table.sections)))
        into = self._into(person)
        return commands.HoldBest(
            quantity=quantity,
            categories=rng.sample(categories, 1) if rng.random() < 0.3 else [],
            sections=rng.sample(sections, 1) if sections and rng.random() < 0.3 else [],
            accessible=rng.choice((0, 0, 0, 1, 2)),
            max_price=self._max_price() if into or rng.random() < 0.3 else 0,
            worst_step=rng.choice((4, 4, 3, 2, 1)),
            into=into,
            ttl_ms=self._ttl_ms(person),
            **self._common(person),  # type: ignore[arg-type]
        )

    def _hold_quantity(self, person: Person) -> AnyCommand:
        rng = self._rng
        areas = self._groups[GroupKind.AREA]
        whole = [n for n in areas if self._table.groups[n].whole]
        by_place = [n for n in areas if n not in whole]
        if rng.random() < 0.9 and by_place:
            group = rng.choice(by_place)
        else:
            group = rng.choice((*whole, 0, -1, 99))
        return commands.HoldQuantity(
            group=group,
            quantity=rng.choice((1, 2, 2, 3, 3, 4, 7, rng.choice((0, 1_001)))),
            into=self._into(person),
            ttl_ms=self._ttl_ms(person),
            **self._common(person),  # type: ignore[arg-type]
        )

    def _hold_whole(self, person: Person) -> AnyCommand:
        rng = self._rng
        kinds = (GroupKind.TABLE, GroupKind.BOOTH, GroupKind.AREA)
        groups = [n for kind in kinds for n in self._groups[kind]]
        group = rng.choice(groups) if groups and rng.random() < 0.9 else rng.choice((0, -1, 99))
        return commands.HoldWhole(
            group=group,
            into=self._into(person),
            ttl_ms=self._ttl_ms(person),
            **self._common(person),  # type: ignore[arg-type]
        )

    def _drop_seats(self, person: Person) -> AnyCommand:
        rng = self._rng
        hold = self._a_hold(person)
        own = person.holds.get(hold, [])
        if own and rng.random() < 0.85:
            places = rng.sample(own, rng.randint(1, len(own)))
        else:
            places = self._places(2)
        return commands.DropSeats(hold=hold, places=places, **self._common(person))  # type: ignore[arg-type]

    def _extend_hold(self, person: Person) -> AnyCommand:
        return commands.ExtendHold(hold=self._a_hold(person), **self._common(person))  # type: ignore[arg-type]

    def _release_hold(self, person: Person) -> AnyCommand:
        return commands.ReleaseHold(hold=self._a_hold(person), **self._common(person))  # type: ignore[arg-type]

    def _book_hold(self, person: Person) -> AnyCommand:
        return commands.BookHold(
            hold=self._a_hold(person),
            booking=self._booking_id(),
            **self._common(person),  # type: ignore[arg-type]
        )

    def _booking_id(self) -> BookingId:
        rng = self._rng
        if rng.random() < 0.05:
            known = [b for p in self._people for b in p.bookings]
            return BookingId(rng.choice([*known, "", "x" * 81]))
        self._minted += 1
        return BookingId(f"B{self._minted}")

    def _read_holds(self, person: Person) -> AnyCommand:
        return commands.ReadHolds(**self._common(person))  # type: ignore[arg-type]

    def _read_booking(self, person: Person) -> AnyCommand:
        return commands.ReadBooking(
            booking=self._a_booking(person),
            **self._common(person),  # type: ignore[arg-type]
        )

    def _a_booking(self, person: Person) -> BookingId:
        if person.bookings and self._rng.random() < 0.95:
            return BookingId(self._rng.choice(list(person.bookings)))
        return BookingId("none")

    def _book_seats(self, person: Person) -> AnyCommand:
        return commands.BookSeats(
            places=self._places(),
            booking=self._booking_id(),
            **self._common(person),  # type: ignore[arg-type]
        )

    def _some_booked(self, person: Person, booking: BookingId) -> list[int]:
        booked = person.bookings.get(booking, [])
        if booked and self._rng.random() < 0.9:
            return self._rng.sample(booked, self._rng.randint(1, len(booked)))
        return self._places(2)

    def _cancel_booking(self, person: Person) -> AnyCommand:
        booking = self._a_booking(person)
        every = self._rng.random() < 0.4
        return commands.CancelBooking(
            booking=booking,
            places=[] if every else self._some_booked(person, booking),
            **self._common(person),  # type: ignore[arg-type]
        )

    def _move_booking(self, person: Person) -> AnyCommand:
        rng = self._rng
        booking = self._a_booking(person)
        places = self._some_booked(person, booking)
        to = rng.sample(range(self._table.size), len(places))
        if rng.random() < 0.1:
            to.append(rng.choice(self._hot))
        return commands.MoveBooking(
            booking=booking,
            places=places,
            to=to,
            **self._common(person),  # type: ignore[arg-type]
        )

    def _block_seats(self, person: Person) -> AnyCommand:
        reason = "view" if self._rng.random() < 0.97 else "x" * 201
        return commands.BlockSeats(places=self._places(), reason=reason, **self._common(person))  # type: ignore[arg-type]

    def _unblock_seats(self, person: Person) -> AnyCommand:
        rng = self._rng
        if self._blocked and rng.random() < 0.85:
            places = list(dict.fromkeys(rng.choices(self._blocked, k=2)))
        else:
            places = self._places(2)
        return commands.UnblockSeats(places=places, **self._common(person))  # type: ignore[arg-type]

    def _configure_sale(self, person: Person) -> AnyCommand:
        rng = self._rng
        prices = [self._price() for _ in self._table.categories]
        if rng.random() < 0.1:
            prices.append(-1)
        return commands.ConfigureSale(
            policy=self.policy() if rng.random() < 0.7 else None,
            tariff=Tariff("EUR", tuple(prices)) if rng.random() < 0.7 else None,
            **self._common(person),  # type: ignore[arg-type]
        )

    def _rebind(self, person: Person) -> AnyCommand:
        known = self._rng.random() < 0.7
        command = self.first(self.policy())
        command.chart_hash = self._table.chart_hash if known else ChartHash("nowhere")
        command.staff = person.staff
        return command


_BUYER_MOVES = (
    (Workload._hold_seats, 30),
    (Workload._hold_best, 14),
    (Workload._hold_quantity, 9),
    (Workload._hold_whole, 5),
    (Workload._drop_seats, 8),
    (Workload._extend_hold, 7),
    (Workload._release_hold, 7),
    (Workload._book_hold, 14),
    (Workload._read_holds, 4),
    (Workload._read_booking, 2),
    (Workload._cancel_booking, 1),
    (Workload._block_seats, 1),
)
_STAFF_MOVES = (
    (Workload._block_seats, 10),
    (Workload._unblock_seats, 10),
    (Workload._cancel_booking, 12),
    (Workload._move_booking, 14),
    (Workload._book_seats, 8),
    (Workload._configure_sale, 7),
    (Workload._hold_seats, 8),
    (Workload._hold_best, 5),
    (Workload._hold_quantity, 3),
    (Workload._release_hold, 5),
    (Workload._drop_seats, 3),
    (Workload._book_hold, 5),
    (Workload._extend_hold, 4),
    (Workload._read_booking, 2),
    (Workload._rebind, 1),
)
_ON_HOLDS = (
    Workload._drop_seats,
    Workload._extend_hold,
    Workload._release_hold,
    Workload._book_hold,
)
