"""A state as bytes and back, and its hash. Equal states give equal bytes.

Taking a large state down takes milliseconds, so it is done in two steps: `freeze` copies the state
in a fraction of one, and `pieces` does the rest in slices that the owner lets others run between.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from hashlib import blake2b
from operator import attrgetter, itemgetter
from typing import Final, TypeVar

import msgspec

from seatengine.chart.seat_table import SeatTable
from seatengine.core.entries import array_head
from seatengine.core.event_state import Booking, EventState, Hold
from seatengine.core.policy import SalePolicy, Tariff
from seatengine.ids import ChartHash, EventId

SNAPSHOT_FORMAT = 1

_ITEMS_PER_PIECE: Final = 1_000
# References are spread evenly over 32 letters: two of them part a quarter of a million bookings
# into runs that each sort in a tenth of a millisecond.
_SORTED_APART_CHARS: Final = 2


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


T = TypeVar("T")

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Snapshot).decode


def freeze(state: EventState) -> Snapshot:
    """A copy that later changes of `state` leave alone; holds and the rest in no order yet."""
    return Snapshot(
        SNAPSHOT_FORMAT,
        state.event,
        state.seq,
        state.table.chart_hash if state.table is not None else ChartHash(""),
        state.policy,
        list(state.tariffs),
        bytes(state.status),
        list(state.holds.values()),
        list(state.bookings.values()),
        list(state.block_reasons.items()),
    )


def pieces(frozen: Snapshot) -> Iterator[bytes]:
    """The snapshot as msgpack, uncompressed, in order; joined they are what `take` gives.

    Between two of them, some of which are empty, lies a bounded amount of work.
    """
    fields = [getattr(frozen, name) for name in frozen.__struct_fields__]
    yield array_head(len(fields)) + b"".join(map(_encode, fields[:-3]))
    # A hold's id is its entry's seq and dicts keep their order: holds are sorted already.
    yield array_head(len(frozen.holds))
    for some in _slices(frozen.holds):
        yield _items(some)
    yield array_head(len(frozen.bookings))
    yield from _in_order(frozen.bookings, _first_letters, attrgetter("id"))
    yield array_head(len(frozen.block_reasons))
    yield from _in_order(frozen.block_reasons, _neighbourhood, itemgetter(0))


def _first_letters(booking: Booking) -> str:
    return booking.id[:_SORTED_APART_CHARS]


def _neighbourhood(reason: tuple[int, str]) -> int:
    return reason[0] // _ITEMS_PER_PIECE


def _in_order(
    items: list[T], rough: Callable[[T], str] | Callable[[T], int], exact: Callable[[T], object]
) -> Iterator[bytes]:
    """The items by `exact`, encoded. `rough` is monotonic in it and parts them into small runs,
    so that no single sort takes long."""
    runs: defaultdict[str | int, list[T]] = defaultdict(list)
    for some in _slices(items):
        for item in some:
            runs[rough(item)].append(item)
        yield b""
    gathered: list[T] = []
    for key in sorted(runs):
        gathered += sorted(runs[key], key=exact)  # type: ignore[arg-type]
        if len(gathered) >= _ITEMS_PER_PIECE:
            yield _items(gathered)
            gathered = []
    yield _items(gathered)


def _slices(items: list[T]) -> Iterator[list[T]]:
    for start in range(0, len(items), _ITEMS_PER_PIECE):
        yield items[start : start + _ITEMS_PER_PIECE]


def _items(items: Sequence[object]) -> bytes:
    return _encode(items)[len(array_head(len(items))) :]


def take(state: EventState) -> bytes:
    """The snapshot of `state`, msgpack, uncompressed, all at once."""
    return b"".join(pieces(freeze(state)))


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
