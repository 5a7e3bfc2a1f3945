"""What every importer does at the end: unique ids and names, categories, numbers."""

from __future__ import annotations

import pytest

from seatengine import limits
from seatengine.chart.chart import Area, Booth, Category, Ellipse, Point, Row, Seat, Section, Table
from seatengine.chart.importers.draft import Draft
from seatengine.chart.importers.report import Report
from seatengine.chart.seat_table import build
from seatengine.errors import BadChart

SPOT = Ellipse(Point(0, 0), 5, 5)


def draft() -> Draft:
    made = Draft(Report())
    made.categories["c"] = Category("c", "C", "#000000")
    return made


def row(label: str, *labels: str, row_id: str = "", section: str = "") -> Row:
    seats = tuple(Seat(f"{row_id}{label}{n}", 0, t, n, 0, "c") for n, t in enumerate(labels))
    return Row(row_id or f"row {label}", label, seats, section)


def full_labels(made: Draft) -> list[str]:
    table = build(made.finish())
    return [table.label(i) for i in range(table.size)]


def codes(made: Draft) -> dict[str, int]:
    return {f.code: f.count for f in made.report.findings()}


def test_places_are_numbered_in_order_of_rows_tables_booths_areas() -> None:
    made = draft()
    made.areas.append(Area("a", "Floor", SPOT, "c", 2, ()))
    made.booths.append(Booth("b", 0, "Kiosk", SPOT, "c"))
    made.tables.append(Table("t", "T", SPOT, row("", "1", row_id="x").seats))
    made.rows += [row("A", "1", "2"), row("B", "1")]
    assert full_labels(made) == ["A-1", "A-2", "B-1", "T-1", "Kiosk", "Floor", "Floor"]
    assert made.finish().next_index == 7


def test_a_row_whose_places_have_the_names_of_others_is_renamed() -> None:
    made = draft()
    made.rows += [row("A", "1", row_id=str(n)) for n in range(3)]
    assert full_labels(made) == ["A-1", "A (2)-1", "A (3)-1"]
    assert codes(made) == {"duplicate-row-label": 2}


def test_rows_that_share_a_label_but_no_place_keep_it() -> None:
    made = draft()
    made.rows += [row("A", "1", "2", row_id="l"), row("A", "3", "4", row_id="r")]
    assert full_labels(made) == ["A-1", "A-2", "A-3", "A-4"]
    assert codes(made) == {}


def test_a_seat_named_like_another_of_its_row_is_renamed() -> None:
    made = draft()
    made.rows.append(row("A", "1", "1", "1 (2)", "?", "?"))
    assert full_labels(made) == ["A-1", "A-1 (3)", "A-1 (2)", "A-?", "A-? (2)"]
    assert codes(made) == {"duplicate-label": 2, "unlabelled": 2}


def test_names_collide_across_sections_only_as_full_labels() -> None:
    made = draft()
    made.sections += [Section("s", "A"), Section("t", "A-B"), Section("u", "")]
    made.rows += [
        row("B-C", "1", row_id="1", section="s"),
        row("C", "1", row_id="2", section="t"),
        row("C", "1", row_id="3", section="u"),
    ]
    assert full_labels(made) == ["A-B-C-1", "A-B-C (2)-1", "C-1"]


def test_booths_and_areas_get_names_of_their_own() -> None:
    made = draft()
    made.booths += [Booth("1", 0, "X", SPOT, "c"), Booth("2", 0, "X", SPOT, "c")]
    made.areas.append(Area("3", "X", SPOT, "c", 1, ()))
    assert full_labels(made) == ["X", "X (2)", "X (3)"]


def test_a_hundred_thousand_seats_of_one_name_take_no_time() -> None:
    made = draft()
    made.rows.append(row("A", *["1"] * 100_000))
    labels = full_labels(made)
    assert len(set(labels)) == 100_000


def test_ids_are_made_unique_and_empty_ones_filled() -> None:
    made = draft()
    made.rows += [row("A", "1", row_id="same"), row("B", "1", row_id="same")]
    made.rows.append(
        Row("", "C", (Seat("same", 0, "1", 0, 0, "c"), Seat("same", 0, "2", 0, 0, "c")))
    )
    chart = made.finish()
    ids = [r.id for r in chart.rows]
    assert len(set(ids)) == 3
    assert all(ids)
    seats = [s.id for r in chart.rows for s in r.seats]
    assert len(set(seats)) == 4


def test_a_section_id_is_never_given_twice() -> None:
    made = draft()
    for _ in range(3):
        made.sections.append(Section(made.section_id("s", "$"), "S"))
    made.sections.append(Section(made.section_id("", "$"), "S"))
    assert len({s.id for s in made.sections}) == 4
    assert codes(made) == {"duplicate-id": 2}


def test_texts_become_single_trimmed_lines_within_bounds() -> None:
    made = draft()
    assert made.text(" A\n\tB\x00 ", "$") == "A B"
    assert made.text("x" * 500, "$") == "x" * limits.MAX_LABEL_CHARS
    assert made.text(None, "$") == ""
    assert made.text(7, "$") == "7"
    assert codes(made) == {"text-shortened": 2}


def test_only_hex_colours_come_through() -> None:
    made = draft()
    assert made.color("#87A9CD", "$") == "#87A9CD"
    assert made.color("url(x)", "$") == ""
    assert made.color(None, "$") == ""
    assert codes(made) == {"bad-color": 1}


@pytest.mark.parametrize("value", [1e8, -1e300])
def test_numbers_beyond_bounds_are_refused_where_they_stand(value: float) -> None:
    with pytest.raises(BadChart) as caught:
        draft().coordinate(value, "$.x")
    assert caught.value.place == "$.x"


def test_negative_lengths_are_refused() -> None:
    with pytest.raises(BadChart, match="cannot be"):
        draft().length(-1, "$.width")


def test_places_without_a_category_get_one_of_their_own() -> None:
    made = draft()
    assert made.category("", "", "", "$") == made.category("", "", "", "$")
    assert made.category("new", "New", "#123456", "$") == "new"
    assert made.categories["new"] == Category("new", "New", "#123456")
    assert codes(made) == {"no-category": 2, "unknown-category": 1}


def test_more_places_than_allowed_are_refused() -> None:
    made = draft()
    made.areas.append(Area("a", "Floor", SPOT, "c", limits.MAX_PLACES + 1, ()))
    with pytest.raises(BadChart, match="places"):
        made.finish()


def test_numbering_keeps_names_within_their_bound() -> None:
    made = draft()
    long = "x" * limits.MAX_LABEL_CHARS
    made.rows += [row(long, "1", row_id="r"), row(long, "1", row_id="s")]
    made.rows.append(row("B", long, long, row_id=long))
    made.rows.append(row("C", "1", row_id=long))
    chart = made.finish()
    assert all(len(r.id) <= limits.MAX_LABEL_CHARS for r in chart.rows)
    assert all(len(r.label) <= limits.MAX_LABEL_CHARS for r in chart.rows)
    assert max(len(s.label) for r in chart.rows for s in r.seats) == limits.MAX_LABEL_CHARS


def test_a_hundred_thousand_seats_of_one_id_take_no_time() -> None:
    made = draft()
    twin = Seat("same", 0, "1", 0, 0, "c")
    made.rows += [Row(f"r{n}", f"R{n}", (twin,)) for n in range(100_000)]
    chart = made.finish()
    assert len({s.id for r in chart.rows for s in r.seats}) == 100_000


def test_more_sections_than_allowed_are_refused_as_they_come(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(limits, "MAX_SECTIONS", 2)
    made = draft()
    for n in range(2):
        made.sections.append(Section(made.section_id(f"s{n}", f"$.s[{n}]"), ""))
    with pytest.raises(BadChart) as caught:
        made.section_id("s2", "$.s[2]")
    assert caught.value.place == "$.s[2]"
