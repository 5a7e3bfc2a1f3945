"""The real runner and recovery under the simulator, and bugs planted in them that it must find."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Sequence

import pytest

from seatengine import limits
from seatengine.core import snapshot
from seatengine.core.commands import AnyCommand
from seatengine.core.outputs import Code, Refusal
from seatengine.core.shard import Shard
from seatengine.errors import StoreUnavailable
from seatengine.ids import Epoch, EventId
from seatengine.ports import Append
from seatengine.shell import recovery, runner
from seatengine.shell.runner import Runner
from seatengine.testing import MemoryJournal
from tests import venues
from tests.sim import virtual_time
from tests.sim.runner_world import RunnerWorld
from tests.sim.truth import Broken

SEEDS = int(os.environ.get("SEATENGINE_SIM_SEEDS", "200")) // 4
PLANTED_SEEDS = 30


@pytest.fixture(autouse=True)
def _snapshots_are_taken_often(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(limits, "SNAPSHOT_EVERY_ENTRIES", 15)
    monkeypatch.setattr(recovery, "SNAPSHOT_EVERY_ENTRIES", 15)
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


def play(
    seed: int, owner: type[Runner] = Runner, journal: type[MemoryJournal] = MemoryJournal
) -> str:
    world = RunnerWorld(seed, venues.pocket(), runner=owner, journal=journal)
    try:
        return virtual_time.run(world.run())
    except Broken as broken:
        raise Broken(f"{broken} (seed {seed})") from broken


@pytest.mark.parametrize("part", range(4))
def test_d1_d2_d4_d6_d7_s1_v2_the_runner_keeps_what_is_promised(part: int) -> None:
    for seed in range(part, SEEDS, 4):
        play(seed)


def test_s3_the_runner_is_deterministic_on_virtual_time() -> None:
    assert play(7) == play(7)
    assert play(7) != play(8)


class FaultyDriver(MemoryJournal):
    """Every few appends, an error that nobody has thought of, before or after writing."""

    async def append(self, appends: Sequence[Append]) -> frozenset[EventId]:
        if self.appends_seen % 7 == 3:
            self.appends_seen += 1
            raise TypeError("an error of the driver itself, before writing")
        fenced = await super().append(appends)
        if self.appends_seen % 7 == 6:
            raise TypeError("an error of the driver itself, after writing")
        return fenced


def test_d1_d2_d5_d6_d7_an_unforeseen_error_of_the_store_is_an_unknown_outcome() -> None:
    for seed in range(15):
        play(seed, journal=FaultyDriver)


class TellsEarly(Runner):
    async def _append(self, appends: list[Append], ready: list[runner._Ready]) -> None:
        for part in ready:
            self._publish(part)
            part.replies = []
        await super()._append(appends, ready)


class KeepsItsShard(Runner):
    def _drop(self, part: runner._Ready, why: str) -> None:
        slot = part.slot
        kept = slot.shard
        slot.fenced = True
        super()._drop(part, why)
        slot.shard, slot.fenced = kept, False


class ForgetsWhoWaited(Runner):
    def _go_live(self, slot: runner._Slot, shard: Shard, epoch: Epoch) -> None:
        slot.waiting.clear()
        super()._go_live(slot, shard, epoch)


class ForgetsWhoWasInTheFailedCommit(Runner):
    def _drop(self, part: runner._Ready, why: str) -> None:
        part.replies = []
        super()._drop(part, why)


class TellsTwice(Runner):
    def _publish(self, part: runner._Ready) -> None:
        part.replies += part.replies[:1]
        super()._publish(part)


class GoesOnAfterAFence(Runner):
    async def _append(self, appends: list[Append], ready: list[runner._Ready]) -> None:
        try:
            await self._journal.append(appends)
        except StoreUnavailable:
            for part in ready:
                self._drop(part, "the store is away")
        else:
            for part in ready:
                self._publish(part)
        self._commit = None
        self._flush()


class RefusesAtOnce(Runner):
    def submit(self, event: EventId, command: AnyCommand, reply: runner.Reply) -> None:
        def once(outcome: runner.Outcome) -> None:
            if not isinstance(outcome, Refusal) or outcome.code in (
                Code.UNAVAILABLE,
                Code.OVERLOADED,
            ):
                reply(outcome)

        super().submit(event, command, once)
        told = self._slots[event].replies
        if told and told[-1][0] is once and isinstance(told[-1][1], Refusal):
            reply(told[-1][1])


class SavesWhatMayBeLost(Runner):
    async def _append(self, appends: list[Append], ready: list[runner._Ready]) -> None:
        for part in ready:
            if part.slot.shard is part.shard:
                self._save(snapshot.freeze(part.shard.state))
        await super()._append(appends, ready)


class Unfenced(MemoryJournal):
    def _write(self, appends: Sequence[Append]) -> frozenset[EventId]:
        return super()._write(
            [
                Append(a.event, self.epoch(a.event), a.first_seq, a.last_seq, a.frame)
                for a in appends
            ]
        )


PLANTED: dict[str, tuple[type[Runner], type[MemoryJournal], tuple[str, ...]]] = {
    "told-before-durable": (TellsEarly, MemoryJournal, ("D1",)),
    "shard-kept-after-a-failed-append": (KeepsItsShard, MemoryJournal, ("D1", "D3", "D5", "V2")),
    "waiting-commands-forgotten": (ForgetsWhoWaited, MemoryJournal, ("D6",)),
    "failed-commits-not-answered": (ForgetsWhoWasInTheFailedCommit, MemoryJournal, ("D6",)),
    "answered-twice": (TellsTwice, MemoryJournal, ("D6",)),
    "told-although-fenced": (GoesOnAfterAFence, MemoryJournal, ("D1", "D4")),
    "refusals-overtake-the-commit": (RefusesAtOnce, MemoryJournal, ("D1",)),
    "snapshot-of-what-may-be-lost": (
        SavesWhatMayBeLost,
        MemoryJournal,
        ("S", "H", "D", "A", "V"),
    ),
    "stale-owner-writes": (Runner, Unfenced, ("D1", "D3", "D4", "D5")),
}


def play_until_broken(owner: type[Runner], journal: type[MemoryJournal]) -> None:
    for seed in range(PLANTED_SEEDS):
        play(seed, owner, journal)


@pytest.mark.parametrize("name", PLANTED)
def test_planted_bug_in_the_runner_is_found(name: str) -> None:
    owner, journal, promises = PLANTED[name]
    with pytest.raises(Broken) as found:
        play_until_broken(owner, journal)
    named = str(found.value).split(":")[0]
    assert named in promises or named[0] in promises
