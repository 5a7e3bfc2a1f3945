"""Snapshots: what was taken comes back, and goes on as if nothing had happened (S1, S2)."""

from __future__ import annotations

from random import Random
from unittest import mock

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seatengine.core import snapshot
from seatengine.core.event_state import EventState
from seatengine.core.shard import Shard
from seatengine.ids import EventId
from tests import venues
from tests.core.audited import EVENT, Audited
from tests.core.lived import live_through, lived
from tests.sim.workload import Workload

TABLES = {venues.pocket().chart_hash: venues.pocket()}


@settings(max_examples=40, deadline=None, derandomize=True)
@given(st.integers(0, 10_000))
def test_s2_a_snapshot_comes_back_as_it_was(seed: int) -> None:
    state = lived(seed, 60).shard.state
    taken = snapshot.take(state)
    restored = snapshot.restore(taken, TABLES)
    assert snapshot.take(restored) == taken
    assert snapshot.state_hash(restored) == snapshot.state_hash(state)
    for derived in ("holds_by_holder", "booked_by_holder", "holds", "bookings", "block_reasons"):
        assert getattr(restored, derived) == getattr(state, derived), derived
    assert bytes(restored.status_view) == bytes(state.status)


@settings(max_examples=25, deadline=None, derandomize=True)
@given(st.integers(0, 10_000))
def test_s2_a_restored_event_goes_on_as_the_first_would_have(seed: int) -> None:
    event = lived(seed, 40)
    restored = Shard(EVENT, TABLES, snapshot.restore(snapshot.take(event.shard.state), TABLES))
    restored.remember(1, event.auditor.log)
    twin = Audited(restored, event.auditor, event.now_ms, event.asked)
    rng = Random(seed + 1)
    # The auditor goes on with the twin: whatever a restore forgets, it knows.
    live_through(twin, _strangers(rng), rng, 40)
    assert restored.seq == len(event.auditor.log)


@settings(max_examples=25, deadline=None, derandomize=True)
@given(st.integers(0, 10_000), st.integers(1, 7))
def test_s2_what_happens_while_it_is_written_down_is_not_in_it(seed: int, slice_items: int) -> None:
    event = lived(seed, 40)
    expected = snapshot.take(event.shard.state)
    frozen = snapshot.freeze(event.shard.state)
    rng = Random(seed + 1)
    strangers = _strangers(rng)
    live_through(event, strangers, rng, 4)
    written = b""
    with mock.patch.object(snapshot, "_ITEMS_PER_PIECE", slice_items):
        for piece in snapshot.pieces(frozen):
            assert len(piece) < len(expected)
            written += piece
            live_through(event, strangers, rng, 2)
    assert written == expected


def _strangers(rng: Random) -> Workload:
    workload = Workload(rng, venues.pocket())
    for _ in range(1_000):
        # Ids of the first workload must not be met again by chance.
        workload._minted += 1
    return workload


def test_an_event_without_a_chart_can_be_kept_too() -> None:
    empty = EventState(EventId("empty"))
    restored = snapshot.restore(snapshot.take(empty), {})
    assert (restored.seq, restored.table, bytes(restored.status)) == (0, None, b"")


def test_what_is_not_a_snapshot_is_refused() -> None:
    taken = snapshot.take(lived(1, 10).shard.state)
    later = msgspec.msgpack.encode(
        [snapshot.SNAPSHOT_FORMAT + 1, *msgspec.msgpack.decode(taken)[1:]]
    )
    for wrong in (b"", taken[:-1], later):
        with pytest.raises(msgspec.DecodeError):
            snapshot.restore(wrong, TABLES)


def test_a_snapshot_of_an_unknown_chart_is_refused() -> None:
    with pytest.raises(KeyError):
        snapshot.restore(snapshot.take(lived(1, 10).shard.state), {})


def test_decode_names_the_chart_without_having_it() -> None:
    seen = snapshot.decode(snapshot.take(lived(1, 10).shard.state))
    assert (seen.event, seen.chart_hash) == (EVENT, venues.pocket().chart_hash)


def test_s3_equal_states_have_equal_hashes_and_others_have_not() -> None:
    assert snapshot.state_hash(lived(3, 30).shard.state) == snapshot.state_hash(
        lived(3, 30).shard.state
    )
    assert snapshot.state_hash(lived(3, 30).shard.state) != snapshot.state_hash(
        lived(4, 30).shard.state
    )
