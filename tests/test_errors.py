"""Operating errors are told apart by a stable code."""

from __future__ import annotations

import inspect

from seatengine import errors
from seatengine.errors import BadChart, SeatEngineError

ALL = [
    kind
    for kind in vars(errors).values()
    if inspect.isclass(kind) and issubclass(kind, SeatEngineError)
]


def test_every_error_has_a_code_of_its_own() -> None:
    codes = [kind.code for kind in ALL]
    assert len(set(codes)) == len(ALL)
    assert set(codes) == {
        "internal",
        "bad-settings",
        "bad-chart",
        "store-unavailable",
        "fenced",
        "journal-gap",
        "unknown-event",
    }


def test_a_bad_chart_says_where_and_why() -> None:
    error = BadChart("rows[3]", "its section 'x' does not exist")
    assert (error.place, error.reason) == ("rows[3]", "its section 'x' does not exist")
    assert str(error) == "rows[3]: its section 'x' does not exist"
