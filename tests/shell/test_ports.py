"""What each port promises, checked on memory and on Postgres alike."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from seatengine.chart.chart import chart_hash
from seatengine.chart.seat_table import build
from seatengine.core.entries import frame
from seatengine.errors import BadChart, UnknownEvent
from seatengine.ids import ChartHash, Epoch, EventId, Seq
from seatengine.ports import Append, Frame
from tests.shell.stores import OpenStore, Store
from tests.venues import hall_chart, pocket_chart

GALA, OPERA = EventId("gala"), EventId("opera")


def run(open_store: OpenStore, scene: Callable[[Store], Awaitable[None]]) -> None:
    async def main() -> None:
        async with open_store() as store:
            for event in (GALA, OPERA):
                await store.put_on_sale(event, pocket_chart())
            await scene(store)

    asyncio.run(main())


def entries(event: EventId, epoch: int, first: int, last: int) -> Append:
    """Frames are opaque to a store; these say what they hold."""
    data = frame([b"\x00"] * (last - first + 1))
    return Append(event, Epoch(epoch), Seq(first), Seq(last), data)


def test_append_writes_many_events_at_once(open_store: OpenStore) -> None:
    async def scene(store: Store) -> None:
        for event in (GALA, OPERA):
            assert (await store.lease.claim(event, "a")).epoch == 1
        assert not await store.journal.append([entries(OPERA, 1, 1, 3), entries(GALA, 1, 1, 1)])
        assert not await store.journal.append([entries(GALA, 1, 2, 400)])
        assert [(f.first_seq, f.last_seq) for f in await store.journal.read(GALA, Seq(0), 9)] == [
            (1, 1),
            (2, 400),
        ]
        assert await store.journal.read(OPERA, Seq(0), 9) == [
            Frame(Seq(1), Seq(3), entries(OPERA, 1, 1, 3).frame)
        ]

    run(open_store, scene)


def test_append_of_nothing(open_store: OpenStore) -> None:
    async def scene(store: Store) -> None:
        assert await store.journal.append([]) == frozenset()

    run(open_store, scene)


@pytest.mark.parametrize(
    "stale",
    [
        pytest.param(entries(GALA, 1, 3, 3), id="old epoch"),
        pytest.param(entries(GALA, 3, 3, 3), id="epoch never given"),
        pytest.param(entries(GALA, 2, 2, 3), id="overlaps the head"),
        pytest.param(entries(GALA, 2, 4, 4), id="leaves a gap"),
        pytest.param(entries(EventId("unheard of"), 1, 1, 1), id="unknown event"),
    ],
)
def test_append_fences_one_event_and_writes_the_others(
    open_store: OpenStore, stale: Append
) -> None:
    async def scene(store: Store) -> None:
        await store.lease.claim(GALA, "a")
        await store.lease.claim(OPERA, "a")
        await store.journal.append([entries(GALA, 1, 1, 2)])
        await store.lease.claim(GALA, "b")
        assert await store.journal.append([stale, entries(OPERA, 1, 1, 1)]) == {stale.event}
        assert [f.last_seq for f in await store.journal.read(GALA, Seq(0), 9)] == [2]
        assert [f.last_seq for f in await store.journal.read(OPERA, Seq(0), 9)] == [1]
        assert not await store.journal.append([entries(GALA, 2, 3, 3)])

    run(open_store, scene)


def test_read_begins_with_the_frame_that_holds_the_next_entry(open_store: OpenStore) -> None:
    async def scene(store: Store) -> None:
        await store.lease.claim(GALA, "a")
        for first in (1, 11, 21, 31):
            await store.journal.append([entries(GALA, 1, first, first + 9)])

        async def firsts(after: int, most: int) -> list[int]:
            return [f.first_seq for f in await store.journal.read(GALA, Seq(after), most)]

        assert await firsts(0, 9) == [1, 11, 21, 31]
        assert await firsts(9, 9) == [1, 11, 21, 31]
        assert await firsts(10, 9) == [11, 21, 31]
        assert await firsts(15, 2) == [11, 21]
        assert await firsts(39, 9) == [31]
        assert await firsts(40, 9) == []
        assert await store.journal.read(OPERA, Seq(0), 9) == []

    run(open_store, scene)


def test_claims_of_many_owners_at_once_each_have_their_epoch(open_store: OpenStore) -> None:
    async def scene(store: Store) -> None:
        claims = await asyncio.gather(*(store.lease.claim(GALA, f"o{n}") for n in range(8)))
        assert sorted(c.epoch for c in claims) == list(range(1, 9))
        assert {c.head_seq for c in claims} == {0}

    run(open_store, scene)


def test_claim_of_an_unknown_event(open_store: OpenStore) -> None:
    async def scene(store: Store) -> None:
        with pytest.raises(UnknownEvent, match="nobody"):
            await store.lease.claim(EventId("nobody"), "a")

    run(open_store, scene)


def test_d4_takeovers_under_load_lose_nothing_and_let_nobody_write_late(
    open_store: OpenStore,
) -> None:
    """Owners that keep taking each other's event away: every append either is in the journal at
    its place or was refused, and a claim's head is final."""

    async def scene(store: Store) -> None:
        written: list[tuple[int, int]] = []
        heads: list[tuple[int, int]] = []

        async def own(owner: str) -> None:
            for _ in range(6):
                claim = await store.lease.claim(GALA, owner)
                heads.append((claim.epoch, claim.head_seq))
                head = claim.head_seq
                for _ in range(5):
                    fenced = await store.journal.append(
                        [entries(GALA, claim.epoch, head + 1, head + 3)]
                    )
                    if fenced:
                        break
                    head = Seq(head + 3)
                    written.append((claim.epoch, head))

        await asyncio.gather(*(own(f"o{n}") for n in range(4)))
        frames = await store.journal.read(GALA, Seq(0), 1_000)
        assert [f.last_seq for f in frames] == sorted(head for _, head in written)
        assert [f.first_seq for f in frames] == [1, *(f.last_seq + 1 for f in frames[:-1])]
        for epoch, head in heads:
            assert all((e < epoch) == (h <= head) for e, h in written)

    run(open_store, scene)


def test_snapshots_keep_the_newest(open_store: OpenStore) -> None:
    async def scene(store: Store) -> None:
        assert await store.snapshots.latest(GALA) is None
        await store.snapshots.save(GALA, Seq(5), b"five")
        await store.snapshots.save(GALA, Seq(9), b"nine")
        await store.snapshots.save(GALA, Seq(7), b"seven")
        await store.snapshots.save(OPERA, Seq(1), b"\x00" * 300_000)
        assert await store.snapshots.latest(GALA) == (9, b"nine")
        assert await store.snapshots.latest(OPERA) == (1, b"\x00" * 300_000)

    run(open_store, scene)


def test_charts_come_back_as_they_were(open_store: OpenStore) -> None:
    async def scene(store: Store) -> None:
        hall = hall_chart(4, 10)
        await store.put_on_sale(EventId("hall"), hall)
        for chart in (hall, pocket_chart(), hall):
            table = await store.charts.seat_table(chart_hash(chart))
            assert table.pack() == build(chart).pack()
        with pytest.raises(BadChart, match="no chart"):
            await store.charts.seat_table(ChartHash("none"))

    run(open_store, scene)
