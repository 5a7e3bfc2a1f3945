"""G: tiles are cut so that a viewport needs few, and stay as they were when a chart is edited."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seatengine.chart.chart import Chart, Row, Seat, Section
from seatengine.chart.generate import generate
from seatengine.chart.seat_table import RETIRED, GroupKind, SeatTable, build
from seatengine.chart.tiles import TILE_PLACES, Box, TileMap, mask_of, seat_spacing, tiles_of
from tests.gateway.live.onlookers import house, house_chart
from tests.venues import hall_chart, pocket_chart, seats

CHARTS = {
    "house": house_chart(),
    "pocket": pocket_chart(),
    "hall": hall_chart(7, 90),
    "short rows": hall_chart(40, 9),
    "theatre": generate("theatre", 600),
    "arena": generate("arena", 2_000),
    "stadium": generate("stadium", 5_000),
}
EDITED = ("house", "pocket", "hall", "short rows")
replace = msgspec.structs.replace


def cut(chart: Chart) -> tuple[SeatTable, TileMap]:
    table = build(chart)
    return table, TileMap(table)


@pytest.mark.parametrize("name", CHARTS)
def test_g1_each_place_is_in_one_tile_of_one_zone(name: str) -> None:
    table, tiles = cut(CHARTS[name])
    present = np.flatnonzero((table.flags & RETIRED) == 0)
    assert sorted(tiles.places.tolist()) == present.tolist()
    assert (tiles.tile_of[(table.flags & RETIRED) != 0] == -1).all()
    assert sum(tiles.sizes.tolist()) == len(present)
    for tile in range(tiles.count):
        places = tiles.places_of(tile)
        assert len(places) == tiles.sizes[tile]
        assert (np.diff(places) > 0).all()
        assert (tiles.tile_of[places] == tile).all()
        assert tiles.offset_of[places].tolist() == list(range(len(places)))
        assert (tiles.zone_of[places] == tiles.zone[tile]).all()
        groups = {table.groups[group] for group in table.group[places].tolist()}
        assert len({group.kind for group in groups}) == 1
        if tiles.counted[tile]:
            (area,) = groups
            assert area.kind == GroupKind.AREA
            assert len(places) == len(table.group_places(table.groups.index(area)))
        else:
            assert len(places) <= TILE_PLACES
    for place in present.tolist():
        section = int(table.section[place])
        assert tiles.zone_of[place] == (section if section >= 0 else len(table.sections))


@pytest.mark.parametrize("name", ["hall", "arena", "stadium"])
def test_g1_tiles_are_full_and_near_squares(name: str) -> None:
    """A screen needs few of them."""
    table, tiles = cut(CHARTS[name])
    assert tiles.sizes.mean() > TILE_PLACES / 3
    wide = [np.ptp(table.x[tiles.places_of(tile)]) for tile in range(tiles.count)]
    deep = [np.ptp(table.y[tiles.places_of(tile)]) for tile in range(tiles.count)]
    assert np.median(np.maximum(wide, deep)) < 25 * tiles.spacing


def parts(tiles: TileMap, among: set[int]) -> set[frozenset[int]]:
    """The tiles as sets of places, with no places but these."""
    found = (frozenset(tiles.places_of(tile).tolist()) & among for tile in range(tiles.count))
    return {part for part in found if part}


@pytest.mark.parametrize("name", CHARTS)
def test_g2_moved_renamed_and_recategorised_places_keep_their_tiles(name: str) -> None:
    chart = CHARTS[name]

    def elsewhere(seat: Seat) -> Seat:
        key = chart.categories[-1].key
        return replace(
            seat, x=seat.x * 0.5 + 7, y=900 - seat.y, label=f"n{seat.label}", category=key
        )

    changed = replace(
        chart,
        rows=tuple(
            replace(row, label=f"z{row.label}", seats=tuple(map(elsewhere, row.seats)))
            for row in chart.rows
        ),
        tables=tuple(
            replace(table, label=f"z{table.label}", seats=tuple(map(elsewhere, table.seats)))
            for table in chart.tables
        ),
    )
    _, before = cut(chart)
    _, after = cut(changed)
    assert after.tile_of.tolist() == before.tile_of.tolist()
    assert after.offset_of.tolist() == before.offset_of.tolist()


@pytest.mark.parametrize("name", CHARTS)
def test_g2_rows_and_sections_that_are_added_get_tiles_behind_the_others(name: str) -> None:
    chart = CHARTS[name]
    first = chart.next_index
    category = chart.categories[0].key
    xs = [10.0 * i for i in range(30)]
    section = chart.sections[0].id if chart.sections else ""
    longer = replace(
        chart,
        next_index=first + 60,
        sections=(*chart.sections, Section("later", "Later")),
        rows=(
            *chart.rows,
            Row("new1", "New1", seats(first, xs, 5_000.0, category), section=section),
            Row("new2", "New2", seats(first + 30, xs, 5_010.0, category), section="later"),
        ),
    )
    _, before = cut(chart)
    _, after = cut(longer)
    assert parts(after, set(range(first))) == parts(before, set(range(first)))
    added = {int(after.tile_of[place]) for place in range(first + 30, first + 60)}
    assert min(added) >= before.count


def test_g1_seats_added_to_many_rows_do_not_overfill_a_tile() -> None:
    """Each row of a stack gets eleven more: they fall into one band of it."""
    chart = CHARTS["short rows"]
    rows, first = [], chart.next_index
    for row in chart.rows:
        more = seats(first, [500.0 + 10 * i for i in range(11)], row.seats[0].y, "gold")
        rows.append(replace(row, seats=(*row.seats, *more)))
        first += 11
    table, tiles = cut(replace(chart, rows=tuple(rows), next_index=first))
    assert tiles.sizes.max() <= TILE_PLACES
    assert sorted(tiles.places.tolist()) == np.flatnonzero(table.flags == 0).tolist()
    _, before = cut(chart)
    old = set(range(chart.next_index))
    assert parts(tiles, old) == parts(before, old)


def with_row(chart: Chart, row: Row) -> Chart:
    return replace(chart, rows=tuple(row if r.id == row.id else r for r in chart.rows))


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_g2_seats_that_are_added_to_a_row_leave_the_tiles_of_the_rest(data: st.DataObject) -> None:
    chart = CHARTS[data.draw(st.sampled_from(EDITED))]
    row = data.draw(st.sampled_from(chart.rows))
    count = data.draw(st.integers(1, 20))
    first = chart.next_index + data.draw(st.integers(0, 40))
    xs = [2_000.0 + 10 * i for i in range(count)]
    added = seats(first, xs, row.seats[0].y, chart.categories[0].key)
    changed = replace(
        with_row(chart, replace(row, seats=(*row.seats, *added))), next_index=first + 30
    )
    _, before = cut(chart)
    _, after = cut(changed)
    old = set(range(chart.next_index))
    assert parts(after, old) == parts(before, old)


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_g2_a_seat_that_is_gone_leaves_the_tiles_of_the_rest(data: st.DataObject) -> None:
    """One from within a row: the row still spans what it did."""
    chart = CHARTS[data.draw(st.sampled_from(EDITED))]
    row = data.draw(st.sampled_from([row for row in chart.rows if len(row.seats) > 2]))
    gone = data.draw(st.integers(1, len(row.seats) - 2))
    left = tuple(seat for number, seat in enumerate(row.seats) if number != gone)
    table, before = cut(chart)
    _, after = cut(with_row(chart, replace(row, seats=left)))
    rest = set(range(table.size)) - {row.seats[gone].index}
    assert parts(after, rest) == parts(before, rest)


boxes = st.builds(
    lambda x, y, w, h: Box(x, y, x + w, y + h),
    st.floats(-500, 1_500),
    st.floats(-500, 1_500),
    st.floats(0.5, 2_000),
    st.floats(0.5, 2_000),
)


def touches(table: SeatTable, tiles: TileMap, tile: int, box: Box) -> bool:
    """Whether the rectangle around a tile's places, half a seat wider, meets the box."""
    places, half = tiles.places_of(tile), np.float32(tiles.spacing / 2)
    x, y = table.x[places], table.y[places]
    return bool(
        x.min() - half < box.x1
        and x.max() + half > box.x0
        and y.min() - half < box.y1
        and y.max() + half > box.y0
    )


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(sorted(CHARTS)), boxes, st.sampled_from(("", "g", "u")))
def test_g3_a_viewport_gets_the_tiles_it_touches(name: str, box: Box, floor: str) -> None:
    table, tiles = cut(CHARTS[name])
    floors = [section.floor for section in table.sections] + [""]
    seen = tiles.in_view(box, floor)
    for tile in range(tiles.count):
        on = not floor or floors[tiles.zone[tile]] in ("", floor)
        assert seen[tile] == (on and touches(table, tiles, tile, box)), tile
    inside = ((table.x > box.x0) & (table.x < box.x1) & (table.y > box.y0) & (table.y < box.y1)) & (
        tiles.tile_of >= 0
    )
    needed = {int(tile) for tile in tiles.tile_of[inside]}
    if not floor:
        assert needed <= set(np.flatnonzero(seen).tolist())
    assert tiles.places_in(seen) == sum(
        1 if tiles.counted[tile] else int(tiles.sizes[tile]) for tile in np.flatnonzero(seen)
    )


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(sorted(CHARTS)), boxes, st.sampled_from(("", "g")))
def test_g3_tiles_ahead_keep_to_their_budget(name: str, box: Box, floor: str) -> None:
    _, tiles = cut(CHARTS[name])
    seen = tiles.in_view(box, floor)
    chosen = tiles.ahead(seen, box, floor, 1.5)
    assert (chosen & seen == seen).all()
    assert tiles.places_in(chosen) <= max(1.5 * tiles.places_in(seen), tiles.places_in(seen))
    if floor:
        assert not (chosen & ~tiles.in_view(Box(-1e6, -1e6, 1e6, 1e6), floor)).any()


def test_g3_tiles_ahead_are_the_nearest() -> None:
    table, tiles = cut(hall_chart(24, 160))
    box = Box(300.0, 50.0, 1_100.0, 210.0)
    seen = tiles.in_view(box, "")
    extra = np.flatnonzero(tiles.ahead(seen, box, "", 2.5) & ~seen)
    assert len(extra)
    far = np.flatnonzero(~tiles.ahead(seen, box, "", 2.5))

    def away(tile: int) -> float:
        places, half = tiles.places_of(tile), tiles.spacing / 2
        x, y = table.x[places], table.y[places]
        across = max(x.min() - half - box.x1, box.x0 - x.max() - half)
        along = max(y.min() - half - box.y1, box.y0 - y.max() - half)
        return float(max(across, along))

    assert max(map(away, extra.tolist())) <= min(map(away, far.tolist())) + tiles.spacing


def test_sections_are_listed_and_numbers_of_none_are_no_error() -> None:
    table, tiles = cut(house_chart())
    listed = tiles.of_sections([1, 77, -3])
    assert set(tiles.zone[listed].tolist()) == {1}
    assert not tiles.of_sections([]).any()
    assert tiles.zone[tiles.of_sections([len(table.sections)])].tolist() == [3]


@given(st.sets(st.integers(0, 300)))
def test_masks_are_sets_of_tiles(chosen: set[int]) -> None:
    flags = np.zeros(301, np.bool_)
    flags[list(chosen)] = True
    mask = mask_of(flags)
    assert mask == sum(1 << tile for tile in chosen)
    assert tiles_of(mask) == sorted(chosen)


def test_a_chart_without_places_has_no_tiles() -> None:
    table, tiles = cut(replace(hall_chart(2, 2), rows=(), next_index=0))
    assert tiles.count == tiles.all_mask == 0
    assert not len(tiles.in_view(Box(0, 0, 9, 9), ""))
    assert seat_spacing(table) > 0


def test_spacing_is_that_of_neighbours() -> None:
    assert TileMap(house()).spacing == pytest.approx(10.0)
