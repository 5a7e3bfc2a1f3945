"""Net effects: what a run of entries changes in the tables, and above all what it does not."""

from __future__ import annotations

import pytest

from seatengine.core.entries import (
    BookingCancelled,
    BookingMoved,
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
from seatengine.core.policy import SalePolicy
from seatengine.errors import JournalGap
from seatengine.ids import BookingId, CommandId, HolderId, HoldId
from seatengine.shell.projection import (
    CategoryCounts,
    ProjectedBooking,
    ProjectedHold,
    Projection,
    References,
    Sale,
)
from tests.venues import GOLD, SILVER, TARIFF, pocket

ANNA, BEN, DO = HolderId("v_anna"), HolderId("v_ben"), CommandId("do")
BOOKING = BookingId("BK-1")
FIRST = 101
NOTHING = CategoryCounts()


def held(*places: int, holder: HolderId = ANNA) -> SeatsHeld:
    return SeatsHeld(5, DO, holder, list(places), 900, 0)


def stored_hold(*places: int) -> ProjectedHold:
    return ProjectedHold(ANNA, list(places), 0, 1, 900, set(places))


def stored_booking(*places: int) -> ProjectedBooking:
    return ProjectedBooking(ANNA, list(places), 0, 1, stored=set(places))


def project(
    *run: Entry,
    holds: dict[HoldId, ProjectedHold] | None = None,
    bookings: dict[BookingId, ProjectedBooking] | None = None,
) -> Projection:
    projection = Projection(Sale(pocket(), SalePolicy(), [TARIFF]), holds or {}, bookings or {})
    projection.apply(FIRST, run)
    projection.finish()
    return projection


@pytest.mark.parametrize(
    "end", [HoldReleased(9, DO, ANNA, HoldId(FIRST)), HoldExpired(9, ANNA, HoldId(FIRST))]
)
def test_a_hold_that_comes_and_goes_within_the_run_leaves_nothing(end: Entry) -> None:
    hold = HoldId(FIRST)
    done = project(
        held(0, 1),
        HoldChanged(6, DO, ANNA, hold, [2], [0]),
        HoldExtended(7, DO, ANNA, hold, 1_900),
        end,
    )
    assert (done.places, done.holds, done.ended) == ({}, {}, [])
    assert done.counts == [NOTHING] * 3


def test_a_hold_that_lives_is_written_as_it_ends_up() -> None:
    done = project(held(0, 1), HoldChanged(6, DO, ANNA, HoldId(FIRST), [16], [0]))
    assert done.places == {1: ("held", FIRST, None), 16: ("held", FIRST, None)}
    assert done.holds[HoldId(FIRST)].places == [1, 16]
    assert (done.counts[GOLD].held, done.counts[SILVER].held) == (1, 1)


def test_of_a_stored_hold_only_the_difference_is_written() -> None:
    done = project(
        HoldChanged(6, DO, ANNA, HoldId(50), [2], [0]), holds={HoldId(50): stored_hold(0, 1)}
    )
    assert done.places == {0: ("free", None, None), 2: ("held", 50, None)}
    assert done.counts[GOLD] == NOTHING
    assert done.ended == []


def test_a_place_goes_to_its_last_owner() -> None:
    done = project(
        HoldReleased(6, DO, ANNA, HoldId(50)),
        held(0, holder=BEN),
        HoldReleased(7, DO, BEN, HoldId(FIRST + 1)),
        held(0, 1),
        holds={HoldId(50): stored_hold(0, 1, 2)},
    )
    last = ("held", FIRST + 3, None)
    assert done.places == {0: last, 1: last, 2: ("free", None, None)}
    assert done.ended == [50]
    assert done.counts[GOLD].held == -1


def test_a_booking_of_a_new_hold_counts_as_sold_and_never_as_held() -> None:
    done = project(held(0, 16), SeatsBooked(6, DO, ANNA, HoldId(FIRST), BOOKING, [0, 16], 0))
    assert done.places == {0: ("booked", None, BOOKING), 16: ("booked", None, BOOKING)}
    assert done.counts[GOLD] == CategoryCounts(booked=1, revenue=9_000)
    assert done.counts[SILVER] == CategoryCounts(booked=1, revenue=5_000)
    assert (done.holds, done.ended) == ({}, [])


def test_a_move_costs_what_the_new_places_cost() -> None:
    done = project(
        BookingMoved(6, DO, BOOKING, [0], [16]), bookings={BOOKING: stored_booking(0, 1)}
    )
    assert done.counts[GOLD] == CategoryCounts(booked=-1, revenue=-9_000)
    assert done.counts[SILVER] == CategoryCounts(booked=1, revenue=5_000)
    assert done.bookings[BOOKING].places == [16, 1]
    assert done.places == {0: ("free", None, None), 16: ("booked", None, BOOKING)}


def test_a_cancelled_reference_may_be_sold_again() -> None:
    done = project(
        BookingCancelled(6, DO, BOOKING, [0, 1]),
        SeatsBooked(7, DO, BEN, HoldId(0), BOOKING, [1], 0),
        bookings={BOOKING: stored_booking(0, 1)},
    )
    booking = done.bookings[BOOKING]
    assert (booking.holder, booking.places, booking.stored) == (BEN, [1], {0, 1})
    assert booking.cancelled_at_ms is None
    assert done.counts[GOLD] == CategoryCounts(booked=-1, revenue=-9_000)


def test_blocks_that_are_lifted_leave_no_count() -> None:
    done = project(SeatsBlocked(6, DO, [0, 1], "camera"), SeatsUnblocked(7, DO, [0]))
    assert done.places == {0: ("free", None, None), 1: ("blocked", None, None)}
    assert done.counts[GOLD] == CategoryCounts(blocked=1)


def test_an_entry_about_nothing_stops_it() -> None:
    with pytest.raises(JournalGap, match=f"entry {FIRST + 1} does not follow"):
        project(held(0), HoldReleased(6, DO, ANNA, HoldId(50)))


def test_references_are_what_the_run_did_not_make() -> None:
    references = References()
    references.collect(FIRST, [held(0), HoldReleased(6, DO, ANNA, HoldId(50))])
    references.collect(
        FIRST + 2,
        [
            HoldExtended(7, DO, ANNA, HoldId(FIRST), 1_900),
            SeatsBooked(8, DO, ANNA, HoldId(60), BOOKING, [1], 0),
            BookingCancelled(9, DO, BookingId("BK-0"), [2]),
        ],
    )
    assert references.holds == {50, 60}
    assert references.bookings == {BOOKING, "BK-0"}
