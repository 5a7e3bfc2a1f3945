"""The test venues are what their comments say: other tests build on it."""

from __future__ import annotations

from seatengine.chart import seat_table
from tests import venues
from tests.venues import pocket


def test_pocket_has_the_groups_that_the_constants_name() -> None:
    table = pocket()
    assert [g.label for g in table.groups] == [
        "A",
        "B",
        "C",
        "D",
        "Round",
        "Shared",
        "Booth",
        "Floor",
        "Lounge",
    ]
    assert table.size == venues.POCKET_SIZE
    assert table.group_places(venues.FLOOR) == list(venues.FLOOR_PLACES)
    assert table.group_places(venues.LOUNGE) == list(venues.LOUNGE_PLACES)
    assert [g.whole for g in table.groups] == [False] * 4 + [True, False, False, False, True]


def test_pocket_retires_what_was_taken_away() -> None:
    table = pocket()
    retired = [i for i in range(table.size) if table.flags[i] & seat_table.RETIRED]
    assert retired == [venues.GONE, 44, 45]


def test_row_a_has_an_aisle_and_row_b_has_none() -> None:
    links = pocket().link.tolist()
    assert links[0:8] == [1, 1, 1, 0, 1, 1, 1, 0]
    assert links[8:16] == [1, 1, 1, 1, 1, 1, 1, 0]


def test_hall_has_rows_one_behind_another() -> None:
    table = seat_table.build(venues.hall_chart(4, 5, accessible=(7,)))
    assert [g.label for g in table.groups] == ["A", "B", "C", "D"]
    assert int(table.flags[7]) == seat_table.ACCESSIBLE
    assert table.label(7) == "Stalls-B-3"
