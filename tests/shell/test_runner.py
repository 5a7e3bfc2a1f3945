"""D: nothing is told before it is durable, and trouble with the store loses nothing that was."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from seatengine import limits
from seatengine.core import commands, entries
from seatengine.core.outputs import Accepted, Answer, Batch, Code, Refusal
from seatengine.core.policy import SalePolicy
from seatengine.core.seating import FREE, HELD
from seatengine.core.shard import Shard
from seatengine.core.snapshot import state_hash
from seatengine.errors import UnknownEvent
from seatengine.ids import CommandId, Epoch, EventId, HolderId, HoldId
from seatengine.shell.recovery import recover
from seatengine.shell.runner import Outcome, Runner, Standing
from seatengine.testing import (
    AppendFault,
    ManualClock,
    MemoryCharts,
    MemoryJournal,
    MemoryLease,
    MemorySnapshots,
)
from tests.venues import TARIFF, pocket

EVENT = EventId("e")
ME = HolderId("v_me")


class Heard:
    """A listener that keeps what it hears."""

    def __init__(self) -> None:
        self.batches: list[Batch] = []
        self.recovered: list[tuple[int, Epoch]] = []
        self.lost = 0
        self.shard: Shard | None = None

    def on_recovered(self, shard: Shard, epoch: Epoch) -> None:
        self.recovered.append((shard.seq, epoch))
        self.shard = shard

    def on_batch(self, batch: Batch) -> None:
        self.batches.append(batch)

    def on_lost(self, event: EventId) -> None:
        self.lost += 1


class House:
    """A runner on ports in memory, with one event whose chart is bound."""

    def __init__(self) -> None:
        self.table = pocket()
        self.clock = ManualClock()
        self.journal = MemoryJournal()
        self.journal.create(EVENT)
        self.snapshots = MemorySnapshots()
        self.lease = MemoryLease(self.journal)
        self.charts = MemoryCharts([self.table])
        self.heard = Heard()
        self.runner = self.another(self.heard)

    def another(self, heard: Heard) -> Runner:
        """A second process on the same store."""

        async def rebuild(event: EventId) -> tuple[Shard, Epoch]:
            return await recover(
                event,
                "test",
                lease=self.lease,
                journal=self.journal,
                snapshots=self.snapshots,
                charts=self.charts,
            )

        return Runner(
            clock=self.clock,
            journal=self.journal,
            snapshots=self.snapshots,
            recover=rebuild,
            listener=heard,
        )

    async def on_sale(self) -> None:
        await self.runner.open(EVENT)
        self.runner.offer_chart(EVENT, self.table)
        bound = await self.ask(
            commands.BindChart(
                id=CommandId("bind"),
                holder=HolderId("k_a"),
                staff=True,
                chart_hash=self.table.chart_hash,
                policy=SalePolicy(),
                tariff=TARIFF,
            )
        )
        assert isinstance(bound, Accepted), bound

    def submit(self, command: commands.AnyCommand) -> asyncio.Future[Outcome]:
        outcome: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self.runner.submit(EVENT, command, outcome.set_result)
        return outcome

    async def ask(self, command: commands.AnyCommand) -> Outcome:
        return await asyncio.wait_for(self.submit(command), 10)


def hold(name: str, *places: int) -> commands.HoldSeats:
    return commands.HoldSeats(id=CommandId(name), holder=ME, places=list(places))


def run(story: Callable[[House], Awaitable[None]]) -> None:
    async def told() -> None:
        house = House()
        await house.on_sale()
        try:
            await story(house)
        finally:
            await house.runner.close()

    asyncio.run(asyncio.wait_for(told(), 30))


async def until(condition: Callable[[], bool]) -> None:
    """Let the loop turn until `condition` holds; the story's own time limit bounds it."""
    while not condition():
        await asyncio.sleep(0)


def test_nothing_is_told_before_it_is_durable() -> None:
    async def story(house: House) -> None:
        house.journal.order(AppendFault.STALL_BEFORE)
        heard = len(house.heard.batches)
        waiting = house.submit(hold("a", 0))
        await until(lambda: house.journal.stalled == 1)
        assert not waiting.done()
        assert len(house.heard.batches) == heard
        house.journal.resume()
        assert isinstance(await waiting, Accepted)
        assert len(house.heard.batches) == heard + 1

    run(story)


def test_commands_that_come_during_a_commit_share_the_next_one() -> None:
    async def story(house: House) -> None:
        house.journal.order(AppendFault.STALL_BEFORE)
        first = house.submit(hold("a", 0))
        await until(lambda: house.journal.stalled == 1)
        before = house.journal.appends_seen
        rest = [house.submit(hold(f"b{i}", 1)) for i in range(10)]
        house.journal.resume()
        outcomes = await asyncio.gather(first, *rest)
        assert isinstance(outcomes[1], Accepted)
        assert all(isinstance(o, Refusal) and o.code == Code.PLACES_TAKEN for o in outcomes[2:])
        assert house.journal.appends_seen == before + 1

    run(story)


@pytest.mark.parametrize("fault", [AppendFault.FAIL_BEFORE, AppendFault.FAIL_AFTER])
def test_after_an_unknown_outcome_the_same_id_finds_out(fault: AppendFault) -> None:
    async def story(house: House) -> None:
        house.journal.order(fault)
        first = await house.ask(hold("a", 0, 1))
        assert isinstance(first, Refusal)
        assert first.code == Code.UNAVAILABLE
        again = await house.ask(hold("a", 0, 1))
        assert isinstance(again, Accepted)
        assert isinstance(again.entry, entries.SeatsHeld)
        assert again.repeat == (fault is AppendFault.FAIL_AFTER)
        assert house.heard.lost == 1
        assert [epoch for _, epoch in house.heard.recovered] == [1, 2]
        shard = house.heard.shard
        assert shard is not None
        assert len(shard.state.holds) == 1

    run(story)


def test_commands_wait_while_the_store_is_away_and_are_served_when_it_is_back() -> None:
    async def story(house: House) -> None:
        house.journal.down = True
        lost = await house.ask(hold("a", 0))
        assert isinstance(lost, Refusal)
        assert lost.code == Code.UNAVAILABLE
        waiting = house.submit(hold("b", 1))
        house.journal.down = False
        assert isinstance(await waiting, Accepted)

    run(story)


def test_waiting_has_an_end_in_time_and_in_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_WAITING_COMMANDS", 3)

    async def story(house: House) -> None:
        house.journal.down = True
        await house.ask(hold("a", 0))
        waiting = [house.submit(hold(f"w{i}", 1)) for i in range(3)]
        over = await house.ask(hold("over", 2))
        assert isinstance(over, Refusal)
        assert over.code == Code.OVERLOADED
        house.clock.advance(limits.COMMAND_WAIT_MS)
        for outcome in await asyncio.gather(*waiting):
            assert isinstance(outcome, Refusal)
            assert outcome.code == Code.UNAVAILABLE

    run(story)


def test_a_stale_owner_stops_and_says_unavailable() -> None:
    async def story(house: House) -> None:
        successor = Heard()
        other = house.another(successor)
        await other.open(EVENT)
        refused = await house.ask(hold("a", 0))
        assert isinstance(refused, Refusal)
        assert refused.code == Code.UNAVAILABLE
        still = await house.ask(hold("b", 1))
        assert isinstance(still, Refusal)
        assert len(house.heard.recovered) == 1
        taken: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        other.submit(EVENT, hold("a", 0), taken.set_result)
        assert isinstance(await taken, Accepted)
        await other.close()

    run(story)


def test_holds_expire_though_nobody_asks() -> None:
    async def story(house: House) -> None:
        held = await house.ask(hold("a", 0))
        assert isinstance(held, Accepted)
        shard = house.heard.shard
        assert shard is not None
        assert shard.state.status[0] == HELD
        house.clock.advance(SalePolicy().hold_ttl_ms)
        await until(lambda: bool(house.heard.batches[-1].entries[-1:]) and not shard.state.holds)
        assert shard.state.status[0] == FREE
        await until(lambda: isinstance(house.heard.batches[-1].entries[-1], entries.HoldExpired))

    run(story)


def test_reads_stand_in_the_same_stream() -> None:
    async def story(house: House) -> None:
        house.submit(hold("a", 4, 5))
        answer = await house.ask(commands.ReadHolds(id=CommandId("r"), holder=ME))
        assert isinstance(answer, Answer)
        assert [view.places for view in answer.holds] == [[4, 5]]

    run(story)


def test_snapshots_are_taken_and_recovery_uses_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "SNAPSHOT_EVERY_ENTRIES", 10)

    async def story(house: House) -> None:
        for number in range(12):
            held = await house.ask(hold(f"h{number}", 0))
            assert isinstance(held, Accepted)
            release = commands.ReleaseHold(
                id=CommandId(f"r{number}"), holder=ME, hold=HoldId(held.seq)
            )
            assert isinstance(await house.ask(release), Accepted)
        kept = await house.snapshots.latest(EVENT)
        assert kept is not None
        assert kept[0] >= 10
        shard = house.heard.shard
        assert shard is not None
        successor = Heard()
        other = house.another(successor)
        await other.open(EVENT)
        assert successor.shard is not None
        assert state_hash(successor.shard.state) == state_hash(shard.state)
        await other.close()

    run(story)


def test_many_who_open_at_once_recover_once() -> None:
    async def told() -> None:
        house = House()
        await asyncio.gather(*(house.runner.open(EVENT) for _ in range(20)))
        assert [epoch for _, epoch in house.heard.recovered] == [1]
        with pytest.raises(UnknownEvent):
            await house.runner.open(EventId("nowhere"))
        unknown: list[Outcome] = []
        house.runner.submit(EventId("nowhere"), hold("a", 0), unknown.append)
        assert isinstance(unknown[0], Refusal)
        assert unknown[0].code == Code.UNKNOWN_EVENT
        await house.runner.close()

    asyncio.run(told())


def test_closing_commits_what_was_stepped() -> None:
    async def story(house: House) -> None:
        waiting = [house.submit(hold(f"h{i}", i)) for i in range(3)]
        await house.runner.close()
        for outcome in waiting:
            assert outcome.done()
            assert isinstance(outcome.result(), Accepted)

    run(story)


def test_it_counts_what_happens() -> None:
    async def story(house: House) -> None:
        before = house.runner.commands
        held = await house.ask(hold("a", 0))
        assert isinstance(held, Accepted)
        assert isinstance(await house.ask(hold("b", 0)), Refusal)
        assert isinstance(await house.ask(hold("a", 0)), Accepted)
        assert house.runner.commands == before + 3
        assert house.runner.entries_by_kind[entries.SeatsHeld] == 1
        assert house.runner.refusals_by_code == {Code.PLACES_TAKEN: 1}
        assert house.runner.standing() == Standing(serving=1)

    run(story)


def test_what_is_not_durable_yet_is_seen_with_its_age() -> None:
    async def story(house: House) -> None:
        house.journal.order(AppendFault.FAIL_BEFORE)
        waiting = [house.submit(hold(f"h{i}", i)) for i in range(3)]
        house.clock.advance(40)
        standing = house.runner.standing()
        assert (standing.undurable_entries, standing.undurable_ms) == (3, 40)
        await asyncio.wait(waiting)
        assert house.runner.commits_failed == 1
        assert house.runner.refusals_by_code == {Code.UNAVAILABLE: 3}
        assert (await house.ask(hold("again", 0))).id == "again"
        assert house.runner.standing() == Standing(serving=1)

    run(story)
