"""The basket outlives reloads, shows in every tab, says its time and when it is over."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import OpenPage
from tests.browser.site_process import Site
from tests.venues import B, pocket_chart

_SHORT_HOLD_MS = 4_000


@pytest.fixture
def event(site: Site) -> str:
    return site.put_on_sale(pocket_chart())


def test_the_basket_survives_a_reload(open_page: OpenPage, event: str) -> None:
    seats = open_page(event)
    seats.click_place(B[2])
    seats.expect_lines("Row B · Seat 3")
    seats.page.reload()
    seats.expect_lines("Row B · Seat 3")
    seats.click_place(B[3])
    seats.expect_lines("Row B · Seat 3", "Row B · Seat 4")


def test_other_tabs_show_the_same_basket(open_page: OpenPage, event: str) -> None:
    first = open_page(event)
    second = open_page(event, context=first.page.context)
    first.click_place(B[2])
    second.expect_lines("Row B · Seat 3")
    second.click_place(B[3])
    first.expect_lines("Row B · Seat 3", "Row B · Seat 4")
    second.basket.get_by_role("button", name="Give back Stalls, Row B · Seat 3").click()
    first.expect_lines("Row B · Seat 4")


def test_a_second_buyer_sees_the_seat_as_held(open_page: OpenPage, event: str) -> None:
    first = open_page(event)
    second = open_page(event)
    first.click_place(B[2])
    first.expect_lines("Row B · Seat 3")
    second.show_list()
    second.page.get_by_role("button", name=re.compile("^Stalls")).click()
    expect(second.list_seat("Stalls, row B, seat 3, €90.00, held by someone else")).to_be_visible()


def test_time_that_ran_out_is_said_plainly(open_page: OpenPage, site: Site) -> None:
    event = site.put_on_sale(pocket_chart(), hold_ttl_ms=_SHORT_HOLD_MS)
    seats = open_page(event)
    seats.click_place(B[2])
    seats.expect_lines("Row B · Seat 3")
    expect(seats.page.get_by_test_id("countdown")).to_have_text(re.compile(r"^0:0\d$"))
    expect(seats.notice).to_contain_text("Your time ran out, so your seat is free again.")
    expect(seats.basket).to_contain_text("No seats picked yet")
    seats.click_place(B[2])
    seats.expect_lines("Row B · Seat 3")


def test_more_time_can_be_had_as_often_as_the_sale_allows(open_page: OpenPage, site: Site) -> None:
    event = site.put_on_sale(pocket_chart(), max_extensions=1)
    seats = open_page(event)
    seats.click_place(B[2])
    more = seats.page.get_by_role("button", name="More time")
    more.click()
    expect(more).to_be_hidden()
    seats.expect_lines("Row B · Seat 3")


def test_a_limit_is_said_in_words(open_page: OpenPage, site: Site) -> None:
    event = site.put_on_sale(pocket_chart(), max_per_hold=1)
    seats = open_page(event)
    seats.click_place(B[2])
    seats.expect_lines("Row B · Seat 3")
    seats.click_place(B[3])
    expect(seats.notice).to_be_visible()
    seats.expect_lines("Row B · Seat 3")
