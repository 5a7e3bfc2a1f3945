"""The real runner and the real recovery, on the ports in memory and on virtual time.

Owners take over from each other, commits stall, fail or vanish, the store goes away and returns.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from hashlib import blake2b
from random import Random

from seatengine.chart.seat_table import SeatTable
from seatengine.core import snapshot
from seatengine.core.commands import AnyCommand
from seatengine.core.entries import decode_frame
from seatengine.core.outputs import RETRYABLE, Accepted, Answer, Batch, Refusal
from seatengine.core.shard import Shard
from seatengine.ids import Epoch, EventId, Seq
from seatengine.ports import Claim
from seatengine.shell.recovery import recover
from seatengine.shell.runner import Runner
from seatengine.testing import (
    AppendFault,
    MemoryCharts,
    MemoryJournal,
    MemoryLease,
    MemorySnapshots,
)
from tests.sim.auditor import Auditor
from tests.sim.listener import Listener
from tests.sim.truth import Broken, VenueFacts, require
from tests.sim.virtual_time import LoopClock
from tests.sim.workload import Workload

EVENT = EventId("gala")
STEPS = 160
Outcome = Accepted | Refusal | Answer


class _Watch:
    """Shows the auditor what the shard of the newest owner does, and nobody else's."""

    def __init__(self, auditor: Auditor) -> None:
        self.auditor = auditor
        self.current: Shard | None = None
        self.in_step = False
        self.first_broken: Broken | None = None

    @contextmanager
    def judging(self) -> Iterator[None]:
        """Keeps the first broken promise: the runner's tasks may swallow what is raised in them."""
        try:
            yield
        except Broken as broken:
            self.first_broken = self.first_broken or broken
            raise

    def watched(self) -> type[Shard]:
        """A Shard that is being watched; same slots, so that a recovered shard can become one."""
        watch = self

        class Watched(Shard):
            __slots__ = ()

            def tick(self, now_ms: int) -> None:
                super().tick(now_ms)
                if watch.current is self and not watch.in_step:
                    watch.auditor.submitted(None, now_ms)

            def step(self, command: AnyCommand, now_ms: int) -> Outcome:
                watch.in_step = True
                outcome = super().step(command, now_ms)
                watch.in_step = False
                if watch.current is self:
                    watch.auditor.submitted(command, now_ms, outcome)
                return outcome

            def take_ready(self) -> Batch | None:
                batch = super().take_ready()
                if batch is not None and watch.current is self:
                    with watch.judging():
                        watch.auditor.proposed(batch)
                return batch

        return Watched


class _Lease(MemoryLease):
    """Tells the auditor that what is not durable at a claim is not true any more."""

    def __init__(self, journal: MemoryJournal, on_claim: Callable[[], None]) -> None:
        super().__init__(journal)
        self._on_claim = on_claim

    async def claim(self, event: EventId, owner: str) -> Claim:
        claim = await super().claim(event, owner)
        self._on_claim()
        return claim


class RunnerWorld:
    """`run` plays a whole seed inside `virtual_time.run`."""

    def __init__(
        self,
        seed: int,
        table: SeatTable,
        *,
        runner: type[Runner] = Runner,
        journal: type[MemoryJournal] = MemoryJournal,
    ) -> None:
        self._rng = Random(seed)
        self._clock = LoopClock()
        self._journal = journal()
        self._journal.create(EVENT)
        self._lease = _Lease(self._journal, self._on_claim)
        self._snapshots = MemorySnapshots()
        self._charts = MemoryCharts([table])
        self._table = table
        self._auditor = Auditor({str(table.chart_hash): VenueFacts(table)})
        self._watch = _Watch(self._auditor)
        self._watched = self._watch.watched()
        self._workload = Workload(self._rng, table)
        self._make_runner = runner
        self._runners: list[Runner] = []
        self._listener = Listener()
        self._last_told: Batch | None = None
        self._asked = 0
        self._answers: Counter[int] = Counter()
        self._trace = blake2b(digest_size=16)
        self.codes: Counter[str] = Counter()

    async def run(self, steps: int = STEPS) -> str:
        """The hash of the run. Raises Broken at the first broken promise."""
        asyncio.get_running_loop().set_exception_handler(self._on_task_error)
        await self._take_over()
        await self._bind()
        for _ in range(steps):
            await self._one_move()
        await self._settle()
        for runner in self._runners:
            await runner.close()
        self._trace.update(self._journal_bytes())
        return self._trace.hexdigest()

    # The runner's listener; every owner has this one.

    def on_recovered(self, shard: Shard, epoch: Epoch) -> None:
        if epoch == self._journal.epoch(EVENT):
            self._listener.view(shard.seq, bytes(shard.state.status))
        self._trace.update(f"{shard.seq} {epoch}".encode())

    def on_batch(self, batch: Batch) -> None:
        with self._watch.judging():
            self._auditor.told(batch, self._journal.head_seq(EVENT))
        self._last_told = batch
        self._trace.update(b"".join(batch.encoded))
        # A stale owner may still refuse; a gateway beside the new one does not hear of it.
        if batch.entries:
            self._listener.hear(batch)

    def on_lost(self, event: EventId) -> None:
        self._trace.update(b"lost")

    def _on_task_error(self, loop: asyncio.AbstractEventLoop, context: dict[str, object]) -> None:
        """A task of the runner died of an exception that nobody caught."""
        error = context.get("exception")
        self._watch.first_broken = self._watch.first_broken or Broken(f"D6: {error!r} in a task")

    # The moves.

    async def _one_move(self) -> None:
        rng = self._rng
        roll = rng.random()
        if roll < 0.70:
            for _ in range(rng.choice((1, 1, 2, 5))):
                self._submit(self._workload.next(), self._owner())
        elif roll < 0.78:
            fault = rng.choice(tuple(AppendFault))
            self._journal.order(*([None] * rng.randrange(3)), fault)
        elif roll < 0.80:
            await self._outage()
        elif roll < 0.82:
            await self._take_over()
        elif roll < 0.84:
            await self._settle()
        await asyncio.sleep(rng.choice((0, 0, 0.001, 0.003, 0.02, 0.2)))
        if self._journal.stalled and rng.random() < 0.4:
            self._journal.resume()
        if self._watch.first_broken is not None:
            raise self._watch.first_broken

    def _owner(self) -> Runner:
        """Mostly the newest; now and then somebody still talks to the one before."""
        if len(self._runners) > 1 and self._rng.random() < 0.15:
            return self._runners[-2]
        return self._runners[-1]

    def _submit(self, command: AnyCommand, runner: Runner) -> None:
        self._asked += 1
        number = self._asked

        def reply(outcome: Outcome) -> None:
            self._answers[number] += 1
            retryable = isinstance(outcome, Refusal) and outcome.code in RETRYABLE
            with self._watch.judging():
                require(outcome.id == command.id, "D6", f"{command} was answered {outcome}")
                require(retryable or self._was_told(outcome), "D1", f"{outcome} is told too early")
            name = outcome.code.name if isinstance(outcome, Refusal) else type(outcome).__name__
            self.codes[name] += 1
            self._trace.update(repr(outcome).encode())
            if not retryable and self._rng.random() < 0.9:
                self._workload.hear(command, outcome)

        runner.submit(EVENT, command, reply)

    def _was_told(self, outcome: Outcome) -> bool:
        """Whether the batch that was let out last carries `outcome`, and it is durable."""
        batch = self._last_told
        if batch is None or batch.seq > self._journal.head_seq(EVENT):
            return False
        if isinstance(outcome, Accepted) and not outcome.repeat:
            return batch.after_seq < outcome.seq <= batch.seq
        return any(outcome is o for o in (*batch.repeats, *batch.refusals, *batch.answers))

    async def _bind(self) -> None:
        self._runners[-1].offer_chart(EVENT, self._table)
        self._submit(self._workload.first(self._workload.policy()), self._runners[-1])
        await asyncio.sleep(0.1)

    async def _outage(self) -> None:
        self._journal.down = self._snapshots.down = True
        for _ in range(self._rng.randrange(4)):
            self._submit(self._workload.next(), self._runners[-1])
            await asyncio.sleep(self._rng.choice((0.01, 0.5, 6.0)))
        self._journal.down = self._snapshots.down = False

    async def _take_over(self) -> None:
        runner = self._make_runner(
            clock=self._clock,
            journal=self._journal,
            snapshots=self._snapshots,
            recover=self._recovered,
            listener=self,
        )
        await runner.open(EVENT)
        self._runners.append(runner)

    async def _recovered(self, event: EventId) -> tuple[Shard, Epoch]:
        shard, epoch = await recover(
            event,
            f"owner-{len(self._runners)}",
            lease=self._lease,
            journal=self._journal,
            snapshots=self._snapshots,
            charts=self._charts,
        )
        shard.__class__ = self._watched
        if epoch == self._journal.epoch(EVENT):
            self._watch.current = shard
        return shard, epoch

    def _on_claim(self) -> None:
        self._watch.current = None
        with self._watch.judging():
            self._auditor.rewound(self._journal.head_seq(EVENT))

    # When all is quiet.

    async def _settle(self) -> None:
        """Stalls end, commits land, those who waited are answered; then all must agree."""
        for _ in range(12):
            self._journal.calm()
            await asyncio.sleep(0.6)
        if self._watch.first_broken is not None:
            raise self._watch.first_broken
        answered = {number: self._answers[number] for number in range(1, self._asked + 1)}
        wrong = {n: count for n, count in answered.items() if count != 1}
        require(not wrong, "D6", f"answers by number of command: {wrong}")
        shard = self._watch.current
        if shard is None:
            raise Broken("D7: the store is back, the event is not")
        truth = self._auditor.truth
        journaled = [e for f in await self._frames() for e in decode_frame(f)]
        self._auditor.check_journal(journaled)
        require(bytes(shard.state.status) == truth.statuses(), "H1", "statuses differ")
        replayed = Shard(EVENT, {self._table.chart_hash: self._table})
        replayed.replay(journaled)
        live = snapshot.state_hash(shard.state)
        require(live == snapshot.state_hash(replayed.state), "S1", "live and replayed differ")
        require(
            (self._listener.seq, bytes(self._listener.statuses)) == (shard.seq, truth.statuses()),
            "V2",
            f"the listener is at {self._listener.seq}, the shard at {shard.seq}",
        )

    async def _frames(self) -> Sequence[bytes]:
        return [f.frame for f in await self._journal.read(EVENT, Seq(0), 1 << 30)]

    def _journal_bytes(self) -> bytes:
        return str(self._journal.head_seq(EVENT)).encode()
