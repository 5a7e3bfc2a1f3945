from __future__ import annotations

import pytest

from gateway.sale.place_directory import PlaceDirectory, UnknownName
from seatengine.chart.chart import Category, Chart, Row, Section
from seatengine.chart.seat_table import GroupKind, build
from tests import venues


@pytest.fixture(scope="module")
def directory() -> PlaceDirectory:
    return PlaceDirectory(venues.pocket())


def test_every_seat_is_found_by_the_label_it_is_told_with(directory: PlaceDirectory) -> None:
    table = directory.table
    seats = [
        p
        for p in range(table.size)
        if p != venues.GONE and table.groups[int(table.group[p])].kind is not GroupKind.AREA
    ]
    assert directory.places(directory.labels(seats)) == seats
    assert directory.place(venues.A[2]) == venues.A[2]


@pytest.mark.parametrize("ref", ["Stalls-A-99", "", venues.GONE, -1, venues.POCKET_SIZE, 1 << 70])
def test_unknown_places_are_named(directory: PlaceDirectory, ref: int | str) -> None:
    with pytest.raises(UnknownName, match="no place"):
        directory.place(ref)


def test_an_areas_label_names_the_area_and_no_place(directory: PlaceDirectory) -> None:
    assert directory.group("Floor", [GroupKind.AREA]) == venues.FLOOR
    with pytest.raises(UnknownName):
        directory.place("Floor")
    with pytest.raises(UnknownName, match="table"):
        directory.group("Floor", [GroupKind.TABLE])
    assert directory.group("Stalls-Round", [GroupKind.TABLE, GroupKind.AREA]) == venues.ROUND


def test_sections_and_categories(directory: PlaceDirectory) -> None:
    assert directory.sections(["Balcony"]) == [venues.BALCONY]
    assert directory.categories(["silver", "gold"]) == [venues.SILVER, venues.GOLD]
    with pytest.raises(UnknownName, match="no section 'Pit'"):
        directory.sections(["Pit"])
    with pytest.raises(UnknownName, match="no category 'lead'"):
        directory.categories(["lead"])
    assert directory.category_key(venues.C[0]) == "silver"


def test_counts_leave_retired_places_out(directory: PlaceDirectory) -> None:
    assert sum(directory.places_per_category()) == venues.POCKET_SIZE - 3


def test_an_index_without_a_place_still_has_a_label(directory: PlaceDirectory) -> None:
    assert directory.labels([venues.GONE, 10_000]) == ["#36", "#10000"]


def test_labels_with_dashes_and_rows_without_names() -> None:
    row = Row("r1", "", venues.seats(0, (0.0, 1.0), 0.0, "c"))
    wing = Row("r2", "A-1", venues.seats(2, (0.0, 1.0), 9.0, "c"), section="w")
    plain = Row("r3", "", venues.seats(4, (0.0,), 19.0, "c"), section="w")
    chart = Chart(
        name="Dashes",
        width=10.0,
        height=10.0,
        next_index=5,
        categories=(Category("c", "C", "#000"),),
        sections=(Section("w", "West-Wing"),),
        rows=(row, wing, plain),
    )
    directory = PlaceDirectory(build(chart))
    labels = directory.labels(range(5))
    assert labels == ["1", "2", "West-Wing-A-1-1", "West-Wing-A-1-2", "West-Wing-1"]
    assert directory.places(labels) == list(range(5))
    for unknown in ("West-Wing", "West-Wing-A-1", "West-Wing-", "-1", "A-1-1", "3"):
        with pytest.raises(UnknownName):
            directory.place(unknown)
