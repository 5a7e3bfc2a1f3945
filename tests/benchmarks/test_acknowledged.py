"""The benchmark of recovery would notice what is lost."""

from __future__ import annotations

import msgspec
import pytest

from benchmarks.acknowledged import Acknowledged, is_so, is_written
from gateway.client.client import Answer
from gateway.live import wire
from seatengine.core.entries import Entry, HoldReleased, SeatsBooked, SeatsHeld
from seatengine.ids import BookingId, CommandId, HolderId, HoldId

ANN = HolderId("v_ann")
STATE = wire.HoldState(7, [1, 2], [100, 100], 9_000, 2)
HELD = wire.Held("a", STATE)
ENDED = wire.Ended("b", 7, 1)
BOOKED = wire.Booked("c", 7, "B", [1, 2], 200)

HELD_ENTRY = SeatsHeld(1, CommandId("v_ann/a"), ANN, [1, 2], 9_000, 0)
RELEASED_ENTRY = HoldReleased(2, CommandId("v_ann/b"), ANN, HoldId(7))
BOOKED_ENTRY = SeatsBooked(2, CommandId("v_ann/c"), ANN, HoldId(7), BookingId("B"), [1, 2], 0)


@pytest.mark.parametrize(
    ("answer", "seq", "entry"),
    [(HELD, 7, HELD_ENTRY), (ENDED, 8, RELEASED_ENTRY), (BOOKED, 8, BOOKED_ENTRY)],
)
def test_what_was_told_must_stand_in_the_journal(answer: Answer, seq: int, entry: Entry) -> None:
    said = Acknowledged("token", ANN, answer)
    name = f"v_ann/{answer.ref}"
    assert is_written(said, {name: (seq, entry)})
    assert not is_written(said, {})
    others = [e for e in (HELD_ENTRY, RELEASED_ENTRY, BOOKED_ENTRY) if e is not entry]
    assert not any(is_written(said, {name: (seq, other)}) for other in others)


def test_it_must_stand_there_as_it_was_told() -> None:
    held = Acknowledged("token", ANN, HELD)
    assert not is_written(held, {"v_ann/a": (8, HELD_ENTRY)})
    elsewhere = SeatsHeld(1, CommandId("v_ann/a"), ANN, [1, 3], 9_000, 0)
    assert not is_written(held, {"v_ann/a": (7, elsewhere)})


def test_the_server_must_stand_by_what_it_said() -> None:
    mine = {7: STATE}
    assert is_so(HELD, mine, set(), set())
    assert not is_so(HELD, {}, set(), set())
    assert not is_so(HELD, {7: msgspec.structs.replace(STATE, places=[1])}, set(), set())
    assert is_so(HELD, {}, set(), {7})
    assert is_so(ENDED, {}, set(), {7})
    assert not is_so(ENDED, mine, set(), {7})
    assert is_so(BOOKED, {}, {1, 2, 9}, {7})
    assert not is_so(BOOKED, {}, {1}, {7})
