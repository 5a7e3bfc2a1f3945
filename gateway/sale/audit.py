"""The auditor: what a journal says happened, told again by plain dicts and sets.

Shares no code with the engine's evolve, so that neither can hide a mistake of the other.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable

import msgspec

from seatengine.core import entries
from seatengine.core.entries import Entry
from seatengine.core.policy import Tariff
from seatengine.ids import ChartHash
from seatengine.limits import MAX_FINDINGS_NAMED

FREE, HELD, BOOKED, BLOCKED = "free", "held", "booked", "blocked"


class AuditedHold(msgspec.Struct):
    holder: str
    places: set[int]
    tariff: int


class AuditedBooking(msgspec.Struct):
    """A booking with at least one place left."""

    holder: str
    places: set[int]
    tariff: int


class CarriedOut(msgspec.Struct, frozen=True):
    """What a command became: its entry, and the places of its hold or booking after it."""

    seq: int
    entry: Entry
    places: frozenset[int]


class Auditor:
    """One event's journal, entry by entry.

    `by_command` has what became of the commands in `watched`, so that what clients were told can
    be looked up. `owner` names who has a place ("hold 17", "booking BK-1", "block"); a place that
    is not in it is free. `double_sold` counts places given to one while another had them.
    `findings` are mistakes in words, the first MAX_FINDINGS_NAMED of `mistakes`.
    """

    def __init__(self, watched: Container[str] = ()) -> None:
        self._watched = watched
        self.seq = 0
        self.chart_hash = ChartHash("")
        self.tariffs: list[Tariff] = []
        self.owner: dict[int, str] = {}
        self.holds: dict[int, AuditedHold] = {}
        self.bookings: dict[str, AuditedBooking] = {}
        self.by_command: dict[str, CarriedOut] = {}
        self.double_sold = 0
        self.mistakes = 0
        self.findings: list[str] = []

    def read(self, journaled: Iterable[Entry]) -> None:
        """Take the next entries of the journal, in order."""
        for entry in journaled:
            self.seq += 1
            self._take(entry)
            if not isinstance(entry, entries.HoldExpired) and entry.id in self._watched:
                self._remember(entry.id, entry)

    def status(self, place: int) -> str:
        owner = self.owner.get(place)
        if owner is None:
            return FREE
        kind = owner.partition(" ")[0]
        return {"hold": HELD, "booking": BOOKED, "block": BLOCKED}[kind]

    def counts(self) -> dict[str, int]:
        """How many places are held, booked and blocked; free ones are the chart's rest."""
        return dict(Counter(map(self.status, self.owner)))

    def find(self, finding: str) -> None:
        """Count a mistake and keep its words while there is room."""
        self.mistakes += 1
        if len(self.findings) < MAX_FINDINGS_NAMED:
            self.findings.append(finding)

    def _remember(self, command: str, entry: Entry) -> None:
        earlier = self.by_command.get(command)
        if earlier is not None:
            self.find(f"command {command} was carried out twice: {earlier.seq} and {self.seq}")
        self.by_command[command] = CarriedOut(self.seq, entry, self._places_after(entry))

    def _places_after(self, entry: Entry) -> frozenset[int]:
        match entry:
            case entries.SeatsHeld() | entries.SeatsBooked():
                return frozenset(entry.places)
            case entries.HoldChanged() | entries.HoldExtended():
                hold = self.holds.get(entry.hold)
                return frozenset(hold.places if hold else ())
            case entries.BookingCancelled() | entries.BookingMoved():
                booking = self.bookings.get(entry.booking)
                return frozenset(booking.places if booking else ())
        return frozenset()

    def _take(self, entry: Entry) -> None:
        match entry:
            case entries.ChartBound():
                self.chart_hash = entry.chart_hash
                self.tariffs = [entry.tariff]
            case entries.SaleConfigured():
                if entry.tariff is not None:
                    self.tariffs.append(entry.tariff)
            case entries.SeatsHeld():
                self._give(entry.places, f"hold {self.seq}")
                self.holds[self.seq] = AuditedHold(entry.holder, set(entry.places), entry.tariff)
            case entries.HoldChanged():
                self._change(entry)
            case entries.HoldExtended():
                if entry.hold not in self.holds:
                    self.find(f"entry {self.seq} extends hold {entry.hold}, which had ended")
            case entries.HoldReleased() | entries.HoldExpired():
                self._end(entry.hold)
            case entries.SeatsBooked():
                self._book(entry)
            case entries.BookingCancelled():
                self._cancel(entry.booking, entry.places)
            case entries.BookingMoved():
                self._move(entry)
            case entries.SeatsBlocked():
                self._give(entry.places, "block")
            case entries.SeatsUnblocked():
                self._free(entry.places, "block")

    def _give(self, places: Iterable[int], owner: str) -> None:
        for place in places:
            other = self.owner.get(place)
            if other is not None:
                self.double_sold += 1
                self.find(f"entry {self.seq} gives place {place} of {other} to {owner}")
            self.owner[place] = owner

    def _free(self, places: Iterable[int], owner: str) -> None:
        for place in places:
            if self.owner.get(place) != owner:
                self.find(f"entry {self.seq} frees place {place}, which {owner} did not have")
            self.owner.pop(place, None)

    def _change(self, entry: entries.HoldChanged) -> None:
        hold = self.holds.get(entry.hold)
        if hold is None:
            self.find(f"entry {self.seq} changes hold {entry.hold}, which had ended")
            return
        self._free(entry.dropped, f"hold {entry.hold}")
        self._give(entry.added, f"hold {entry.hold}")
        hold.places.difference_update(entry.dropped)
        hold.places.update(entry.added)

    def _end(self, hold_id: int) -> AuditedHold | None:
        hold = self.holds.pop(hold_id, None)
        if hold is None:
            self.find(f"entry {self.seq} ends hold {hold_id}, which had ended")
            return None
        self._free(hold.places, f"hold {hold_id}")
        return hold

    def _book(self, entry: entries.SeatsBooked) -> None:
        if entry.hold:
            hold = self._end(entry.hold)
            if hold is not None and hold.places != set(entry.places):
                self.find(f"entry {self.seq} books other places than hold {entry.hold} had")
        if entry.booking in self.bookings:
            self.find(f"entry {self.seq} makes booking {entry.booking} again")
        self._give(entry.places, f"booking {entry.booking}")
        self.bookings[entry.booking] = AuditedBooking(entry.holder, set(entry.places), entry.tariff)

    def _cancel(self, booking_id: str, places: list[int]) -> None:
        booking = self.bookings.get(booking_id)
        if booking is None:
            self.find(f"entry {self.seq} cancels booking {booking_id}, which does not live")
            return
        self._free(places, f"booking {booking_id}")
        booking.places.difference_update(places)
        if not booking.places:
            del self.bookings[booking_id]

    def _move(self, entry: entries.BookingMoved) -> None:
        booking = self.bookings.get(entry.booking)
        if booking is None:
            self.find(f"entry {self.seq} moves booking {entry.booking}, which does not live")
            return
        self._free(entry.places, f"booking {entry.booking}")
        self._give(entry.to, f"booking {entry.booking}")
        booking.places.difference_update(entry.places)
        booking.places.update(entry.to)
