"""What has happened to an event: the facts that are journaled. Never changed, only added to.

An entry is msgpack: an array of its tag and its fields in order. New fields are appended with a
default, so old journals stay readable. `at_ms` is Unix time in milliseconds, `id` the command.
"""

from __future__ import annotations

import msgspec

from seatengine.core.policy import SalePolicy, Tariff
from seatengine.ids import BookingId, ChartHash, CommandId, HolderId, HoldId


class ChartBound(msgspec.Struct, frozen=True, array_like=True, tag=1):
    at_ms: int
    id: CommandId
    chart_hash: ChartHash
    policy: SalePolicy
    tariff: Tariff


class SaleConfigured(msgspec.Struct, frozen=True, array_like=True, tag=2):
    at_ms: int
    id: CommandId
    policy: SalePolicy
    tariff: Tariff | None
    """None keeps the tariff. A new one gets the next number: the first tariff is 0."""


class SeatsHeld(msgspec.Struct, array_like=True, gc=False, tag=3):
    """A new hold; its HoldId is this entry's seq. `step` is the BestStep that found it, or 0."""

    at_ms: int
    id: CommandId
    holder: HolderId
    places: list[int]
    expires_at_ms: int
    tariff: int
    step: int = 0


class HoldChanged(msgspec.Struct, array_like=True, gc=False, tag=4):
    """Places joined or left a live hold. The hold's time does not change."""

    at_ms: int
    id: CommandId
    holder: HolderId
    hold: HoldId
    added: list[int]
    dropped: list[int]
    step: int = 0


class HoldExtended(msgspec.Struct, array_like=True, gc=False, tag=5):
    at_ms: int
    id: CommandId
    holder: HolderId
    hold: HoldId
    expires_at_ms: int


class HoldReleased(msgspec.Struct, array_like=True, gc=False, tag=6):
    at_ms: int
    id: CommandId
    holder: HolderId
    hold: HoldId


class HoldExpired(msgspec.Struct, array_like=True, gc=False, tag=7):
    """A hold's time ran out. No command asked for it, so it has no command id."""

    at_ms: int
    holder: HolderId
    hold: HoldId


class SeatsBooked(msgspec.Struct, array_like=True, gc=False, tag=8):
    """`hold` is 0 where staff booked without one."""

    at_ms: int
    id: CommandId
    holder: HolderId
    hold: HoldId
    booking: BookingId
    places: list[int]
    tariff: int


class BookingCancelled(msgspec.Struct, array_like=True, gc=False, tag=9):
    at_ms: int
    id: CommandId
    booking: BookingId
    places: list[int]


class BookingMoved(msgspec.Struct, array_like=True, gc=False, tag=10):
    at_ms: int
    id: CommandId
    booking: BookingId
    places: list[int]
    to: list[int]


class SeatsBlocked(msgspec.Struct, array_like=True, gc=False, tag=11):
    at_ms: int
    id: CommandId
    places: list[int]
    reason: str


class SeatsUnblocked(msgspec.Struct, array_like=True, gc=False, tag=12):
    at_ms: int
    id: CommandId
    places: list[int]


Entry = (
    ChartBound
    | SaleConfigured
    | SeatsHeld
    | HoldChanged
    | HoldExtended
    | HoldReleased
    | HoldExpired
    | SeatsBooked
    | BookingCancelled
    | BookingMoved
    | SeatsBlocked
    | SeatsUnblocked
)

_encoder = msgspec.msgpack.Encoder()
encode_entry = _encoder.encode
"""Entry -> bytes."""

decode_entry = msgspec.msgpack.Decoder(Entry).decode
"""bytes -> Entry. Raises msgspec.DecodeError."""

decode_frame = msgspec.msgpack.Decoder(list[Entry]).decode
"""A journal frame (see `frame`) -> its entries in order. Raises msgspec.DecodeError."""


def array_head(count: int) -> bytes:
    """What a msgpack array of `count` items begins with; the items follow it."""
    if count < 16:
        return bytes((0x90 | count,))
    if count < 1 << 16:
        return b"\xdc" + count.to_bytes(2, "big")
    return b"\xdd" + count.to_bytes(4, "big")


def frame(encoded: list[bytes]) -> bytes:
    """Encoded entries as one msgpack array, without decoding them: the journal's unit of write."""
    return array_head(len(encoded)) + b"".join(encoded)
