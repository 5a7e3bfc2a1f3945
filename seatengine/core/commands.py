"""What may be asked of an event. Every command has an id (its idempotency key) and a holder.

`staff` commands come from an organizer's key: no limits per holder, and any hold or booking.
Places, groups, sections and categories are indexes of the event's SeatTable.
"""

from __future__ import annotations

import msgspec

from seatengine.core.policy import SalePolicy, Tariff
from seatengine.ids import BookingId, ChartHash, CommandId, HolderId, HoldId


class Command(msgspec.Struct, gc=False, kw_only=True, tag=True):
    """What all commands share."""

    id: CommandId
    holder: HolderId
    staff: bool = False


class BindChart(Command):
    """Put a chart under an event that has none yet, with its policy and its first tariff."""

    chart_hash: ChartHash
    policy: SalePolicy
    tariff: Tariff


class ConfigureSale(Command):
    """Change the policy, the tariff or both; live holds keep the tariff they were made at."""

    policy: SalePolicy | None = None
    tariff: Tariff | None = None


class HoldSeats(Command):
    """Hold exactly these places, all or none. A seat of a whole-only table takes the table.

    `into` adds them to a hold of the same holder instead of making a new one.
    `ttl_ms` 0 is the policy's; only staff may ask for another.
    """

    places: list[int]
    into: HoldId = HoldId(0)
    ttl_ms: int = 0


class HoldBest(Command):
    """Hold the best `quantity` places together. Empty lists mean any.

    `accessible` of them must be accessible seats. `max_price` 0 means any; minor units.
    `worst_step` is the last BestStep the asker will take.
    """

    quantity: int
    categories: list[int] = []
    sections: list[int] = []
    accessible: int = 0
    max_price: int = 0
    worst_step: int = 4
    into: HoldId = HoldId(0)
    ttl_ms: int = 0


class HoldQuantity(Command):
    """Hold any `quantity` free places of an area."""

    group: int
    quantity: int
    into: HoldId = HoldId(0)
    ttl_ms: int = 0


class HoldWhole(Command):
    """Hold every place of a table, booth or area."""

    group: int
    into: HoldId = HoldId(0)
    ttl_ms: int = 0


class DropSeats(Command):
    """Give some places of a hold back. A hold that loses its last place ends."""

    hold: HoldId
    places: list[int]


class ExtendHold(Command):
    """Start a hold's time again, as often as the policy allows."""

    hold: HoldId


class ReleaseHold(Command):
    """End a hold and free its places."""

    hold: HoldId


class BookHold(Command):
    """Turn a hold into a booking."""

    hold: HoldId
    booking: BookingId


class BookSeats(Command):
    """Book free places at once, without a hold. Staff only."""

    places: list[int]
    booking: BookingId


class CancelBooking(Command):
    """Free some places of a booking, or all of them when `places` is empty. Staff only."""

    booking: BookingId
    places: list[int] = []


class MoveBooking(Command):
    """Swap places of a booking for as many free ones: `places[i]` becomes `to[i]`. Staff only."""

    booking: BookingId
    places: list[int]
    to: list[int]


class BlockSeats(Command):
    """Take free places off sale. Staff only."""

    places: list[int]
    reason: str


class UnblockSeats(Command):
    """Put blocked places back on sale. Staff only."""

    places: list[int]


class ReadHolds(Command):
    """Ask for the holder's live holds, answered in the same ordered stream as everything else."""


class ReadBooking(Command):
    """Ask for one booking. Staff only, or whoever knows its reference."""

    booking: BookingId


AnyCommand = (
    BindChart
    | ConfigureSale
    | HoldSeats
    | HoldBest
    | HoldQuantity
    | HoldWhole
    | DropSeats
    | ExtendHold
    | ReleaseHold
    | BookHold
    | BookSeats
    | CancelBooking
    | MoveBooking
    | BlockSeats
    | UnblockSeats
    | ReadHolds
    | ReadBooking
)
