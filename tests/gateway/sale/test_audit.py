"""The auditor finds what a sound journal must not have."""

from __future__ import annotations

import pytest

from gateway.sale.audit import BLOCKED, BOOKED, FREE, HELD, Auditor
from seatengine.core.entries import (
    BookingCancelled,
    BookingMoved,
    ChartBound,
    Entry,
    HoldChanged,
    HoldExpired,
    HoldExtended,
    HoldReleased,
    SeatsBlocked,
    SeatsBooked,
    SeatsHeld,
    SeatsUnblocked,
)
from seatengine.core.policy import SalePolicy, Tariff
from seatengine.ids import BookingId, ChartHash, CommandId, HolderId, HoldId
from seatengine.limits import MAX_FINDINGS_NAMED

ANN, BEN = HolderId("v_ann"), HolderId("v_ben")
BOUND = ChartBound(0, CommandId("bind"), ChartHash("c0"), SalePolicy(), Tariff("EUR", (100,)))


def held(ref: str, holder: HolderId, *places: int) -> SeatsHeld:
    return SeatsHeld(1, CommandId(f"{holder}/{ref}"), holder, list(places), 60_000, 0)


def booked(ref: str, holder: HolderId, hold: int, booking: str, *places: int) -> SeatsBooked:
    command = CommandId(f"{holder}/{ref}")
    return SeatsBooked(2, command, holder, HoldId(hold), BookingId(booking), list(places), 0)


def read(*journaled: Entry, watched: frozenset[str] = frozenset()) -> Auditor:
    auditor = Auditor(watched)
    auditor.read([BOUND, *journaled])
    return auditor


def test_a_sound_sale_has_no_mistakes_and_its_counts_are_right() -> None:
    auditor = read(
        held("1", ANN, 4, 5, 6),
        HoldChanged(2, CommandId("v_ann/2"), ANN, HoldId(2), added=[7], dropped=[4]),
        HoldExtended(3, CommandId("v_ann/3"), ANN, HoldId(2), 90_000),
        booked("4", ANN, 2, "BK1", 5, 6, 7),
        held("1", BEN, 4),
        HoldExpired(5, BEN, HoldId(6)),
        BookingMoved(6, CommandId("k/1"), BookingId("BK1"), [7], [4]),
        BookingCancelled(7, CommandId("k/2"), BookingId("BK1"), [5]),
        SeatsBlocked(8, CommandId("k/3"), [9], "camera"),
        held("5", ANN, 0),
        HoldReleased(9, CommandId("v_ann/6"), ANN, HoldId(11)),
        held("7", BEN, 1, 2),
    )
    assert auditor.findings == []
    assert (auditor.mistakes, auditor.double_sold) == (0, 0)
    assert auditor.counts() == {BOOKED: 2, BLOCKED: 1, HELD: 2}
    assert auditor.bookings["BK1"].places == {4, 6}
    assert [auditor.status(place) for place in (4, 5, 9, 1)] == [BOOKED, FREE, BLOCKED, HELD]
    assert auditor.chart_hash == "c0"


@pytest.mark.parametrize(
    "thief",
    [
        held("1", BEN, 3, 4),
        booked("1", BEN, 0, "BK2", 4),
        SeatsBlocked(3, CommandId("k/1"), [4], ""),
    ],
)
def test_a_place_given_to_two_is_sold_twice(thief: Entry) -> None:
    auditor = read(held("1", ANN, 4), thief)
    assert auditor.double_sold == 1
    assert "place 4 of hold 2" in auditor.findings[0]


def test_growing_a_hold_or_moving_a_booking_onto_taken_places_is_selling_twice() -> None:
    auditor = read(
        held("1", ANN, 1),
        booked("1", BEN, 0, "BK1", 2),
        HoldChanged(3, CommandId("v_ann/2"), ANN, HoldId(2), added=[2], dropped=[]),
        BookingMoved(4, CommandId("k/1"), BookingId("BK1"), [2], [1]),
    )
    assert auditor.double_sold == 2


@pytest.mark.parametrize(
    ("second", "words"),
    [
        (HoldReleased(3, CommandId("x"), ANN, HoldId(99)), "ends hold 99"),
        (HoldExpired(3, ANN, HoldId(99)), "ends hold 99"),
        (HoldExtended(3, CommandId("x"), ANN, HoldId(99), 5), "extends hold 99"),
        (HoldChanged(3, CommandId("x"), ANN, HoldId(99), [1], []), "changes hold 99"),
        (HoldChanged(3, CommandId("x"), ANN, HoldId(2), [], [8]), "frees place 8"),
        (booked("2", ANN, 2, "BK1", 4), "other places than hold 2"),
        (BookingCancelled(3, CommandId("x"), BookingId("none"), [4]), "cancels booking none"),
        (BookingMoved(3, CommandId("x"), BookingId("none"), [4], [5]), "moves booking none"),
        (SeatsUnblocked(3, CommandId("x"), [4]), "frees place 4"),
    ],
)
def test_an_entry_that_does_not_follow_is_named(second: Entry, words: str) -> None:
    auditor = read(held("1", ANN, 4, 5), second)
    assert auditor.mistakes >= 1
    assert words in auditor.findings[0]


def test_a_watched_command_tells_its_entry_and_the_places_after_it() -> None:
    change = HoldChanged(2, CommandId("v_ann/2"), ANN, HoldId(2), added=[7], dropped=[4])
    auditor = read(held("1", ANN, 4, 5), change, watched=frozenset({"v_ann/2"}))
    assert auditor.by_command.keys() == {"v_ann/2"}
    done = auditor.by_command["v_ann/2"]
    assert (done.seq, done.entry) == (3, change)
    assert done.places == frozenset({5, 7})


def test_a_watched_command_that_is_carried_out_twice_is_a_mistake() -> None:
    auditor = read(held("1", ANN, 4), held("1", ANN, 5), watched=frozenset({"v_ann/1"}))
    assert auditor.findings == ["command v_ann/1 was carried out twice: 2 and 3"]


def test_findings_are_bounded_and_still_counted() -> None:
    auditor = read(*(HoldExpired(1, ANN, HoldId(99)) for _ in range(MAX_FINDINGS_NAMED + 10)))
    assert len(auditor.findings) == MAX_FINDINGS_NAMED
    assert auditor.mistakes == MAX_FINDINGS_NAMED + 10
