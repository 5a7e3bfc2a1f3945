"""What a run of journal entries changes in the relational tables: pure, net effects only.

A hold that is made and ends within the run leaves nothing, whatever happened to it meanwhile; so
the tables depend on the journal alone, not on where the runs were cut.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from seatengine.chart.seat_table import SeatTable
from seatengine.core import entries
from seatengine.core.entries import Entry
from seatengine.core.policy import SalePolicy, Tariff
from seatengine.core.seating import BLOCKED, BOOKED, FREE, HELD, STATUS_NAMES
from seatengine.errors import JournalGap
from seatengine.ids import BookingId, HoldId


@dataclass(slots=True)
class Sale:
    """What an event sells by: its seats, its policy, its tariffs."""

    table: SeatTable
    policy: SalePolicy
    tariffs: list[Tariff]


@dataclass(slots=True)
class ProjectedHold:
    """A live hold. `stored` are the places that the tables give to it, None for a new one."""

    holder: str
    places: list[int]
    tariff: int
    held_at_ms: int
    expires_at_ms: int
    stored: set[int] | None = None
    changed: bool = False


@dataclass(slots=True)
class ProjectedBooking:
    """A booking, all cancelled or not. `stored` are the places that the tables give to it."""

    holder: str
    places: list[int]
    tariff: int
    booked_at_ms: int
    cancelled_at_ms: int | None = None
    stored: set[int] = field(default_factory=set)


@dataclass(slots=True)
class CategoryCounts:
    """By how much a category's counts change; `revenue` in minor units."""

    held: int = 0
    booked: int = 0
    blocked: int = 0
    revenue: int = 0


PlaceState = tuple[str, HoldId | None, BookingId | None]
"""A row of table place: its status, and whose it is."""

_STATE_FREE: Final[PlaceState] = (STATUS_NAMES[FREE], None, None)
_STATE_BLOCKED: Final[PlaceState] = (STATUS_NAMES[BLOCKED], None, None)


class References:
    """The holds and bookings that a run of entries refers to and did not make itself."""

    def __init__(self) -> None:
        self.holds: set[HoldId] = set()
        self.bookings: set[BookingId] = set()
        self.bound: entries.ChartBound | None = None
        self._made_holds: set[HoldId] = set()
        self._made_bookings: set[BookingId] = set()

    def collect(self, first_seq: int, run: Iterable[Entry]) -> None:
        """Look through more of the run, whose first entry here is number `first_seq`."""
        for seq, entry in enumerate(run, first_seq):
            kind = type(entry)
            if kind is entries.SeatsHeld:
                self._made_holds.add(HoldId(seq))
                continue
            if kind is entries.ChartBound:
                self.bound = entry  # type: ignore[assignment]
            hold: HoldId = getattr(entry, "hold", HoldId(0))
            if hold and hold not in self._made_holds:
                self.holds.add(hold)
            booking: BookingId = getattr(entry, "booking", BookingId(""))
            if booking and booking not in self._made_bookings:
                # A reference that was cancelled may be used again, so new ones are looked up too.
                self.bookings.add(booking)
                self._made_bookings.add(booking)


class Projection:
    """Folds a run of entries over what the tables hold of it.

    `holds` and `bookings` are what References asked for, as far as the tables have it. Raises
    JournalGap where an entry refers to what is not there.
    """

    def __init__(
        self,
        sale: Sale,
        holds: Mapping[HoldId, ProjectedHold],
        bookings: Mapping[BookingId, ProjectedBooking],
    ) -> None:
        self.sale = sale
        self.sale_changed = False
        self.holds = dict(holds)
        self.bookings = dict(bookings)
        self.ended: list[HoldId] = []
        self.places: dict[int, PlaceState] = {}
        self.counts = [CategoryCounts() for _ in sale.table.categories]
        self._category = sale.table.category.tobytes()

    def apply(self, first_seq: int, run: Iterable[Entry]) -> None:
        """Fold more of the run, whose first entry here is number `first_seq`."""
        seq = first_seq
        try:
            for seq, entry in enumerate(run, first_seq):
                _FOLD[type(entry)](self, seq, entry)
        except (KeyError, IndexError, ValueError) as error:
            raise JournalGap(
                f"entry {seq} does not follow from what the tables hold: "
                f"{type(error).__name__} {error}"
            ) from error

    def finish(self) -> None:
        """Give their places to the holds that live at the end. Call once, after the last apply.

        A place of theirs cannot have become anyone else's since, so they may come last.
        """
        held = STATUS_NAMES[HELD]
        for number, hold in self.holds.items():
            state = (held, number, None)
            stored = hold.stored or ()
            for place in hold.places:
                if place not in stored:
                    self.places[place] = state
                    self.counts[self._category[place]].held += 1

    def price(self, booking: ProjectedBooking, place: int) -> int:
        """What `place` costs in `booking`, minor units."""
        return self.sale.tariffs[booking.tariff].prices[self._category[place]]

    def _chart_bound(self, _seq: int, _entry: entries.ChartBound) -> None:
        """The tables begin with it; `sale` is made from it."""

    def _sale_configured(self, _seq: int, entry: entries.SaleConfigured) -> None:
        self.sale.policy = entry.policy
        if entry.tariff is not None:
            self.sale.tariffs.append(entry.tariff)
        self.sale_changed = True

    def _seats_held(self, seq: int, entry: entries.SeatsHeld) -> None:
        self.holds[HoldId(seq)] = ProjectedHold(
            entry.holder, entry.places, entry.tariff, entry.at_ms, entry.expires_at_ms
        )

    def _hold_changed(self, _seq: int, entry: entries.HoldChanged) -> None:
        hold = self.holds[entry.hold]
        self._free_stored(hold, entry.dropped)
        gone = set(entry.dropped)
        hold.places = [p for p in hold.places if p not in gone] + entry.added
        hold.changed = True

    def _hold_extended(self, _seq: int, entry: entries.HoldExtended) -> None:
        hold = self.holds[entry.hold]
        hold.expires_at_ms = entry.expires_at_ms
        hold.changed = True

    def _hold_ended(self, _seq: int, entry: entries.HoldReleased | entries.HoldExpired) -> None:
        self._end(entry.hold)

    def _end(self, number: HoldId) -> None:
        hold = self.holds.pop(number)
        if hold.stored is not None:
            self.ended.append(number)
            self._free_stored(hold, list(hold.stored))

    def _free_stored(self, hold: ProjectedHold, places: list[int]) -> None:
        if hold.stored is None:
            return
        for place in places:
            if place in hold.stored:
                hold.stored.remove(place)
                self.places[place] = _STATE_FREE
                self.counts[self._category[place]].held -= 1

    def _seats_booked(self, _seq: int, entry: entries.SeatsBooked) -> None:
        if entry.hold:
            self._end(entry.hold)
        booking = ProjectedBooking(entry.holder, list(entry.places), entry.tariff, entry.at_ms)
        earlier = self.bookings.get(entry.booking)
        if earlier is not None:
            booking.stored = earlier.stored
        self.bookings[entry.booking] = booking
        self._sell(entry.booking, booking, entry.places)

    def _booking_cancelled(self, _seq: int, entry: entries.BookingCancelled) -> None:
        booking = self.bookings[entry.booking]
        self._take_back(booking, entry.places)
        gone = set(entry.places)
        booking.places = [p for p in booking.places if p not in gone]
        if not booking.places:
            booking.cancelled_at_ms = entry.at_ms

    def _booking_moved(self, _seq: int, entry: entries.BookingMoved) -> None:
        booking = self.bookings[entry.booking]
        swap = dict(zip(entry.places, entry.to, strict=True))
        self._take_back(booking, entry.places)
        self._sell(entry.booking, booking, entry.to)
        booking.places = [swap.get(p, p) for p in booking.places]

    def _sell(self, number: BookingId, booking: ProjectedBooking, places: list[int]) -> None:
        state = (STATUS_NAMES[BOOKED], None, number)
        for place in places:
            self.places[place] = state
            counts = self.counts[self._category[place]]
            counts.booked += 1
            counts.revenue += self.price(booking, place)

    def _take_back(self, booking: ProjectedBooking, places: list[int]) -> None:
        for place in places:
            self.places[place] = _STATE_FREE
            counts = self.counts[self._category[place]]
            counts.booked -= 1
            counts.revenue -= self.price(booking, place)

    def _seats_blocked(self, _seq: int, entry: entries.SeatsBlocked) -> None:
        for place in entry.places:
            self.places[place] = _STATE_BLOCKED
            self.counts[self._category[place]].blocked += 1

    def _seats_unblocked(self, _seq: int, entry: entries.SeatsUnblocked) -> None:
        for place in entry.places:
            self.places[place] = _STATE_FREE
            self.counts[self._category[place]].blocked -= 1


_FOLD: Final[dict[type, Callable[[Projection, int, Any], None]]] = {
    entries.ChartBound: Projection._chart_bound,
    entries.SaleConfigured: Projection._sale_configured,
    entries.SeatsHeld: Projection._seats_held,
    entries.HoldChanged: Projection._hold_changed,
    entries.HoldExtended: Projection._hold_extended,
    entries.HoldReleased: Projection._hold_ended,
    entries.HoldExpired: Projection._hold_ended,
    entries.SeatsBooked: Projection._seats_booked,
    entries.BookingCancelled: Projection._booking_cancelled,
    entries.BookingMoved: Projection._booking_moved,
    entries.SeatsBlocked: Projection._seats_blocked,
    entries.SeatsUnblocked: Projection._seats_unblocked,
}
