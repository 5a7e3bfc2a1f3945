"""The table of legal moves is itself what was promised (H3)."""

from __future__ import annotations

from itertools import product

from seatengine.core.seating import (
    BLOCKED,
    BOOKED,
    FREE,
    HELD,
    LEGAL_MOVES,
    RETIRED,
    STATUS_NAMES,
)


def test_h3_nothing_is_taken_from_anyone_who_has_it() -> None:
    # What somebody has goes back to free before it is another's; only a hold is paid in place.
    taken = (HELD, BOOKED, BLOCKED)
    straight = {(a, b) for a, b in product(taken, taken) if (a, b) in LEGAL_MOVES}
    assert straight == {(HELD, BOOKED)}


def test_h3_every_status_can_be_left_but_retirement() -> None:
    assert {a for a, _ in LEGAL_MOVES} == {FREE, HELD, BOOKED, BLOCKED}
    assert RETIRED not in {status for move in LEGAL_MOVES for status in move}


def test_statuses_are_numbered_as_they_are_named() -> None:
    assert [STATUS_NAMES[s] for s in (FREE, HELD, BOOKED, BLOCKED, RETIRED)] == [
        "free",
        "held",
        "booked",
        "blocked",
        "retired",
    ]
