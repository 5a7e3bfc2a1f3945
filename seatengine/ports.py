"""What the engine needs from the world, as Protocols. Real: shell/. In memory: testing.py."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import msgspec

from seatengine.chart.seat_table import SeatTable
from seatengine.ids import ChartHash, Epoch, EventId, Seq


class Append(msgspec.Struct, frozen=True):
    """One event's new entries: `frame` holds entries first_seq..last_seq, written by `epoch`."""

    event: EventId
    epoch: Epoch
    first_seq: Seq
    last_seq: Seq
    frame: bytes


class Frame(msgspec.Struct, frozen=True):
    """A stored frame as `Journal.read` gives it back."""

    first_seq: Seq
    last_seq: Seq
    frame: bytes


class Claim(msgspec.Struct, frozen=True):
    """What `Lease.claim` gives: the new epoch and where the journal stands at that moment."""

    epoch: Epoch
    head_seq: Seq


class Clock(Protocol):
    def now_ms(self) -> int:
        """Unix time in milliseconds."""
        ...


class Journal(Protocol):
    async def append(self, appends: Sequence[Append]) -> frozenset[EventId]:
        """Commit all appends in one transaction; returns the events that were fenced off.

        An append is written only if its epoch is still the event's and `first_seq` follows the
        event's head; otherwise its event is in the returned set and nothing of it is written,
        while the others are. When this returns, the rest is durable. Raises StoreUnavailable
        when the outcome is unknown: the caller must drop its shards and recover.
        """
        ...

    async def read(self, event: EventId, after_seq: Seq, max_frames: int) -> list[Frame]:
        """At most `max_frames` frames with last_seq > after_seq, in order.

        Raises StoreUnavailable.
        """
        ...


class SnapshotStore(Protocol):
    async def save(self, event: EventId, seq: Seq, data: bytes) -> None:
        """Keep a snapshot as of `seq`; older ones may go. Raises StoreUnavailable."""
        ...

    async def latest(self, event: EventId) -> tuple[Seq, bytes] | None:
        """The newest snapshot. Raises StoreUnavailable."""
        ...


class Lease(Protocol):
    async def claim(self, event: EventId, owner: str) -> Claim:
        """Take the event over: epoch + 1, from now on the only one that may append.

        Waits for an append of the old owner that is on its way, so the head it returns is final.
        Raises UnknownEvent or StoreUnavailable.
        """
        ...


class ChartSource(Protocol):
    async def seat_table(self, chart_hash: ChartHash) -> SeatTable:
        """The dense table of a stored chart. Raises BadChart if unknown, StoreUnavailable."""
        ...
