"""The list is the equal of the map, with the keyboard alone."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from seatengine.chart.generate import generate
from tests.browser.conftest import OpenPage
from tests.browser.site_process import Site
from tests.venues import pocket_chart


@pytest.fixture
def event(site: Site) -> str:
    return site.put_on_sale(pocket_chart())


def _focused(page: Page) -> str:
    label = page.evaluate("document.activeElement.getAttribute('aria-label')")
    return str(label)


def test_a_seat_is_found_and_booked_without_a_pointer(open_page: OpenPage, event: str) -> None:
    seats = open_page(event)
    keys = seats.page.keyboard
    seats.page.get_by_role("button", name="List", exact=True).press("Enter")
    stalls = seats.page.get_by_role("button", name="Stalls")
    stalls.press("Enter")
    keys.press("Tab")
    assert _focused(seats.page).startswith("Stalls, row A, seat 1,")
    keys.press("ArrowRight")
    keys.press("ArrowDown")
    assert _focused(seats.page).startswith("Stalls, row B, seat 2,")
    keys.press("Home")
    assert _focused(seats.page).startswith("Stalls, row B, seat 1,")
    keys.press("Enter")
    expect(seats.list_seat("Stalls, row B, seat 1, €90.00, in your basket")).to_have_attribute(
        "aria-pressed", "true"
    )
    seats.expect_lines("Row B · Seat 1")
    seats.page.get_by_test_id("checkout").press("Enter")
    seats.page.get_by_label("Name", exact=True).fill("Ana Example")
    seats.page.get_by_label("Email", exact=True).fill("ana@example.org")
    keys.press("Enter")
    expect(seats.page.get_by_test_id("reference")).to_be_visible()


def test_areas_and_tables_stand_in_the_list(open_page: OpenPage, event: str) -> None:
    seats = open_page(event)
    seats.show_list()
    seats.page.get_by_role("button", name="Floor").press("Enter")
    seats.page.get_by_role("button", name="Take 1 · €25.00").press("Enter")
    seats.expect_lines("Floor")
    seats.page.get_by_role("button", name="Stalls").press("Enter")
    seats.list_seat("Whole table, Round, 4 seats").press("Enter")
    seats.expect_lines("Floor", "Round × 4")


def test_a_stadium_opens_section_by_section(open_page: OpenPage, site: Site) -> None:
    seats = open_page(site.put_on_sale(generate("stadium", 60_000)))
    seats.show_list()
    listed = seats.page.get_by_test_id("list")
    expect(listed.get_by_role("heading", level=3)).not_to_have_count(0)
    expect(listed.get_by_role("button", expanded=True)).to_have_count(0)
    listed.get_by_role("button", expanded=False).first.press("Enter")
    expect(listed.get_by_role("group").first).to_be_visible()
