"""A state as bytes and back, and its hash. Equal states give equal bytes."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import blake2b

import msgspec

from seatengine.chart.seat_table import SeatTable
from seatengine.core.event_state import Booking, EventState, Hold
from seatengine.core.policy import SalePolicy, Tariff
from seatengine.ids import ChartHash, EventId

SNAPSHOT_FORMAT = 1


class Snapshot(msgspec.Struct, array_like=True):
    """Everything of an EventState that cannot be derived, sorted by id."""

    format: int
    event: EventId
    seq: int
    chart_hash: ChartHash
    policy: SalePolicy
    tariffs: list[Tariff]
    status: bytes
    holds: list[Hold]
    bookings: list[Booking]
    block_reasons: list[tuple[int, str]]


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Snapshot).decode


def take(state: EventState) -> bytes:
    """The snapshot of `state`, msgpack, uncompressed."""
    return _encode(
        Snapshot(
            SNAPSHOT_FORMAT,
            state.event,
            state.seq,
            state.table.chart_hash if state.table is not None else ChartHash(""),
            state.policy,
            state.tariffs,
            bytes(state.status),
            sorted(state.holds.values(), key=lambda h: h.id),
            sorted(state.bookings.values(), key=lambda b: b.id),
            sorted(state.block_reasons.items()),
        )
    )


def decode(data: bytes) -> Snapshot:
    """Look into a snapshot, for its chart's hash. Raises msgspec.DecodeError."""
    return _decode(data)


def restore(data: bytes, tables: Mapping[ChartHash, SeatTable]) -> EventState:
    """The state that `take` saw. Raises msgspec.DecodeError, or KeyError for an unknown chart."""
    snapshot = _decode(data)
    if snapshot.format != SNAPSHOT_FORMAT:
        raise msgspec.DecodeError(
            f"snapshot format {snapshot.format}, this engine reads {SNAPSHOT_FORMAT}"
        )
    state = EventState(snapshot.event)
    if snapshot.chart_hash:
        state.bind(tables[snapshot.chart_hash])
    state.seq = snapshot.seq
    state.policy = snapshot.policy
    state.tariffs = snapshot.tariffs
    state.status[:] = snapshot.status
    state.block_reasons = dict(snapshot.block_reasons)
    for hold in snapshot.holds:
        state.holds[hold.id] = hold
        state.holds_by_holder.setdefault(hold.holder, []).append(hold)
        state.watch_expiry(hold)
    for booking in snapshot.bookings:
        state.bookings[booking.id] = booking
        count = state.booked_by_holder.get(booking.holder, 0)
        state.booked_by_holder[booking.holder] = count + len(booking.places)
    return state


def state_hash(state: EventState) -> str:
    """blake2b-128 of `take(state)`, hex. Live, replayed and restored states agree on it."""
    return blake2b(take(state), digest_size=16).hexdigest()
