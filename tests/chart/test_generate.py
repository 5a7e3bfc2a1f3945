"""Generated venues: exact in number, the same each time, and without a fault that checks find."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seatengine.chart.chart import Chart, seats_of
from seatengine.chart.checks import check
from seatengine.chart.generate import VENUE_KINDS, VenueKind, generate
from seatengine.chart.seat_table import build
from seatengine.errors import BadChart


def places(chart: Chart) -> int:
    return len(list(seats_of(chart))) + sum(a.capacity for a in chart.areas)


@settings(max_examples=40, deadline=None)
@given(kind=st.sampled_from(VENUE_KINDS), seats=st.integers(100, 5_000))
def test_any_size_is_exact_and_faultless(kind: VenueKind, seats: int) -> None:
    chart = generate(kind, seats)
    assert places(chart) == chart.next_index == seats
    assert check(chart) == []


@pytest.mark.parametrize("kind", VENUE_KINDS)
@pytest.mark.parametrize("seats", [100, 249, 250, 799, 800, 1_400, 2_500, 3_000, 15_000, 45_000])
def test_sizes_where_the_plan_changes(kind: VenueKind, seats: int) -> None:
    chart = generate(kind, seats)
    assert places(chart) == chart.next_index == seats
    assert check(chart) == []


@pytest.mark.parametrize("kind", VENUE_KINDS)
def test_the_largest_can_be_made(kind: VenueKind) -> None:
    chart = generate(kind, 120_000)
    assert places(chart) == 120_000
    assert check(chart) == []


@pytest.mark.parametrize("kind", VENUE_KINDS)
def test_the_same_size_gives_the_same_venue(kind: VenueKind) -> None:
    assert generate(kind, 1_234) == generate(kind, 1_234)


@pytest.mark.parametrize("kind", VENUE_KINDS)
def test_everything_lies_inside_of_the_chart(kind: VenueKind) -> None:
    chart = generate(kind, 3_000)
    for seat in seats_of(chart):
        assert 0 < seat.x < chart.width
        assert 0 < seat.y < chart.height
    for section in chart.sections:
        assert section.outline is not None
        for p in section.outline.points:
            assert 0 < p.x < chart.width
            assert 0 < p.y < chart.height


@pytest.mark.parametrize("kind", VENUE_KINDS)
@pytest.mark.parametrize("seats", [900, 9_000])
def test_seats_of_a_block_stand_evenly(kind: VenueKind, seats: int) -> None:
    table = build(generate(kind, seats))
    at = np.flatnonzero(table.link)
    gaps = np.hypot(table.x[at + 1] - table.x[at], table.y[at + 1] - table.y[at])
    rows = table.group[at]
    for row in np.unique(rows):
        if table.groups[row].kind == 0:
            own = gaps[rows == row]
            # Blocks of one theatre row may differ a little, seats of a block may not.
            assert own.max() / own.min() < 1.35


@pytest.mark.parametrize("kind", VENUE_KINDS)
def test_most_seats_have_a_neighbour_and_rows_have_aisles(kind: VenueKind) -> None:
    chart = generate(kind, 3_000)
    table = build(chart)
    groups = len(chart.rows) + len(chart.tables)
    assert table.link.sum() >= 3_000 * 0.75 - groups * 3


@pytest.mark.parametrize("kind", VENUE_KINDS)
def test_beside_every_wheelchair_is_a_companions_seat(kind: VenueKind) -> None:
    chart = generate(kind, 2_000)
    accessible = 0
    for row in chart.rows:
        for at, seat in enumerate(row.seats):
            if seat.accessible:
                accessible += 1
                beside = row.seats[max(at - 1, 0) : at + 2]
                assert any(s.companion for s in beside), (row.id, at)
                assert not seat.restricted_view
    assert accessible >= 4


def test_a_theatre_has_tables_and_boxes_that_are_booked_whole() -> None:
    chart = generate("theatre", 900)
    assert {s.label for s in chart.sections} == {
        "Stalls",
        "Dress Circle",
        "Cabaret",
        "Left Boxes",
        "Right Boxes",
    }
    assert chart.tables
    assert all(t.booking == "whole" for t in chart.tables)
    table = build(chart)
    assert table.label(0) == "Stalls-A-1"
    xs = [s.x for s in chart.rows[0].seats]
    assert xs == sorted(xs)


def test_an_arena_has_a_standing_floor() -> None:
    chart = generate("arena", 9_000)
    (standing,) = chart.areas
    assert 0.1 < standing.capacity / 9_000 < 0.2
    assert {s.label for s in chart.sections} >= {"F1", "101", "201"}
    assert {z.label for z in chart.zones} == {"Floor", "Lower Bowl", "Upper Bowl"}


def test_a_stadium_has_stands_tiers_and_gates() -> None:
    chart = generate("stadium", 60_000)
    assert {s.label[0] for s in chart.sections} == {"1", "2", "3"}
    assert {s.zone for s in chart.sections} == {"north", "east", "south", "west"}
    assert len({s.entrance for s in chart.sections}) == 8
    assert all(s.category for s in chart.sections)


@pytest.mark.parametrize("kind", VENUE_KINDS)
def test_dearer_seats_are_nearer_on_the_whole(kind: VenueKind) -> None:
    chart = generate(kind, 9_000)
    table = build(chart)
    seated = np.array([table.groups[g].kind == 0 for g in table.group])
    prices = np.array([c.price for c in table.categories])[table.category]
    assert len(chart.categories) >= 4
    assert np.corrcoef(prices[seated], table.rank[seated])[0, 1] < -0.3


@pytest.mark.parametrize("seats", [99, 0, -5, 120_001])
def test_other_sizes_are_refused(seats: int) -> None:
    with pytest.raises(BadChart, match="between 100 and 120000"):
        generate("theatre", seats)


def test_other_kinds_are_refused() -> None:
    with pytest.raises(BadChart, match="theatre, arena, stadium"):
        generate("circus", 500)  # type: ignore[arg-type]
