"""Snapshots are written in slices: what is kept is whole, and others run meanwhile."""

from __future__ import annotations

import asyncio

import pytest

from seatengine.core import snapshot
from seatengine.shell.snapshot_keeping import keep
from seatengine.testing import MemorySnapshots
from tests.core.audited import EVENT
from tests.core.lived import lived


def test_what_is_kept_is_the_snapshot_and_others_run_meanwhile(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(snapshot, "_ITEMS_PER_PIECE", 1)
    state = lived(7, 200).shard.state
    store = MemorySnapshots()

    async def told() -> int:
        keeping = asyncio.create_task(keep(snapshot.freeze(state), store))
        turns = 0
        while not keeping.done():
            turns += 1
            await asyncio.sleep(0)
        await keeping
        assert await store.latest(EVENT) == (state.seq, snapshot.take(state))
        return turns

    assert asyncio.run(told()) > len(state.holds) + len(state.bookings) >= 4
