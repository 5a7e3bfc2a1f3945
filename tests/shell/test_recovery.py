"""A recovered shard is the one that was lost, whatever snapshot there is, and remembers answers."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from seatengine.chart.chart import chart_hash
from seatengine.core import commands, snapshot
from seatengine.core.entries import frame
from seatengine.core.outputs import Accepted, Refusal
from seatengine.core.policy import SalePolicy
from seatengine.core.shard import Shard
from seatengine.errors import JournalGap, UnknownEvent
from seatengine.ids import BookingId, CommandId, Epoch, EventId, HolderId, HoldId, Seq
from seatengine.ports import Append, Frame
from seatengine.shell import recovery
from seatengine.shell.recovery import recover
from tests.shell.stores import OpenStore, Store
from tests.venues import TARIFF, pocket, pocket_chart

GALA = EventId("gala")
NOW_MS = 1_700_000_000_000


class Owner:
    """A shard with its store, and what it takes to lose it."""

    def __init__(self, store: Store, shard: Shard, epoch: Epoch) -> None:
        self.store = store
        self.shard = shard
        self.epoch = epoch

    def hold(self, number: int, *places: int) -> Accepted | Refusal:
        command = commands.HoldSeats(
            id=CommandId(f"h{number}"), holder=HolderId(f"v{number}"), places=list(places)
        )
        outcome = self.shard.step(command, NOW_MS + number)
        assert isinstance(outcome, Accepted | Refusal)
        return outcome

    async def commit(self) -> None:
        batch = self.shard.take_ready()
        assert batch is not None
        first, last = Seq(batch.after_seq + 1), Seq(batch.seq)
        append = Append(GALA, self.epoch, first, last, frame(batch.encoded))
        assert not await self.store.journal.append([append])

    async def save(self) -> None:
        data = snapshot.take(self.shard.state)
        await self.store.snapshots.save(GALA, Seq(self.shard.seq), data)


async def recovered(store: Store) -> Owner:
    shard, epoch = await recover(
        GALA,
        "test",
        lease=store.lease,
        journal=store.journal,
        snapshots=store.snapshots,
        charts=store.charts,
    )
    return Owner(store, shard, epoch)


async def bound(store: Store) -> Owner:
    await store.put_on_sale(GALA, pocket_chart())
    owner = await recovered(store)
    assert owner.shard.seq == 0
    owner.shard.tables[pocket().chart_hash] = pocket()
    bind = commands.BindChart(
        id=CommandId("bind"),
        holder=HolderId("k"),
        staff=True,
        chart_hash=chart_hash(pocket_chart()),
        policy=SalePolicy(),
        tariff=TARIFF,
    )
    assert isinstance(owner.shard.step(bind, NOW_MS), Accepted)
    await owner.commit()
    return owner


def run(open_store: OpenStore, scene: Callable[[Store], Awaitable[None]]) -> None:
    async def main() -> None:
        async with open_store() as store:
            await scene(store)

    asyncio.run(main())


@pytest.mark.parametrize("snapshot_at", [None, 1, 3, 6])
def test_s1_s2_it_is_the_same_shard(open_store: OpenStore, snapshot_at: int | None) -> None:
    async def scene(store: Store) -> None:
        owner = await bound(store)
        for number in range(1, 6):
            if owner.shard.seq == snapshot_at:
                await owner.save()
            owner.hold(number, number, number + 8)
            await owner.commit()
        if owner.shard.seq == snapshot_at:
            await owner.save()
        again = await recovered(store)
        assert again.epoch == owner.epoch + 1
        assert again.shard.seq == 6
        assert snapshot.state_hash(again.shard.state) == snapshot.state_hash(owner.shard.state)
        again.hold(9, 40)
        await again.commit()

    run(open_store, scene)


def test_a5_a_repeat_after_recovery_gets_the_first_answer(open_store: OpenStore) -> None:
    async def scene(store: Store) -> None:
        owner = await bound(store)
        before = owner.hold(1, 0, 1)
        await owner.commit()
        await owner.save()
        after = owner.hold(2, 2, 3)
        refused = owner.hold(3, 0)
        await owner.commit()
        again = await recovered(store)
        assert isinstance(before, Accepted)
        assert isinstance(after, Accepted)
        assert isinstance(refused, Refusal)
        for first, repeat in ((before, again.hold(1, 0, 1)), (after, again.hold(2, 2, 3))):
            assert isinstance(repeat, Accepted)
            assert (repeat.seq, repeat.entry) == (first.seq, first.entry)
        assert isinstance(again.hold(3, 0), Refusal)
        assert again.shard.uncommitted == 0

    run(open_store, scene)


def test_d5_what_was_not_committed_never_was(open_store: OpenStore) -> None:
    async def scene(store: Store) -> None:
        owner = await bound(store)
        owner.hold(1, 0, 1)
        again = await recovered(store)
        assert not again.shard.state.holds
        assert isinstance(again.hold(2, 0), Accepted)

    run(open_store, scene)


def test_long_journals_are_read_in_parts_and_summed_up(
    open_store: OpenStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recovery, "JOURNAL_READ_FRAMES", 2)
    monkeypatch.setattr(recovery, "SNAPSHOT_EVERY_ENTRIES", 15)
    monkeypatch.setattr(recovery, "DEDUP_WINDOW_ENTRIES", 4)
    monkeypatch.setattr(recovery, "_SLICE_ENTRIES", 3)

    async def scene(store: Store) -> None:
        owner = await bound(store)
        for number in range(1, 8):
            owner.hold(number, number)
            owner.hold(number + 10, number + 10)
            await owner.commit()
        again = await recovered(store)
        assert snapshot.state_hash(again.shard.state) == snapshot.state_hash(owner.shard.state)
        kept = await store.snapshots.latest(GALA)
        assert kept == (15, snapshot.take(owner.shard.state))
        # From here the window reaches back into the middle of a frame.
        third = await recovered(store)
        assert snapshot.state_hash(third.shard.state) == snapshot.state_hash(owner.shard.state)
        assert isinstance(third.hold(17, 17), Accepted)
        assert third.shard.uncommitted == 0

    run(open_store, scene)


@pytest.mark.parametrize("damage", ["garbage", "cut off", "places lost", "other event", "ahead"])
def test_a_bad_snapshot_costs_time_not_data(
    open_store: OpenStore, damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    async def scene(store: Store) -> None:
        owner = await bound(store)
        owner.hold(1, 0, 1)
        await owner.commit()
        good = snapshot.take(owner.shard.state)
        decoded = snapshot.decode(good)
        seq = Seq(2)
        if damage == "garbage":
            data = b"not a snapshot"
        elif damage == "cut off":
            data = good[:-5]
        elif damage == "places lost":
            decoded.status = decoded.status[:-1]
            data = snapshot._encode(decoded)
        elif damage == "other event":
            decoded.event = EventId("opera")
            data = snapshot._encode(decoded)
        else:
            decoded.seq = seq = Seq(99)
            data = snapshot._encode(decoded)
        await store.snapshots.save(GALA, seq, data)
        again = await recovered(store)
        assert snapshot.state_hash(again.shard.state) == snapshot.state_hash(owner.shard.state)

    run(open_store, scene)
    assert "replaying all" in caplog.text


class Damaged:
    """A journal whose frames come back changed."""

    def __init__(self, store: Store, change: Callable[[list[Frame]], list[Frame]]) -> None:
        self._store = store
        self._change = change

    async def append(self, appends: object) -> frozenset[EventId]:
        raise AssertionError("nothing is appended here")

    async def read(self, event: EventId, after_seq: Seq, max_frames: int) -> list[Frame]:
        return self._change(await self._store.journal.read(event, after_seq, max_frames))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        pytest.param(lambda f: f[:1] + f[2:], "goes from entry 1 to 3", id="a frame is missing"),
        pytest.param(lambda f: f[:-1], "ends at entry 3, its head is 4", id="the last is missing"),
        pytest.param(lambda f: [], "ends at entry 0", id="all are missing"),
        pytest.param(lambda f: [*f[:2], f[1], *f[2:]], "goes from entry 2 to 2", id="one twice"),
        pytest.param(
            lambda f: [*f[:3], Frame(f[3].first_seq, f[3].last_seq, b"\x91\xc0")],
            "frame 4..4 of event 'gala' cannot be read",
            id="unreadable",
        ),
        pytest.param(
            lambda f: [*f[:3], Frame(f[3].first_seq, f[3].last_seq, b"\x90")],
            "frame 4..4 of event 'gala' holds 0 entries",
            id="too few entries",
        ),
        pytest.param(
            lambda f: [f[0], f[1], Frame(Seq(3), Seq(3), f[3].frame), f[3]],
            "entry 4 of event 'gala' does not follow",
            id="one that cannot follow",
        ),
    ],
)
def test_s5_a_damaged_journal_stops_recovery(
    open_store: OpenStore, change: Callable[[list[Frame]], list[Frame]], said: str
) -> None:
    async def scene(store: Store) -> None:
        owner = await bound(store)
        owner.hold(1, 0, 1)
        await owner.commit()
        owner.hold(2, 2)
        await owner.commit()
        release = commands.BookHold(
            id=CommandId("b"), holder=HolderId("v1"), hold=HoldId(2), booking=BookingId("B")
        )
        assert isinstance(owner.shard.step(release, NOW_MS + 9), Accepted)
        await owner.commit()
        with pytest.raises(JournalGap, match=said):
            await recover(
                GALA,
                "test",
                lease=store.lease,
                journal=Damaged(store, change),
                snapshots=store.snapshots,
                charts=store.charts,
            )

    run(open_store, scene)


def test_what_a_later_owner_appends_meanwhile_is_not_ours(open_store: OpenStore) -> None:
    async def scene(store: Store) -> None:
        owner = await bound(store)

        class Overtaken(Damaged):
            async def read(self, event: EventId, after_seq: Seq, max_frames: int) -> list[Frame]:
                later = await recovered(store)
                later.hold(1, 0)
                await later.commit()
                return await store.journal.read(event, after_seq, max_frames)

        shard, epoch = await recover(
            GALA,
            "slow",
            lease=store.lease,
            journal=Overtaken(store, list),
            snapshots=store.snapshots,
            charts=store.charts,
        )
        assert (shard.seq, epoch) == (1, owner.epoch + 1)
        slow = Owner(store, shard, epoch)
        slow.hold(2, 1)
        with pytest.raises(AssertionError):
            await slow.commit()

    run(open_store, scene)


def test_an_unknown_event(open_store: OpenStore) -> None:
    async def scene(store: Store) -> None:
        with pytest.raises(UnknownEvent):
            await recovered(store)

    run(open_store, scene)


def test_the_table_of_the_chart_is_the_stored_one(open_store: OpenStore) -> None:
    async def scene(store: Store) -> None:
        await bound(store)
        again = await recovered(store)
        assert again.shard.state.table is not None
        assert again.shard.state.table.pack() == pocket().pack()

    run(open_store, scene)
