"""The in-memory ports' own extras: faults to order, the clock. Their port promises are checked by
the contract suites in tests/shell, which run on them and on Postgres alike."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest

from seatengine.errors import BadChart, StoreUnavailable, UnknownEvent
from seatengine.ids import ChartHash, Epoch, EventId, Seq
from seatengine.ports import Append, ChartSource, Clock, Frame, Journal, Lease, SnapshotStore
from seatengine.testing import (
    AppendFault,
    ManualClock,
    MemoryCharts,
    MemoryJournal,
    MemoryLease,
    MemorySnapshots,
)

EVENT = EventId("gala")


def one(epoch: int = 1, first: int = 1, last: int = 1) -> list[Append]:
    return [Append(EVENT, Epoch(epoch), Seq(first), Seq(last), b"\x90")]


def claimed() -> MemoryJournal:
    journal = MemoryJournal()
    journal.create(EVENT)
    journal.claim(EVENT, "a")
    return journal


def run(coroutine: Coroutine[Any, Any, None]) -> None:
    asyncio.run(coroutine)


def test_they_are_the_ports() -> None:
    journal = MemoryJournal()
    ports: tuple[Clock, Journal, Lease, SnapshotStore, ChartSource] = (
        ManualClock(),
        journal,
        MemoryLease(journal),
        MemorySnapshots(),
        MemoryCharts(),
    )
    assert len(ports) == 5


def test_clock_only_goes_forward() -> None:
    clock = ManualClock(1_000)
    assert clock.advance(5) == clock.now_ms() == 1_005
    with pytest.raises(ValueError, match="does not go back"):
        clock.advance(-1)


def test_fail_before_writes_nothing_and_fail_after_writes() -> None:
    async def scene() -> None:
        journal = claimed()
        journal.order(AppendFault.FAIL_BEFORE, AppendFault.FAIL_AFTER, None)
        with pytest.raises(StoreUnavailable):
            await journal.append(one())
        assert journal.head_seq(EVENT) == 0
        with pytest.raises(StoreUnavailable):
            await journal.append(one())
        assert journal.head_seq(EVENT) == 1
        assert await journal.append(one(first=2, last=4)) == frozenset()
        assert await journal.read(EVENT, Seq(1), 10) == [Frame(Seq(2), Seq(4), b"\x90")]
        assert journal.appends_seen == 3

    run(scene())


def test_d4_an_append_that_stalls_past_a_takeover_is_fenced() -> None:
    async def scene() -> None:
        journal = claimed()
        journal.order(AppendFault.STALL_BEFORE)
        late = asyncio.create_task(journal.append(one()))
        while not journal.stalled:
            await asyncio.sleep(0)
        claim = await MemoryLease(journal).claim(EVENT, "b")
        assert (claim.epoch, claim.head_seq) == (2, 0)
        journal.resume()
        assert await late == {EVENT}
        assert journal.head_seq(EVENT) == 0

    run(scene())


def test_an_append_whose_answer_stalls_is_durable_already() -> None:
    async def scene() -> None:
        journal = claimed()
        journal.order(AppendFault.STALL_AFTER)
        late = asyncio.create_task(journal.append(one()))
        while not journal.stalled:
            await asyncio.sleep(0)
        assert journal.head_seq(EVENT) == 1
        journal.resume()
        assert await late == frozenset()

    run(scene())


def test_calm_forgets_what_was_ordered() -> None:
    async def scene() -> None:
        journal = claimed()
        journal.order(AppendFault.STALL_BEFORE, AppendFault.FAIL_BEFORE)
        late = asyncio.create_task(journal.append(one()))
        while not journal.stalled:
            await asyncio.sleep(0)
        journal.calm()
        assert await late == frozenset()
        assert await journal.append(one(first=2, last=2)) == frozenset()

    run(scene())


def test_everything_is_unavailable_while_down() -> None:
    async def scene() -> None:
        journal, snapshots, charts = claimed(), MemorySnapshots(), MemoryCharts()
        journal.down = snapshots.down = charts.down = True
        for call in (
            journal.append(one()),
            journal.read(EVENT, Seq(0), 1),
            MemoryLease(journal).claim(EVENT, "b"),
            snapshots.save(EVENT, Seq(1), b""),
            snapshots.latest(EVENT),
            charts.seat_table(ChartHash("none")),
        ):
            with pytest.raises(StoreUnavailable):
                await call
        journal.down = False
        assert await journal.append(one()) == frozenset()

    run(scene())


def test_unknown_events_and_charts_are_named() -> None:
    async def scene() -> None:
        with pytest.raises(UnknownEvent, match="gala"):
            await MemoryLease(MemoryJournal()).claim(EVENT, "a")
        with pytest.raises(BadChart, match="no chart none"):
            await MemoryCharts().seat_table(ChartHash("none"))
        assert await MemoryJournal().append(one()) == {EVENT}

    run(scene())
