"""All there is to know about one event, in memory. Only evolve.py writes it."""

from __future__ import annotations

from heapq import heapify, heappush
from typing import Final

import msgspec
import numpy as np
import numpy.typing as npt

from seatengine.chart.seat_table import RETIRED as RETIRED_FLAG
from seatengine.chart.seat_table import SeatTable
from seatengine.core.best_available import Finder
from seatengine.core.policy import SalePolicy, Tariff
from seatengine.core.seating import RETIRED
from seatengine.ids import BookingId, EventId, HolderId, HoldId

# A heap item is `expires_at_ms << HOLD_BITS | hold id`: one int, which the collector never visits.
HOLD_BITS: Final = 40
_HOLD_MASK: Final = (1 << HOLD_BITS) - 1


class Hold(msgspec.Struct, gc=False, array_like=True, frozen=True):
    """A live hold. Never changed, but replaced: whoever took the state down keeps what it saw."""

    id: HoldId
    holder: HolderId
    places: list[int]
    expires_at_ms: int
    tariff: int
    extensions: int = 0


class Booking(msgspec.Struct, gc=False, array_like=True, frozen=True):
    """A live booking, replaced when it changes; one whose last place is cancelled is gone."""

    id: BookingId
    holder: HolderId
    places: list[int]
    tariff: int
    at_ms: int


class EventState:
    """Statuses as bytes by SeatIndex, and dicts of what lives.

    `status` and `status_view` are the same memory. `holds_by_holder` and `booked_by_holder`
    (places booked) exist so that limits cost O(own holds), and `expiries` so that time does.
    """

    __slots__ = (
        "block_reasons",
        "booked_by_holder",
        "bookings",
        "event",
        "expiries",
        "finder",
        "holds",
        "holds_by_holder",
        "policy",
        "seq",
        "status",
        "status_view",
        "table",
        "tariffs",
    )

    def __init__(self, event: EventId) -> None:
        self.event = event
        self.seq = 0
        self.table: SeatTable | None = None
        self.finder: Finder | None = None
        self.policy = SalePolicy()
        self.tariffs: list[Tariff] = []
        self.status = bytearray()
        self.status_view: npt.NDArray[np.uint8] = np.frombuffer(self.status, np.uint8)
        self.holds: dict[HoldId, Hold] = {}
        self.bookings: dict[BookingId, Booking] = {}
        self.holds_by_holder: dict[HolderId, list[Hold]] = {}
        self.booked_by_holder: dict[HolderId, int] = {}
        self.block_reasons: dict[int, str] = {}
        self.expiries: list[int] = []

    def bind(self, table: SeatTable) -> None:
        """Start with `table`: every place free but the retired ones."""
        self.table = table
        self.finder = Finder(table)
        self.status = bytearray(table.size)
        self.status_view = np.frombuffer(self.status, np.uint8)
        self.status_view[(table.flags & RETIRED_FLAG) != 0] = RETIRED

    def watch_expiry(self, hold: Hold) -> None:
        """Remember when `hold` ends. A hold that was extended is remembered once more."""
        expiries = self.expiries
        heappush(expiries, hold.expires_at_ms << HOLD_BITS | hold.id)
        # Released and extended holds leave stale items; rebuilding at twice the live size keeps
        # the heap small at amortised constant cost.
        if len(expiries) > 2 * len(self.holds) + 64:
            self.expiries = [h.expires_at_ms << HOLD_BITS | h.id for h in self.holds.values()]
            heapify(self.expiries)

    def expiry_of(self, item: int) -> tuple[int, Hold | None]:
        """(time, hold) of an item of `expiries`; None for a stale item."""
        at_ms = item >> HOLD_BITS
        hold = self.holds.get(HoldId(item & _HOLD_MASK))
        if hold is None or hold.expires_at_ms != at_ms:
            return at_ms, None
        return at_ms, hold
