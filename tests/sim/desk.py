"""One owner's life with an event: what shell/runner.py does, as separate moves that a simulator can
put into any order: step, take a batch, commit it (or fail to), tell, recover."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from seatengine.chart.seat_table import SeatTable
from seatengine.core import snapshot
from seatengine.core.commands import AnyCommand
from seatengine.core.entries import Entry, decode_frame, frame
from seatengine.core.outputs import Accepted, Answer, Batch, Refusal
from seatengine.core.shard import Shard
from seatengine.errors import Fenced, StoreUnavailable
from seatengine.ids import ChartHash, Epoch, EventId, Seq
from seatengine.ports import Append
from seatengine.testing import MemoryJournal, MemoryLease, MemorySnapshots

T = TypeVar("T")
Outcome = Accepted | Refusal | Answer


def at_once(coroutine: Coroutine[Any, Any, T]) -> T:
    """The result of a coroutine that never waits, as those of the in-memory ports do not."""
    try:
        coroutine.send(None)
    except StopIteration as stop:
        result: T = stop.value
        return result
    coroutine.close()
    raise AssertionError("an in-memory port waited although no stall was ordered")


@dataclass
class Store:
    """What outlives every owner."""

    event: EventId
    tables: dict[ChartHash, SeatTable]
    journal: MemoryJournal = field(default_factory=MemoryJournal)
    snapshots: MemorySnapshots = field(default_factory=MemorySnapshots)

    def entries(self) -> list[Entry]:
        """The journal from its beginning."""
        frames = at_once(self.journal.read(self.event, Seq(0), 1 << 30))
        return [entry for f in frames for entry in decode_frame(f.frame)]


@dataclass
class Parcel:
    """A batch on its way to the journal, and what to say once it is there."""

    batch: Batch
    replies: list[tuple[AnyCommand, Outcome]]
    snapshot: bytes | None


class Audience(Protocol):
    """Whoever hears what an owner says."""

    def on_batch(self, batch: Batch) -> None: ...

    def on_reply(self, command: AnyCommand, outcome: Outcome) -> None: ...


class Desk:
    """An owner. Moves raise Fenced when another one has taken over, StoreUnavailable when the
    outcome of a commit is unknown; either way the desk is to be thrown away."""

    def __init__(self, store: Store, audience: Audience, owner: str) -> None:
        self._store = store
        self._audience = audience
        claim = at_once(MemoryLease(store.journal).claim(store.event, owner))
        self.epoch: Epoch = claim.epoch
        self.shard = self.recovered(claim.head_seq)
        self.in_flight: Parcel | None = None
        self._replies: list[tuple[AnyCommand, Outcome]] = []
        self._snapshot: tuple[int, bytes] | None = None

    def recovered(self, head_seq: Seq) -> Shard:
        """The shard as of the journal's head: newest snapshot, then the entries after it."""
        store = self._store
        journaled = store.entries()
        assert len(journaled) == head_seq
        newest = at_once(store.snapshots.latest(store.event))
        if newest is None:
            shard = Shard(store.event, store.tables)
            shard.replay(journaled)
            return shard
        seq, data = newest
        shard = Shard(store.event, store.tables, snapshot.restore(data, store.tables))
        shard.remember(1, journaled[:seq])
        shard.replay(journaled[seq:])
        return shard

    def step(self, command: AnyCommand, now_ms: int) -> Outcome:
        """Decide; the outcome is not to be told yet."""
        outcome = self.shard.step(command, now_ms)
        self._replies.append((command, outcome))
        return outcome

    def take_snapshot(self) -> None:
        """A snapshot of this moment, saved once everything in it is durable."""
        self._snapshot = (self.shard.seq, snapshot.take(self.shard.state))

    def collect(self, inspect: Callable[[Batch], None]) -> None:
        """Put what is ready on its way, unless something is on its way already."""
        if self.in_flight is not None:
            return
        batch = self.shard.take_ready()
        if batch is None:
            return
        inspect(batch)
        taken = None
        if self._snapshot is not None and self._snapshot[0] == batch.seq:
            taken = self._snapshot[1]
        self._snapshot = None
        self.in_flight = Parcel(batch, self._replies, taken)
        self._replies = []

    def land(self) -> None:
        """Commit what is on its way, then tell it."""
        parcel = self.in_flight
        if parcel is None:
            return
        self.commit(parcel.batch)
        self.tell(parcel)
        self.in_flight = None

    def commit(self, batch: Batch) -> None:
        """Make `batch` durable."""
        if not batch.entries:
            return
        store = self._store
        append = Append(
            store.event,
            self.epoch,
            Seq(batch.after_seq + 1),
            Seq(batch.seq),
            frame(batch.encoded),
        )
        if at_once(store.journal.append([append])):
            raise Fenced(f"epoch {self.epoch} is over")

    def tell(self, parcel: Parcel) -> None:
        """Let a durable batch out, and keep the snapshot that came with it."""
        self._audience.on_batch(parcel.batch)
        for command, outcome in parcel.replies:
            self._audience.on_reply(command, outcome)
        if parcel.snapshot is not None:
            try:
                at_once(
                    self._store.snapshots.save(
                        self._store.event, Seq(parcel.batch.seq), parcel.snapshot
                    )
                )
            except StoreUnavailable:
                # A missing snapshot only makes the next recovery longer.
                return
