"""One seeded run: a venue, a workload, owners that crash and are taken over, a store that fails, a
listener that misses batches, and the auditor over all of it. Same seed, same run, same hash."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import blake2b
from random import Random

from seatengine.chart.generate import generate
from seatengine.chart.seat_table import SeatTable, build
from seatengine.core import snapshot
from seatengine.core.commands import AnyCommand
from seatengine.core.outputs import Batch
from seatengine.core.shard import Shard
from seatengine.errors import Fenced, JournalGap, StoreUnavailable
from seatengine.ids import EventId
from seatengine.testing import AppendFault, ManualClock, MemoryJournal
from tests import venues
from tests.sim.auditor import Auditor
from tests.sim.desk import Desk, Outcome, Store, at_once
from tests.sim.listener import Listener
from tests.sim.truth import Broken, VenueFacts, require
from tests.sim.workload import Workload

EVENT = EventId("gala")
STEPS = 400
VENUES: dict[str, Callable[[], SeatTable]] = {
    "pocket": venues.pocket,
    "hall": lambda: build(venues.hall_chart(4, 7, accessible=(0, 1, 20))),
    "row": lambda: build(venues.hall_chart(1, 6)),
    "theatre": lambda: build(generate("theatre", 150)),
}
"""From one of everything to a single row where everybody is in everybody's way."""


@dataclass
class Report:
    """What a run came to."""

    hash: str
    entries: int
    judged: int
    recoveries: int
    views: int


class World:
    """`run` plays a whole seed. The classes can be given, so that tests can plant bugs in them."""

    def __init__(
        self,
        seed: int,
        table: SeatTable,
        *,
        desk: type[Desk] = Desk,
        listener: type[Listener] = Listener,
        journal: type[MemoryJournal] = MemoryJournal,
    ) -> None:
        self._rng = Random(seed)
        self._tables = {table.chart_hash: table}
        self._clock = ManualClock()
        self._store = Store(EVENT, self._tables, journal())
        self._store.journal.create(EVENT)
        facts = {hash_: VenueFacts(t) for hash_, t in self._tables.items()}
        self._auditor = Auditor({str(h): f for h, f in facts.items()})
        self._workload = Workload(self._rng, table)
        self._listener = listener()
        # What a gateway beside the engine knows: the statuses after the last durable batch.
        self._committed = bytearray()
        self._committed_seq = 0
        self._make_desk = desk
        self._owners = 0
        self._stale: Desk | None = None
        self._recoveries = 0
        self._trace = blake2b(digest_size=16)
        self._desk = self._open()

    def run(self, steps: int = STEPS) -> Report:
        """Raises Broken at the first broken promise."""
        try:
            self._submit(self._workload.first(self._workload.policy()))
            self._settle()
            for _ in range(steps):
                self._one_move()
            self._settle()
        except JournalGap as gap:
            raise Broken(f"S2: what was kept does not add up: {gap}") from gap
        self._trace.update(snapshot.state_hash(self._desk.shard.state).encode())
        return Report(
            self._trace.hexdigest(),
            len(self._auditor.log),
            self._auditor.judged,
            self._recoveries,
            self._listener.views_asked,
        )

    # The audience of a desk.

    def on_batch(self, batch: Batch) -> None:
        self._auditor.told(batch, self._store.journal.head_seq(EVENT))
        self._trace.update(b"".join(batch.encoded) + bytes(batch.statuses))
        needed = max(batch.places, default=-1) + 1 - len(self._committed)
        self._committed += bytes(max(0, needed))
        for place, status in zip(batch.places, batch.statuses, strict=True):
            self._committed[place] = status
        self._committed_seq = batch.seq
        if self._rng.random() < 0.9 and not self._listener.hear(batch):
            self._listener.view(self._committed_seq, bytes(self._committed))

    def on_reply(self, command: AnyCommand, outcome: Outcome) -> None:
        self._trace.update(repr(outcome).encode())
        if self._rng.random() < 0.9:
            self._workload.hear(command, outcome)

    # The moves.

    def _one_move(self) -> None:
        rng = self._rng
        roll = rng.random()
        if roll < 0.55:
            self._submit(self._workload.next())
        elif roll < 0.67:
            self._let_time_pass()
        elif roll < 0.90:
            self._collect()
            if rng.random() < 0.7:
                self._land()
        elif roll < 0.93:
            self._desk.take_snapshot()
            self._collect()
        elif roll < 0.945:
            self._crash()
        elif roll < 0.96:
            self._take_over()
        elif roll < 0.975:
            self._fail_append()
        else:
            self._settle()
        if self._stale is not None and rng.random() < 0.4:
            self._let_stale_try()

    def _submit(self, command: AnyCommand) -> None:
        now_ms = self._clock.now_ms()
        outcome = self._desk.step(command, now_ms)
        self._auditor.submitted(command, now_ms, outcome)

    def _let_time_pass(self) -> None:
        """A little, or exactly to an expiry, or to the millisecond before or after it."""
        rng = self._rng
        now_ms = self._clock.now_ms()
        next_ms = self._desk.shard.next_expiry_ms
        if rng.random() < 0.25 and now_ms < next_ms < now_ms + 60_000:
            self._clock.advance(max(0, next_ms - now_ms + rng.choice((-1, 0, 0, 1))))
        else:
            self._clock.advance(rng.choice((1, 7, 40, 150, 400)))
        if rng.random() < 0.5:
            now_ms = self._clock.now_ms()
            self._desk.shard.tick(now_ms)
            self._auditor.submitted(None, now_ms)

    def _collect(self) -> None:
        self._desk.collect(self._auditor.proposed)

    def _land(self) -> None:
        try:
            self._desk.land()
        except (StoreUnavailable, Fenced) as error:
            self._after_failure(error)

    def _after_failure(self, error: Exception) -> None:
        """A commit failed: only what the journal has is true, and the desk starts again."""
        del error
        self._auditor.rewound(self._store.journal.head_seq(EVENT))
        self._desk = self._replaced(self._desk)

    def _replaced(self, desk: Desk) -> Desk:
        """What a proper owner does with a desk whose commit failed: throws it away."""
        del desk
        return self._open()

    def _fail_append(self) -> None:
        self._collect()
        fault = self._rng.choice((AppendFault.FAIL_BEFORE, AppendFault.FAIL_AFTER))
        if self._desk.in_flight is not None and self._desk.in_flight.batch.entries:
            self._store.journal.order(fault)
        self._land()

    def _crash(self) -> None:
        """The owner dies; its commit on the way may or may not have arrived."""
        self._commit_unheard(self._desk)
        self._auditor.rewound(self._store.journal.head_seq(EVENT))
        self._desk = self._open()

    def _commit_unheard(self, desk: Desk) -> None:
        if desk.in_flight is not None and self._rng.random() < 0.5:
            try:
                desk.commit(desk.in_flight.batch)
            except (StoreUnavailable, Fenced):
                return

    def _take_over(self) -> None:
        """Another owner claims the event while this one still believes that it has it."""
        self._stale = self._desk
        if self._rng.random() < 0.3:
            self._commit_unheard(self._desk)
        self._auditor.rewound(self._store.journal.head_seq(EVENT))
        self._desk = self._open()

    def _let_stale_try(self) -> None:
        """The old owner goes on serving. Nothing it decides may be written or told."""
        stale = self._stale
        assert stale is not None
        for _ in range(self._rng.randrange(3)):
            stale.step(self._workload.next(), self._clock.now_ms())
        stale.collect(lambda batch: None)
        if stale.in_flight is None or not stale.in_flight.batch.entries:
            return
        self._stale = None
        try:
            stale.land()
        except Fenced:
            return
        require(False, "D4", f"the stale owner of epoch {stale.epoch} wrote")

    def _open(self) -> Desk:
        self._owners += 1
        self._recoveries += 1
        desk = self._make_desk(self._store, self, f"owner-{self._owners}")
        self._committed = bytearray(desk.shard.state.status)
        self._committed_seq = desk.shard.seq
        self._auditor.check_journal(self._store.entries())
        return desk

    # When all is quiet.

    def _settle(self) -> None:
        """Everything lands; then shard, journal, snapshot, listener and auditor must agree."""
        for _ in range(3):
            self._collect()
            self._land()
        shard = self._desk.shard
        truth = self._auditor.truth
        self._auditor.check_journal(self._store.entries())
        require(bytes(shard.state.status) == truth.statuses(), "H1", "statuses differ")
        require(
            {h.id: (h.holder, sorted(h.places)) for h in shard.state.holds.values()}
            == {i: (h.holder, sorted(h.places)) for i, h in truth.holds.items()},
            "H4",
            "holds differ",
        )
        self._check_money(shard)
        self._check_hashes(shard)
        if self._listener.seq != self._committed_seq:
            self._listener.view(self._committed_seq, bytes(self._committed))
        require(
            bytes(self._listener.statuses) == bytes(shard.state.status),
            "V2",
            f"the listener at {self._listener.seq} sees other statuses than the shard",
        )

    def _check_money(self, shard: Shard) -> None:
        takings = dict.fromkeys(self._auditor.truth.takings, 0)
        for booking in shard.state.bookings.values():
            prices = shard.state.tariffs[booking.tariff].prices
            table = shard.state.table
            assert table is not None
            amount = sum(prices[int(table.category[p])] for p in booking.places)
            takings[booking.tariff] = takings.get(booking.tariff, 0) + amount
        require(takings == self._auditor.truth.takings, "M2", f"{takings} were taken")

    def _check_hashes(self, shard: Shard) -> None:
        live = snapshot.state_hash(shard.state)
        journaled = self._store.entries()
        replayed = Shard(EVENT, self._tables)
        replayed.replay(journaled)
        require(live == snapshot.state_hash(replayed.state), "S1", "live and replayed differ")
        newest = at_once(self._store.snapshots.latest(EVENT))
        if newest is not None:
            seq, data = newest
            tail = Shard(EVENT, self._tables, snapshot.restore(data, self._tables))
            tail.replay(journaled[seq:])
            require(live == snapshot.state_hash(tail.state), "S2", "snapshot and tail differ")
