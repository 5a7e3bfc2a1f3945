"""One event under trial in the runner's simulator: who asks, who listens, and who judges."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from random import Random

from seatengine.chart.seat_table import SeatTable
from seatengine.core import snapshot
from seatengine.core.commands import AnyCommand
from seatengine.core.entries import decode_frame
from seatengine.core.outputs import RETRYABLE, Accepted, Answer, Batch, Refusal
from seatengine.core.shard import Shard
from seatengine.ids import Epoch, EventId, Seq
from seatengine.shell.runner import Runner
from seatengine.testing import MemoryJournal
from tests.sim.auditor import Auditor
from tests.sim.listener import Listener
from tests.sim.truth import Broken, VenueFacts, require
from tests.sim.workload import Workload

Outcome = Accepted | Refusal | Answer


class EventTrial:
    """`current` is the shard of the newest owner; only it is judged, but all that anyone tells."""

    def __init__(
        self, event: EventId, table: SeatTable, rng: Random, journal: MemoryJournal
    ) -> None:
        self.event = event
        self.owners: list[Runner] = []
        self.workload = Workload(rng, table)
        self.codes: Counter[str] = Counter()
        self.current: Shard | None = None
        self.first_broken: Broken | None = None
        self._table = table
        self._rng = rng
        self._journal = journal
        self._auditor = Auditor({str(table.chart_hash): VenueFacts(table)})
        self._listener = Listener()
        self._last_told: Batch | None = None
        self._asked = 0
        self._answers: Counter[int] = Counter()
        self._watched = _watched(self)
        self._in_step = False
        journal.create(event)

    @property
    def head_seq(self) -> Seq:
        return self._journal.head_seq(self.event)

    @contextmanager
    def judging(self) -> Iterator[None]:
        """Keeps the first broken promise: the runner's tasks may swallow what is raised in them."""
        try:
            yield
        except Broken as broken:
            self.first_broken = self.first_broken or broken
            raise

    def ask(self, command: AnyCommand, owner: Runner) -> None:
        """Submit `command`; its answer is checked, and mostly heard."""
        self._asked += 1
        number = self._asked

        def reply(outcome: Outcome) -> None:
            self._answers[number] += 1
            retryable = isinstance(outcome, Refusal) and outcome.code in RETRYABLE
            with self.judging():
                require(outcome.id == command.id, "D6", f"{command} was answered {outcome}")
                require(retryable or self._was_told(outcome), "D1", f"{outcome} is told too early")
            name = outcome.code.name if isinstance(outcome, Refusal) else type(outcome).__name__
            self.codes[name] += 1
            if not retryable and self._rng.random() < 0.9:
                self.workload.hear(command, outcome)

        owner.submit(self.event, command, reply)

    def _was_told(self, outcome: Outcome) -> bool:
        """Whether the batch that was let out last carries `outcome`, and it is durable."""
        batch = self._last_told
        if batch is None or batch.seq > self.head_seq:
            return False
        if isinstance(outcome, Accepted) and not outcome.repeat:
            return batch.after_seq < outcome.seq <= batch.seq
        return any(outcome is o for o in (*batch.repeats, *batch.refusals, *batch.answers))

    # What happens to the event.

    def claimed(self) -> None:
        """An owner has taken over: what is not durable now is not true any more."""
        self.current = None
        with self.judging():
            self._auditor.rewound(self.head_seq)

    def recovered(self, shard: Shard, epoch: Epoch) -> None:
        """An owner has its shard; unless it was overtaken meanwhile, that is the one to watch."""
        shard.__class__ = self._watched
        if epoch == self._journal.epoch(self.event):
            self.current = shard

    def went_live(self, shard: Shard, epoch: Epoch) -> None:
        """An owner serves, and shows the listeners where it stands."""
        if epoch == self._journal.epoch(self.event):
            self._listener.view(shard.seq, bytes(shard.state.status))

    def told(self, batch: Batch) -> None:
        """An owner lets a batch out."""
        with self.judging():
            self._auditor.told(batch, self.head_seq)
        self._last_told = batch
        # A stale owner may still refuse; a gateway beside the new one does not hear of it.
        if batch.entries:
            self._listener.hear(batch)

    # What the watched shard does.

    def ticked(self, now_ms: int) -> None:
        if not self._in_step:
            self._auditor.submitted(None, now_ms)

    @contextmanager
    def stepping(self) -> Iterator[None]:
        self._in_step = True
        yield
        self._in_step = False

    def stepped(self, command: AnyCommand, now_ms: int, outcome: Outcome) -> None:
        self._auditor.submitted(command, now_ms, outcome)

    def proposed(self, batch: Batch) -> None:
        with self.judging():
            self._auditor.proposed(batch)

    # When all is quiet.

    async def check(self) -> None:
        """Everybody was answered once; shard, journal, listener and auditor agree."""
        answered = {number: self._answers[number] for number in range(1, self._asked + 1)}
        wrong = {n: count for n, count in answered.items() if count != 1}
        require(not wrong, "D6", f"answers by number of command: {wrong}")
        shard = self.current
        if shard is None:
            raise Broken("D7: the store is back, the event is not")
        frames = await self._journal.read(self.event, Seq(0), 1 << 30)
        journaled = [entry for f in frames for entry in decode_frame(f.frame)]
        self._auditor.check_journal(journaled)
        statuses = self._auditor.truth.statuses()
        require(bytes(shard.state.status) == statuses, "H1", "statuses differ")
        replayed = Shard(self.event, {self._table.chart_hash: self._table})
        replayed.replay(journaled)
        live = snapshot.state_hash(shard.state)
        require(live == snapshot.state_hash(replayed.state), "S1", "live and replayed differ")
        require(
            (self._listener.seq, bytes(self._listener.statuses)) == (shard.seq, statuses),
            "V2",
            f"the listener is at {self._listener.seq}, the shard at {shard.seq}",
        )


def _watched(trial: EventTrial) -> type[Shard]:
    """A Shard that shows the trial what it does while it is the current one. It has the same slots,
    so that a recovered shard can become one."""

    class Watched(Shard):
        __slots__ = ()

        def tick(self, now_ms: int) -> None:
            super().tick(now_ms)
            if trial.current is self:
                trial.ticked(now_ms)

        def step(self, command: AnyCommand, now_ms: int) -> Outcome:
            with trial.stepping():
                outcome = super().step(command, now_ms)
            if trial.current is self:
                trial.stepped(command, now_ms, outcome)
            return outcome

        def take_ready(self) -> Batch | None:
            batch = super().take_ready()
            if batch is not None and trial.current is self:
                trial.proposed(batch)
            return batch

    return Watched
