"""The real runner and the real recovery, on the ports in memory and on virtual time.

Owners of two events take over from each other, commits that both events share stall, fail or
vanish, the store goes away and returns.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from hashlib import blake2b
from random import Random

from seatengine.chart.seat_table import SeatTable
from seatengine.core.outputs import Batch
from seatengine.core.shard import Shard
from seatengine.ids import Epoch, EventId
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
from tests.sim.event_trial import EventTrial
from tests.sim.truth import Broken
from tests.sim.virtual_time import LoopClock

STEPS = 160


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
        self._lease = MemoryLease(self._journal)
        self._snapshots = MemorySnapshots()
        self._charts = MemoryCharts([table])
        self._table = table
        self._make_runner = runner
        self._runners: list[Runner] = []
        self._trials = {
            event: EventTrial(event, table, self._rng, self._journal)
            for event in (EventId("gala"), EventId("matinee"))
        }
        self._trace = blake2b(digest_size=16)

    @property
    def codes(self) -> Counter[str]:
        """How often each answer was given."""
        return sum((trial.codes for trial in self._trials.values()), Counter())

    async def run(self, steps: int = STEPS) -> str:
        """The hash of the run. Raises Broken at the first broken promise."""
        asyncio.get_running_loop().set_exception_handler(self._on_task_error)
        first = self._another_runner()
        for trial in self._trials.values():
            await self._give(trial, first)
            first.offer_chart(trial.event, self._table)
            trial.ask(trial.workload.first(trial.workload.policy()), first)
        await asyncio.sleep(0.1)
        for _ in range(steps):
            await self._one_move()
        await self._settle()
        for runner in self._runners:
            await runner.close()
        self._trace.update(repr(sorted(self.codes.items())).encode())
        return self._trace.hexdigest()

    # The runner's listener; every owner has this one.

    def on_recovered(self, shard: Shard, epoch: Epoch) -> None:
        self._trials[shard.state.event].went_live(shard, epoch)
        self._trace.update(f"{shard.seq} {epoch}".encode())

    def on_batch(self, batch: Batch) -> None:
        self._trials[batch.event].told(batch)
        self._trace.update(b"".join(batch.encoded) + repr(batch.refusals).encode())

    def on_lost(self, event: EventId) -> None:
        self._trace.update(event.encode())

    def _on_task_error(self, loop: asyncio.AbstractEventLoop, context: dict[str, object]) -> None:
        """A task of the runner died of an exception; a broken promise has been noted already."""
        if isinstance(context.get("exception"), Broken):
            return
        broken = Broken(f"D6: {context.get('exception')!r} in a task")
        for trial in self._trials.values():
            trial.first_broken = trial.first_broken or broken

    # The lease, which tells the auditors of takeovers, and the recovery of a runner.

    async def claim(self, event: EventId, owner: str) -> Claim:
        claim = await self._lease.claim(event, owner)
        self._trials[event].claimed()
        return claim

    async def _recovered(self, event: EventId) -> tuple[Shard, Epoch]:
        shard, epoch = await recover(
            event,
            f"owner-{len(self._runners)}",
            lease=self,
            journal=self._journal,
            snapshots=self._snapshots,
            charts=self._charts,
        )
        self._trials[event].recovered(shard, epoch)
        return shard, epoch

    # The moves.

    async def _one_move(self) -> None:
        rng = self._rng
        roll = rng.random()
        if roll < 0.70:
            for _ in range(rng.choice((1, 1, 2, 5))):
                trial = self._a_trial()
                trial.ask(trial.workload.next(), self._owner(trial))
        elif roll < 0.78:
            fault = rng.choice(tuple(AppendFault))
            self._journal.order(*([None] * rng.randrange(3)), fault)
        elif roll < 0.80:
            await self._outage()
        elif roll < 0.83:
            await self._take_over()
        elif roll < 0.85:
            await self._settle()
        await asyncio.sleep(rng.choice((0, 0, 0.001, 0.003, 0.02, 0.2)))
        if self._journal.stalled and rng.random() < 0.4:
            self._journal.resume()
        self._raise_what_was_broken()

    def _a_trial(self) -> EventTrial:
        return self._rng.choice(list(self._trials.values()))

    def _owner(self, trial: EventTrial) -> Runner:
        """Mostly the newest; now and then somebody still talks to the one before."""
        if len(trial.owners) > 1 and self._rng.random() < 0.15:
            return trial.owners[-2]
        return trial.owners[-1]

    async def _outage(self) -> None:
        self._journal.down = self._snapshots.down = True
        for _ in range(self._rng.randrange(4)):
            trial = self._a_trial()
            trial.ask(trial.workload.next(), trial.owners[-1])
            await asyncio.sleep(self._rng.choice((0.01, 0.5, 6.0)))
        self._journal.down = self._snapshots.down = False

    async def _take_over(self) -> None:
        """Another owner gets one event or both, while the one before believes that it has them."""
        rng = self._rng
        runner = self._another_runner()
        for trial in rng.sample(list(self._trials.values()), rng.choice((1, 1, 2))):
            await self._give(trial, runner)

    async def _give(self, trial: EventTrial, runner: Runner) -> None:
        await runner.open(trial.event)
        trial.owners.append(runner)

    def _another_runner(self) -> Runner:
        runner = self._make_runner(
            clock=self._clock,
            journal=self._journal,
            snapshots=self._snapshots,
            recover=self._recovered,
            listener=self,
        )
        self._runners.append(runner)
        return runner

    async def _settle(self) -> None:
        """Stalls end, commits land, those who waited are answered; then all must agree."""
        for _ in range(12):
            self._journal.calm()
            await asyncio.sleep(0.6)
        self._raise_what_was_broken()
        for trial in self._trials.values():
            await trial.check()

    def _raise_what_was_broken(self) -> None:
        for trial in self._trials.values():
            if trial.first_broken is not None:
                raise trial.first_broken
