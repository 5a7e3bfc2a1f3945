"""What an event is, as plain dicts, lists and sets: slow, obvious, and sharing no code with the
core but the types of its entries and the table of legal moves."""

from __future__ import annotations

from dataclasses import dataclass, field

from seatengine.chart.seat_table import (
    ACCESSIBLE,
    COMPANION,
    RETIRED,
    GroupKind,
    SeatTable,
)
from seatengine.core import entries, seating
from seatengine.core.entries import Entry
from seatengine.core.policy import SalePolicy, Tariff


class Broken(AssertionError):
    """A promise was broken; the message starts with the id it has in tests/SPEC.md."""


def require(condition: bool, promise: str, what: object) -> None:
    """Raises Broken unless `condition`."""
    if not condition:
        raise Broken(f"{promise}: {what}")


class VenueFacts:
    """A SeatTable as lists and dicts."""

    def __init__(self, table: SeatTable) -> None:
        self.hash = table.chart_hash
        self.size = table.size
        self.category: list[int] = table.category.tolist()
        self.section: list[int] = table.section.tolist()
        self.rank: list[float] = table.rank.tolist()
        flags: list[int] = table.flags.tolist()
        self.retired = {p for p in range(table.size) if flags[p] & RETIRED}
        self.accessible = {p for p in range(table.size) if flags[p] & ACCESSIBLE}
        self.reserved = {p for p in range(table.size) if flags[p] & (ACCESSIBLE | COMPANION)}
        self.neighbours = {(p, p + 1) for p, linked in enumerate(table.link.tolist()) if linked}
        self.group: dict[int, int] = {}
        for place, number in enumerate(table.group.tolist()):
            if place not in self.retired:
                self.group[place] = number
        self.members: dict[int, list[int]] = {number: [] for number in range(len(table.groups))}
        for place, number in self.group.items():
            self.members[number].append(place)
        self.whole = {n for n, g in enumerate(table.groups) if g.whole}
        self.kind = {n: g.kind for n, g in enumerate(table.groups)}
        self.by_seat = {
            place
            for place, number in self.group.items()
            if self.kind[number] in (GroupKind.ROW, GroupKind.TABLE) and number not in self.whole
        }
        self.categories = len(table.categories)
        self.sections = len(table.sections)

    def grown(self, places: list[int]) -> list[int]:
        """`places`, where one place of a whole-only group brings the others of it along."""
        result: list[int] = []
        for place in places:
            number = self.group.get(place, -1)
            if number not in self.whole:
                result.append(place)
            elif not any(self.group.get(p) == number for p in result):
                result += self.members[number]
        return result

    def objects(self, places: list[int]) -> int:
        """How many things these are for a limit: a whole-only group is one."""
        return len(
            {
                ("group", self.group[p]) if self.group.get(p) in self.whole else ("place", p)
                for p in places
            }
        )


@dataclass
class HeldTruth:
    holder: str
    places: list[int]
    expires_at_ms: int
    tariff: int
    extensions: int = 0


@dataclass
class BookedTruth:
    holder: str
    places: list[int]
    tariff: int
    at_ms: int


@dataclass
class Truth:
    """`owner` says of every place that is not free who has it: ("hold", id), ("booking", id) or
    ("block", reason). `takings` is what was sold, in minor units, by number of tariff."""

    facts: dict[str, VenueFacts]
    venue: VenueFacts | None = None
    policy: SalePolicy = field(default_factory=SalePolicy)
    tariffs: list[Tariff] = field(default_factory=list)
    seq: int = 0
    owner: dict[int, tuple[str, object]] = field(default_factory=dict)
    holds: dict[int, HeldTruth] = field(default_factory=dict)
    bookings: dict[str, BookedTruth] = field(default_factory=dict)
    answered: dict[str, tuple[int, Entry]] = field(default_factory=dict)
    takings: dict[int, int] = field(default_factory=dict)

    def status(self, place: int) -> int:
        assert self.venue is not None
        if place in self.venue.retired:
            return seating.RETIRED
        kind = self.owner.get(place, ("free", 0))[0]
        return {
            "free": seating.FREE,
            "hold": seating.HELD,
            "booking": seating.BOOKED,
            "block": seating.BLOCKED,
        }[kind]

    def statuses(self) -> bytes:
        if self.venue is None:
            return b""
        return bytes(self.status(p) for p in range(self.venue.size))

    def free(self) -> set[int]:
        assert self.venue is not None
        return {p for p in range(self.venue.size) if self.status(p) == seating.FREE}

    def due(self, now_ms: int) -> list[int]:
        """Holds that are over at `now_ms`, in the order they end."""
        over = [(h.expires_at_ms, i) for i, h in self.holds.items() if h.expires_at_ms <= now_ms]
        return [i for _, i in sorted(over)]

    def holder_places(self, holder: str) -> tuple[int, int]:
        """(objects held, places booked) by `holder`."""
        assert self.venue is not None
        held = sum(self.venue.objects(h.places) for h in self.holds.values() if h.holder == holder)
        booked = sum(len(b.places) for b in self.bookings.values() if b.holder == holder)
        return held, booked

    def apply(self, entry: Entry) -> None:
        """Take note of the next entry. Raises Broken where it may not follow (H1, H2, H3)."""
        self.seq += 1
        if isinstance(entry, entries.HoldExpired):
            self._end(entry.hold)
            return
        self.answered[entry.id] = (self.seq, entry)
        match entry:
            case entries.ChartBound():
                self.venue = self.facts[entry.chart_hash]
                self.policy = entry.policy
                self.tariffs = [entry.tariff]
            case entries.SaleConfigured():
                self.policy = entry.policy
                if entry.tariff is not None:
                    self.tariffs.append(entry.tariff)
            case entries.SeatsHeld():
                self.holds[self.seq] = HeldTruth(
                    entry.holder, [], entry.expires_at_ms, entry.tariff
                )
                self._take(entry.places, ("hold", self.seq))
                self.holds[self.seq].places = list(entry.places)
            case entries.HoldChanged():
                hold = self.holds[entry.hold]
                self._give_back(entry.dropped, ("hold", entry.hold))
                self._take(entry.added, ("hold", entry.hold))
                hold.places = [p for p in hold.places if p not in entry.dropped] + entry.added
                require(bool(hold.places), "H6", f"hold {entry.hold} lives on without a place")
            case entries.HoldExtended():
                self.holds[entry.hold].expires_at_ms = entry.expires_at_ms
                self.holds[entry.hold].extensions += 1
            case entries.HoldReleased():
                self._end(entry.hold)
            case entries.SeatsBooked():
                self._book(entry)
            case entries.BookingCancelled():
                self._cancel(entry)
            case entries.BookingMoved():
                self._move(entry)
            case entries.SeatsBlocked():
                self._take(entry.places, ("block", entry.reason))
            case entries.SeatsUnblocked():
                for place in entry.places:
                    self._give_back([place], ("block", self.owner.get(place, ("", ""))[1]))

    def _book(self, entry: entries.SeatsBooked) -> None:
        if entry.hold:
            require(entry.hold in self.holds, "H4", f"{entry} books a hold that is over")
            hold = self.holds.pop(entry.hold)
            require(
                sorted(hold.places) == sorted(entry.places) and hold.holder == entry.holder,
                "H1",
                f"{entry} books something else than hold {entry.hold}: {hold}",
            )
            require(hold.tariff == entry.tariff, "M1", f"{entry} is not at its hold's tariff")
            for place in entry.places:
                del self.owner[place]
        self._take(entry.places, ("booking", entry.booking))
        self.bookings[entry.booking] = BookedTruth(
            entry.holder, list(entry.places), entry.tariff, entry.at_ms
        )
        self._earn(entry.tariff, entry.places, 1)

    def _cancel(self, entry: entries.BookingCancelled) -> None:
        booking = self.bookings[entry.booking]
        self._give_back(entry.places, ("booking", entry.booking))
        booking.places = [p for p in booking.places if p not in entry.places]
        if not booking.places:
            del self.bookings[entry.booking]
        self._earn(booking.tariff, entry.places, -1)

    def _move(self, entry: entries.BookingMoved) -> None:
        booking = self.bookings[entry.booking]
        self._take(entry.to, ("booking", entry.booking))
        self._give_back(entry.places, ("booking", entry.booking))
        for old, new in zip(entry.places, entry.to, strict=True):
            booking.places[booking.places.index(old)] = new
        self._earn(booking.tariff, entry.places, -1)
        self._earn(booking.tariff, entry.to, 1)

    def _earn(self, tariff: int, places: list[int], sign: int) -> None:
        assert self.venue is not None
        amount = sum(self.tariffs[tariff].prices[self.venue.category[p]] for p in places)
        self.takings[tariff] = self.takings.get(tariff, 0) + sign * amount

    def _end(self, hold_id: int) -> None:
        require(hold_id in self.holds, "H4", f"hold {hold_id} ends but does not live")
        hold = self.holds.pop(hold_id)
        self._give_back(hold.places, ("hold", hold_id))

    def _take(self, places: list[int], owner: tuple[str, object]) -> None:
        require(len(set(places)) == len(places), "H1", f"a place twice in {places}")
        for place in places:
            before = self.status(place)
            self._check_move(place, before, owner)
            self.owner[place] = owner

    def _check_move(self, place: int, before: int, owner: tuple[str, object]) -> None:
        promised = {"hold": seating.HELD, "booking": seating.BOOKED, "block": seating.BLOCKED}
        require(
            before == seating.FREE,
            "H1",
            f"place {place} of {self.owner.get(place)} goes to {owner}",
        )
        require(
            (before, promised[owner[0]]) in seating.LEGAL_MOVES, "H3", f"place {place}: {owner}"
        )

    def _give_back(self, places: list[int], owner: tuple[str, object]) -> None:
        for place in places:
            require(
                self.owner.get(place) == owner and owner[0] in ("hold", "booking", "block"),
                "H2",
                f"place {place} of {self.owner.get(place)} is given back by {owner}",
            )
            require(
                (self.status(place), seating.FREE) in seating.LEGAL_MOVES, "H3", f"place {place}"
            )
            del self.owner[place]
