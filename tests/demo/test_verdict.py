"""The verdict misses nothing: every way in which a telling can be untrue is found."""

from __future__ import annotations

import msgspec
import pytest

from gateway.demo.told import Told
from gateway.demo.verdict import Verdict, command_of, judge
from gateway.sale.audit import Auditor
from seatengine.core.entries import BookingCancelled, Entry, HoldReleased
from seatengine.ids import BookingId, CommandId, HoldId
from tests.gateway.sale.test_audit import ANN, BEN, BOUND, booked, held

JOURNAL: list[Entry] = [
    BOUND,
    held("h", ANN, 1, 2),
    booked("b", ANN, 2, "BK1", 1, 2),
    held("h", BEN, 3),
    HoldReleased(5, CommandId("v_ben/r"), BEN, HoldId(4)),
]
HELD = Told("held", "ev", "v_ann", "h", hold=2, places=[2, 1])
BOOKED = Told("booked", "ev", "v_ann", "b", 2, "BK1", [1, 2], 200)
ENDED = Told("ended", "ev", "v_ben", "r", hold=4)


def verdict(facts: list[Told], journaled: list[Entry] = JOURNAL) -> Verdict:
    auditor = Auditor(frozenset(map(command_of, facts)))
    auditor.read(journaled)
    return judge(facts, {"ev": auditor})


def changed(fact: Told, **fields: object) -> Told:
    return msgspec.structs.replace(fact, **fields)


def test_true_tellings_have_a_clean_verdict() -> None:
    refused = Told("refused", "ev", "v_ben", "no", code=20)
    kept = Told("kept", "ev", "v_ann", "", hold=2, places=[1, 2])
    assert verdict([HELD, kept, BOOKED, ENDED, refused]) == Verdict()


@pytest.mark.parametrize(
    "untrue",
    [
        changed(HELD, ref="other"),
        changed(HELD, hold=3),
        changed(HELD, places=[1]),
        changed(HELD, kind="changed"),
        changed(BOOKED, places=[1]),
        changed(BOOKED, booking="BK9"),
        changed(BOOKED, ref="other"),
        changed(ENDED, hold=2),
        changed(ENDED, ref="other"),
        Told("refused", "ev", "v_ann", "h", code=20),
        Told("missing", "ev", "v_ann", "", hold=2, places=[1, 2]),
    ],
)
def test_an_untrue_telling_counts_as_lost(untrue: Told) -> None:
    found = verdict([untrue])
    assert found.lost >= 1
    assert found.findings


def test_a_cancelled_booking_may_be_gone_but_no_other() -> None:
    cancelled = [*JOURNAL, BookingCancelled(9, CommandId("k/1"), BookingId("BK1"), [1, 2])]
    desk = Told("cancelled", "ev", "", "", booking="BK1")
    assert verdict([BOOKED, desk], cancelled) == Verdict()
    assert verdict([BOOKED], cancelled).lost == 1


def test_two_buyers_told_of_one_place_is_selling_twice() -> None:
    twice = [*JOURNAL, booked("b", BEN, 0, "BK2", 2)]
    found = verdict([BOOKED, Told("booked", "ev", "v_ben", "b", 0, "BK2", [2], 100)], twice)
    # Once by the journal, once by what was told.
    assert found.double_sold == 2


def test_mistakes_of_the_journal_itself_count() -> None:
    broken = [*JOURNAL, HoldReleased(9, CommandId("x"), BEN, HoldId(4))]
    assert verdict([], broken).lost == 1
