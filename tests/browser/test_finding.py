"""Best places together, filters, and quantities of general admission."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import OpenPage
from tests.browser.seat_page import SeatPage
from tests.browser.site_process import Site
from tests.venues import FLOOR_PLACES, LOUNGE_PLACES, A, B, C, D, pocket_chart


@pytest.fixture
def event(site: Site) -> str:
    return site.put_on_sale(pocket_chart())


def _find_best(seats: SeatPage) -> None:
    seats.page.get_by_test_id("best").click()


def test_the_best_together_are_found_and_the_step_is_said(open_page: OpenPage, event: str) -> None:
    seats = open_page(event)
    seats.page.get_by_role("radio", name="3", exact=True).check()
    _find_best(seats)
    expect(seats.notice).to_contain_text("side by side")
    expect(seats.lines).to_have_count(3)


def test_a_scattered_party_is_told_so(open_page: OpenPage, site: Site, event: str) -> None:
    site.sell(event, [*A[::2], *B[::2], *C[::2], *D[::2]])
    seats = open_page(event)
    seats.page.get_by_role("button", name=re.compile("^Gold")).click()
    _find_best(seats)
    expect(seats.notice).to_contain_text(re.compile("not all in one row|apart"))
    expect(seats.lines).to_have_count(2)


def test_only_the_chosen_category_is_searched(open_page: OpenPage, event: str) -> None:
    seats = open_page(event)
    silver = seats.page.get_by_role("button", name=re.compile("^Silver"))
    silver.click()
    expect(silver).to_have_attribute("aria-pressed", "true")
    _find_best(seats)
    expect(seats.lines).to_have_count(2)
    expect(seats.page.get_by_test_id("total")).to_have_text("€100.00")


def test_a_price_limit_filters_the_search(open_page: OpenPage, event: str) -> None:
    seats = open_page(event)
    limit = seats.page.get_by_role("slider", name=re.compile("Up to"))
    limit.focus()
    seats.page.keyboard.press("ArrowLeft")
    expect(limit).to_have_attribute("aria-valuetext", "€50.00")
    _find_best(seats)
    expect(seats.page.get_by_test_id("total")).to_have_text("€100.00")


def test_accessible_seats_on_request(open_page: OpenPage, event: str) -> None:
    seats = open_page(event)
    seats.page.get_by_role("switch", name="Accessible seats only").check()
    _find_best(seats)
    expect(seats.lines.get_by_text(re.compile("^Row C · Seat [12]$"))).not_to_have_count(0)


def test_filters_that_fit_nothing_can_be_undone_at_one_tap(
    open_page: OpenPage, site: Site, event: str
) -> None:
    site.sell(event, [C[0], C[1]])
    seats = open_page(event)
    seats.page.get_by_role("switch", name="Accessible seats only").check()
    seats.page.get_by_role("button", name=re.compile("^Gold")).click()
    expect(seats.page.get_by_text("Nothing free fits these filters.")).to_be_visible()
    seats.page.get_by_role("button", name="Show everything").click()
    expect(seats.page.get_by_text("Nothing free fits these filters.")).to_be_hidden()


def test_a_quantity_of_general_admission(open_page: OpenPage, event: str) -> None:
    seats = open_page(event)
    seats.click_place(FLOOR_PLACES[0])
    card = seats.page.get_by_test_id("area-card")
    expect(card).to_contain_text("6 left")
    card.get_by_role("button", name="One more").click()
    card.get_by_role("button", name=re.compile("^Take 3")).click()
    seats.expect_lines("Floor × 3")
    expect(seats.page.get_by_test_id("total")).to_have_text("€75.00")
    seats.click_place(FLOOR_PLACES[0])
    expect(seats.page.get_by_test_id("area-card")).to_contain_text("3 left")


def test_the_keyboard_reaches_areas_too(open_page: OpenPage, event: str) -> None:
    seats = open_page(event)
    seats.map.focus()
    cursor = seats.page.get_by_test_id("cursor")
    for _ in range(8):
        seats.page.keyboard.press("ArrowDown")
    expect(cursor).to_contain_text("Floor")
    seats.page.keyboard.press("Enter")
    card = seats.page.get_by_test_id("area-card")
    expect(card).to_be_focused()
    card.get_by_role("button", name=re.compile("^Take 2")).press("Enter")
    seats.expect_lines("Floor × 2")
    expect(seats.map).to_be_focused()


def test_an_area_sold_whole_is_taken_whole(open_page: OpenPage, event: str) -> None:
    seats = open_page(event)
    seats.click_place(LOUNGE_PLACES[0])
    card = seats.page.get_by_test_id("area-card")
    expect(card).to_contain_text("Booked as a whole, 3 places.")
    card.get_by_role("button", name=re.compile("^Take 3")).click()
    seats.expect_lines("Lounge × 3")
