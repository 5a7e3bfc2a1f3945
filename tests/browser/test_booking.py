"""From the basket through the form to a reference."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import OpenPage
from tests.browser.site_process import Site
from tests.venues import B, pocket_chart


@pytest.fixture
def event(site: Site) -> str:
    return site.put_on_sale(pocket_chart())


def test_a_hold_becomes_a_booking_with_a_reference(
    open_page: OpenPage, site: Site, event: str
) -> None:
    seats = open_page(event)
    seats.click_place(B[2])
    seats.click_place(B[3])
    seats.expect_lines("Row B · Seat 3", "Row B · Seat 4")
    reference = seats.book()
    confirmation = seats.page.get_by_test_id("booked")
    expect(confirmation).to_contain_text("Your 2 seats are booked")
    expect(confirmation).to_contain_text("€180.00")
    kept = site.organizer().get(f"/api/v1/events/{event}/bookings/{reference}", dict[str, object])
    assert kept["total"] == 18_000
    seats.page.get_by_role("button", name="Done").click()
    expect(confirmation).to_be_hidden()
    expect(seats.basket).to_contain_text("No seats picked yet")
    seats.show_list()
    seats.page.get_by_role("button", name=re.compile("^Stalls")).click()
    expect(seats.list_seat("Stalls, row B, seat 3, €90.00, your booking")).to_be_visible()


def test_a_booking_can_be_looked_up_again_on_the_same_device(
    open_page: OpenPage, event: str
) -> None:
    seats = open_page(event)
    seats.click_place(B[2])
    seats.expect_lines("Row B · Seat 3")
    reference = seats.book()
    seats.page.reload()
    seats.page.get_by_role("button", name=f"Your booking {reference}").click()
    confirmation = seats.page.get_by_test_id("booked")
    expect(confirmation).to_contain_text("Row B · Seat 3")
    expect(confirmation).to_contain_text("€90.00")


def test_the_form_says_what_is_missing_and_books_nothing(open_page: OpenPage, event: str) -> None:
    seats = open_page(event)
    seats.click_place(B[2])
    seats.page.get_by_test_id("checkout").click()
    seats.page.get_by_role("button", name="Book now").click()
    expect(seats.page.get_by_text("Please enter a name.")).to_be_visible()
    name = seats.page.get_by_label("Name", exact=True)
    expect(name).to_be_focused()
    name.fill("Ana Example")
    seats.page.get_by_label("Email", exact=True).fill("nowhere")
    seats.page.get_by_role("button", name="Book now").click()
    expect(seats.page.get_by_text("Please enter an email address")).to_be_visible()
    seats.page.get_by_role("button", name="Back to the seats").click()
    seats.expect_lines("Row B · Seat 3")
