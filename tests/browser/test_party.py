"""How many want to sit together: chosen at the top, kept, and shown on map and list."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.conftest import Buyer, OpenPage
from tests.browser.seat_page import SeatPage
from tests.browser.site_process import Site
from tests.venues import hall_chart

# Too many places for one screenful of seats: from far out, sections are told.
_ROWS, _WIDTH = 48, 40


@pytest.fixture
def hall(site: Site) -> str:
    return site.put_on_sale(hall_chart(_ROWS, _WIDTH))


def _size(seats: SeatPage, size: int) -> Locator:
    return seats.page.get_by_role("radio", name=str(size), exact=True)


def _section(seats: SeatPage) -> Locator:
    return seats.page.get_by_test_id("list").get_by_role("button", expanded=True).first


def test_the_size_is_chosen_by_keyboard_and_kept_for_the_next_visit(
    open_page: OpenPage, buyer: Buyer, hall: str
) -> None:
    context = buyer()
    seats = open_page(hall, context)
    expect(_size(seats, 2)).to_be_checked()
    _size(seats, 2).focus()
    seats.page.keyboard.press("ArrowRight")
    seats.page.keyboard.press("ArrowRight")
    expect(_size(seats, 4)).to_be_checked()
    expect(seats.page.get_by_test_id("best")).to_have_text("Find the best 4 together")
    again = open_page(hall, context)
    expect(_size(again, 4)).to_be_checked()


def test_sections_say_in_how_many_spots_the_party_fits(
    open_page: OpenPage, site: Site, hall: str
) -> None:
    # Of each row but two, every fourth seat goes: three together stay, and four in two rows.
    site.sell(hall, [p for p in range(2 * _WIDTH, 12 * _WIDTH) if p % 4 == 3])
    seats = open_page(hall)
    seats.show_list()
    header = _section(seats)
    before = header.inner_text()
    _size(seats, 4).check()
    expect(header).to_contain_text(re.compile(r"4 together: \d+\+? left"))
    assert header.inner_text() != before
    four = int(re.search(r"4 together: (\d+)\+? left", header.inner_text())[1])  # type: ignore[index]
    _size(seats, 3).check()
    expect(header).to_contain_text(re.compile(r"3 together: \d+\+? left"))
    three = int(re.search(r"3 together: (\d+)\+? left", header.inner_text())[1])  # type: ignore[index]
    assert three > four > 0


def test_single_seats_step_back_in_the_list(open_page: OpenPage, site: Site, hall: str) -> None:
    site.sell(hall, [1, 3])
    seats = open_page(hall)
    seats.show_list()
    first = seats.page.locator("[data-place='2']")
    expect(first).to_have_attribute("data-alone", "")
    expect(seats.page.locator("[data-place='4']")).not_to_have_attribute("data-alone", "")
    _size(seats, 1).check()
    expect(first).not_to_have_attribute("data-alone", "")
