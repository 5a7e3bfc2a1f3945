"""The page at a phone's width, with fingers."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from seatengine.chart.generate import generate
from tests.browser.conftest import OpenPage
from tests.browser.site_process import Site
from tests.venues import B, pocket_chart

PHONE = {
    "viewport": {"width": 390, "height": 844},
    "has_touch": True,
    "is_mobile": True,
    "device_scale_factor": 2,
}


def test_a_tap_takes_a_seat_and_the_sheet_books_it(open_page: OpenPage, site: Site) -> None:
    seats = open_page(site.put_on_sale(pocket_chart()), **PHONE)
    seats.tap_place(B[2])
    expect(seats.page.get_by_test_id("peek-checkout")).to_be_visible()
    seats.page.get_by_role("button", name="Make the panel larger").press("Enter")
    seats.expect_lines("Row B · Seat 3")
    seats.page.get_by_test_id("checkout").tap()
    seats.page.get_by_label("Name", exact=True).fill("Ana Example")
    seats.page.get_by_label("Email", exact=True).fill("ana@example.org")
    seats.page.get_by_role("button", name="Book now").tap()
    expect(seats.page.get_by_test_id("reference")).to_be_visible()


def test_a_tap_from_afar_comes_nearer_before_it_picks(open_page: OpenPage, site: Site) -> None:
    seats = open_page(site.put_on_sale(generate("theatre", 900)), **PHONE)
    before = seats.point_of(300)
    seats.tap_place(300)
    zoom_out = seats.page.get_by_role("button", name="Zoom out")
    expect(zoom_out).to_be_enabled()
    expect(seats.page.get_by_test_id("peek-checkout")).to_be_hidden()
    assert seats.point_of(300) == pytest.approx(before, abs=2)
    seats.tap_place(300)
    expect(seats.page.get_by_test_id("peek-checkout")).to_be_visible()


def test_nothing_is_wider_than_the_phone(open_page: OpenPage, site: Site) -> None:
    seats = open_page(site.put_on_sale(pocket_chart()), **PHONE)
    overflow = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert seats.page.evaluate(overflow) == 0
    seats.show_list()
    assert seats.page.evaluate(overflow) == 0
