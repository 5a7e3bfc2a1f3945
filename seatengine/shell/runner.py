"""Runs shards: steps commands as they come, commits in groups, and lets outputs out when durable.

Everything happens on one event loop. A command is stepped at once; what it says waits for the
group commit that carries it. While one commit is under way the next one collects, so the batch
size finds itself: a quiet event commits each command alone, a busy one hundreds together.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter, deque
from collections.abc import Awaitable, Callable
from time import perf_counter
from typing import Final, Protocol

import msgspec

from seatengine import limits
from seatengine.chart.seat_table import SeatTable
from seatengine.core import snapshot
from seatengine.core.commands import AnyCommand
from seatengine.core.entries import Entry, frame
from seatengine.core.outputs import Accepted, Answer, Batch, Code, Refusal
from seatengine.core.shard import Shard
from seatengine.errors import SeatEngineError, StoreUnavailable, UnknownEvent
from seatengine.ids import ChartHash, CommandId, Epoch, EventId, Seq
from seatengine.ports import Append, Clock, Journal, SnapshotStore
from seatengine.shell.histogram import Histogram
from seatengine.shell.snapshot_keeping import keep

Outcome = Accepted | Refusal | Answer
Reply = Callable[[Outcome], None]
Recover = Callable[[EventId], Awaitable[tuple[Shard, Epoch]]]

_HOUSEKEEPING_S: Final = 0.05
_SNAPSHOT_BOUNDS_S: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)

_log = logging.getLogger(__name__)


class Listener(Protocol):
    """Hears of everything that is durable, in order, on the event loop. Must not raise."""

    def on_recovered(self, shard: Shard, epoch: Epoch) -> None:
        """An event was opened, or rebuilt after trouble: what `shard` holds now is durable."""

    def on_batch(self, batch: Batch) -> None:
        """A batch is durable. Called before the replies to its commands."""

    def on_lost(self, event: EventId) -> None:
        """The event cannot serve for now; on_recovered follows when it can."""


class Standing(msgspec.Struct):
    """How a runner stands at one moment.

    Events that are served, that are being rebuilt, and that another owner took over; commands that
    wait for a rebuilt event; entries decided and not yet durable, and for how long the oldest
    outcome among them has waited.
    """

    serving: int = 0
    recovering: int = 0
    fenced: int = 0
    commands_waiting: int = 0
    undurable_entries: int = 0
    undurable_ms: int = 0


class _Slot:
    """One event's place in the runner. `shard` is None while it recovers or when it is fenced."""

    __slots__ = (
        "durable_seq",
        "epoch",
        "event",
        "fenced",
        "offered",
        "recovery",
        "replies",
        "shard",
        "snapshot_seq",
        "waiting",
    )

    def __init__(self, event: EventId) -> None:
        self.event = event
        self.shard: Shard | None = None
        self.epoch = Epoch(0)
        self.durable_seq = 0
        self.snapshot_seq = 0
        self.offered: dict[ChartHash, SeatTable] = {}
        self.replies: list[tuple[Reply, Outcome]] = []
        self.waiting: deque[tuple[int, AnyCommand, Reply]] = deque()
        self.recovery: asyncio.Task[None] | None = None
        self.fenced = False


class _Ready:
    """A slot's share of one commit."""

    __slots__ = ("batch", "replies", "shard", "slot", "snapshot")

    def __init__(
        self,
        slot: _Slot,
        shard: Shard,
        batch: Batch,
        replies: list[tuple[Reply, Outcome]],
        frozen: snapshot.Snapshot | None,
    ) -> None:
        self.slot = slot
        self.shard = shard
        self.batch = batch
        self.replies = replies
        self.snapshot = frozen


class Runner:
    """The only caller of its shards. Not thread-safe: use it from its event loop.

    For those who watch it: `commands` that were answered, durable entries by kind, refusals by
    code, commits and snapshots that failed, and how long snapshots took from freezing the state to
    being kept.
    """

    def __init__(
        self,
        *,
        clock: Clock,
        journal: Journal,
        snapshots: SnapshotStore,
        recover: Recover,
        listener: Listener,
    ) -> None:
        self._clock = clock
        self._journal = journal
        self._snapshots = snapshots
        self._recover = recover
        self._listener = listener
        self._slots: dict[EventId, _Slot] = {}
        self._opening: dict[EventId, asyncio.Task[None]] = {}
        # In order of arrival, so that runs can be repeated.
        self._dirty: dict[_Slot, None] = {}
        self._flush_planned = False
        self._commit: asyncio.Task[None] | None = None
        self._saving: set[asyncio.Task[None]] = set()
        self._housekeeping: asyncio.TimerHandle | None = None
        self._closed = False
        # When the first command of the batch that collects, and of the one under way, was stepped.
        self._collecting_since_ms = 0
        self._committing_since_ms = 0
        self.commands = 0
        self.entries_by_kind: Counter[type[Entry]] = Counter()
        self.refusals_by_code: Counter[Code] = Counter()
        self.commits_failed = 0
        self.snapshots_failed = 0
        self.snapshot_seconds = Histogram(_SNAPSHOT_BOUNDS_S)

    async def open(self, event: EventId) -> None:
        """Serve `event`; returns once it does. Raises UnknownEvent, StoreUnavailable, BadChart,
        JournalGap. Open already: nothing happens."""
        if event in self._slots:
            return
        # Two recoveries of one event would fence each other: whoever comes second waits for the
        # first. A caller that gives up does not end the recovery for the others.
        opening = self._opening.get(event)
        if opening is None:
            opening = asyncio.get_running_loop().create_task(self._open(event))
            self._opening[event] = opening
            opening.add_done_callback(lambda _: self._opening.pop(event, None))
        await asyncio.shield(opening)

    async def _open(self, event: EventId) -> None:
        shard, epoch = await self._recover(event)
        slot = self._slots[event] = _Slot(event)
        self._go_live(slot, shard, epoch)
        if self._housekeeping is None:
            self._plan_housekeeping()

    def offer_chart(self, event: EventId, table: SeatTable) -> None:
        """Let a BindChart of `event` name this chart. The event must be open."""
        slot = self._slots[event]
        slot.offered[table.chart_hash] = table
        if slot.shard is not None:
            slot.shard.tables[table.chart_hash] = table

    def is_open(self, event: EventId) -> bool:
        """Whether `open` has succeeded for this event."""
        return event in self._slots

    def submit(self, event: EventId, command: AnyCommand, reply: Reply) -> None:
        """Have `command` decided now; `reply` gets its outcome, once, when it is durable.

        While the store is away commands wait up to COMMAND_WAIT_MS, then are refused with
        UNAVAILABLE; beyond the bounds on what may wait, at once with OVERLOADED.
        """
        slot = self._slots.get(event)
        if slot is None:
            self._refuse(reply, command.id, Code.UNKNOWN_EVENT)
            return
        shard = slot.shard
        if shard is None:
            if slot.fenced:
                self._refuse(reply, command.id, Code.UNAVAILABLE)
            elif len(slot.waiting) >= limits.MAX_WAITING_COMMANDS:
                self._refuse(reply, command.id, Code.OVERLOADED)
            else:
                slot.waiting.append((self._clock.now_ms(), command, reply))
            return
        if shard.uncommitted >= limits.MAX_UNCOMMITTED_ENTRIES:
            self._refuse(reply, command.id, Code.OVERLOADED)
            return
        now_ms = self._clock.now_ms()
        slot.replies.append((reply, shard.step(command, now_ms)))
        if not self._dirty:
            self._collecting_since_ms = now_ms
        self._dirty[slot] = None
        if not self._flush_planned and self._commit is None:
            self._flush_planned = True
            asyncio.get_running_loop().call_soon(self._flush)

    def _refuse(self, reply: Reply, command_id: CommandId, code: Code) -> None:
        self.commands += 1
        self.refusals_by_code[code] += 1
        reply(Refusal(command_id, code))

    def standing(self) -> Standing:
        """What is open, and how much waits for what. Costs O(events)."""
        now = Standing()
        for slot in self._slots.values():
            now.commands_waiting += len(slot.waiting)
            if slot.shard is not None:
                now.serving += 1
                now.undurable_entries += slot.shard.seq - slot.durable_seq
            elif slot.fenced:
                now.fenced += 1
            else:
                now.recovering += 1
        if self._commit is not None:
            now.undurable_ms = max(0, self._clock.now_ms() - self._committing_since_ms)
        elif self._dirty:
            now.undurable_ms = max(0, self._clock.now_ms() - self._collecting_since_ms)
        return now

    async def close(self) -> None:
        """Commit what was stepped, answer what waits, and stop."""
        self._closed = True
        if self._housekeeping is not None:
            self._housekeeping.cancel()
        for slot in self._slots.values():
            if slot.recovery is not None:
                slot.recovery.cancel()
            while slot.waiting:
                _, command, reply = slot.waiting.popleft()
                self._refuse(reply, command.id, Code.UNAVAILABLE)
        while self._commit is not None or self._dirty:
            if self._commit is None:
                self._flush()
            if self._commit is not None:
                await asyncio.wait([self._commit])
        if self._saving:
            await asyncio.wait(self._saving)

    def _flush(self) -> None:
        self._flush_planned = False
        if self._commit is not None or not self._dirty:
            return
        ready: list[_Ready] = []
        appends: list[Append] = []
        for slot in self._dirty:
            shard = slot.shard
            batch = shard.take_ready() if shard is not None else None
            if shard is None or batch is None:
                continue
            frozen = None
            if batch.entries:
                appends.append(
                    Append(
                        slot.event,
                        slot.epoch,
                        Seq(batch.after_seq + 1),
                        Seq(batch.seq),
                        frame(batch.encoded),
                    )
                )
                if batch.seq - slot.snapshot_seq >= limits.SNAPSHOT_EVERY_ENTRIES:
                    # The state is exactly this batch's end; it is saved once the batch is durable.
                    frozen = snapshot.freeze(shard.state)
                    slot.snapshot_seq = batch.seq
            ready.append(_Ready(slot, shard, batch, slot.replies, frozen))
            slot.replies = []
        self._dirty.clear()
        if appends:
            self._committing_since_ms = self._collecting_since_ms
            self._commit = asyncio.get_running_loop().create_task(self._append(appends, ready))
        else:
            for part in ready:
                self._publish(part)

    async def _append(self, appends: list[Append], ready: list[_Ready]) -> None:
        try:
            fenced = await self._journal.append(appends)
        except Exception as error:
            # Whatever it was, the outcome is unknown: only the journal can say what is so.
            self.commits_failed += 1
            expected = isinstance(error, StoreUnavailable)
            _log.warning(
                "commit of %d events failed: %s", len(appends), error, exc_info=not expected
            )
            for part in ready:
                self._drop(part, "the outcome of its last commit is unknown")
        else:
            for part in ready:
                if part.slot.event in fenced:
                    part.slot.fenced = True
                    self._drop(part, "another owner has taken it over")
                else:
                    self._publish(part)
        finally:
            self._commit = None
            self._flush()

    def _publish(self, part: _Ready) -> None:
        batch = part.batch
        part.slot.durable_seq = batch.seq
        made = self.entries_by_kind
        for entry in batch.entries:
            made[type(entry)] += 1
        self.commands += len(part.replies)
        for refusal in batch.refusals:
            self.refusals_by_code[refusal.code] += 1
        self._listener.on_batch(batch)
        for reply, outcome in part.replies:
            reply(outcome)
        if part.snapshot is not None:
            self._save(part.snapshot)

    def _save(self, frozen: snapshot.Snapshot) -> None:
        async def save() -> None:
            began_s = perf_counter()
            try:
                await keep(frozen, self._snapshots)
            except StoreUnavailable as error:
                # The next snapshot covers for this one; until then recovery replays more.
                self.snapshots_failed += 1
                _log.warning("snapshot of %s at %d not saved: %s", frozen.event, frozen.seq, error)
            else:
                self.snapshot_seconds.observe(perf_counter() - began_s)

        task = asyncio.get_running_loop().create_task(save())
        self._saving.add(task)
        task.add_done_callback(self._saving.discard)

    def _drop(self, part: _Ready, why: str) -> None:
        """Forget a shard whose facts may not be durable, tell those who wait, and rebuild it."""
        slot = part.slot
        unheard = [*part.replies, *slot.replies]
        slot.replies = []
        if slot.shard is part.shard:
            slot.shard = None
            self._dirty.pop(slot, None)
            _log.warning("event %s is dropped: %s", slot.event, why)
            self._listener.on_lost(slot.event)
            if not slot.fenced and not self._closed:
                slot.recovery = asyncio.get_running_loop().create_task(self._rebuild(slot))
        for reply, outcome in unheard:
            self._refuse(reply, outcome.id, Code.UNAVAILABLE)

    async def _rebuild(self, slot: _Slot) -> None:
        pause_ms = limits.STORE_RETRY_MIN_MS
        while True:
            try:
                shard, epoch = await self._recover(slot.event)
            except UnknownEvent:
                _log.exception("event %s is gone from the store", slot.event)
                slot.fenced = True
                return
            except SeatEngineError as error:
                _log.warning("event %s cannot be recovered yet: %s", slot.event, error)
                await asyncio.sleep(pause_ms / 1000)
                pause_ms = min(pause_ms * 2, limits.STORE_RETRY_MAX_MS)
            else:
                slot.recovery = None
                self._go_live(slot, shard, epoch)
                return

    def _go_live(self, slot: _Slot, shard: Shard, epoch: Epoch) -> None:
        slot.shard = shard
        shard.tables.update(slot.offered)
        slot.epoch = epoch
        slot.durable_seq = slot.snapshot_seq = shard.seq
        self._listener.on_recovered(shard, epoch)
        waiting, slot.waiting = slot.waiting, deque()
        for _, command, reply in waiting:
            self.submit(slot.event, command, reply)

    def _plan_housekeeping(self) -> None:
        loop = asyncio.get_running_loop()
        self._housekeeping = loop.call_later(_HOUSEKEEPING_S, self._keep_house)

    def _keep_house(self) -> None:
        """Let time pass for events where nobody asks anything, and for commands that wait."""
        now_ms = self._clock.now_ms()
        for slot in self._slots.values():
            shard = slot.shard
            if shard is not None and shard.next_expiry_ms <= now_ms:
                shard.tick(now_ms)
                if not self._dirty:
                    self._collecting_since_ms = now_ms
                self._dirty[slot] = None
            waiting = slot.waiting
            while waiting and now_ms - waiting[0][0] >= limits.COMMAND_WAIT_MS:
                _, command, reply = waiting.popleft()
                self._refuse(reply, command.id, Code.UNAVAILABLE)
        if self._dirty:
            self._flush()
        self._plan_housekeeping()
