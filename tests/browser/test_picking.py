"""Picking seats on the map: by pointer, by keyboard, and when someone else was quicker."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import WebSocketRoute, expect

from gateway.live.wire import Tiles, decode_server_message
from tests.browser.conftest import Buyer, OpenPage
from tests.browser.seat_page import SeatPage
from tests.browser.site_process import Site
from tests.venues import BOOTH_PLACE, ROUND_SEATS, A, B, pocket_chart


@pytest.fixture
def event(site: Site) -> str:
    return site.put_on_sale(pocket_chart())


def test_a_click_takes_a_seat_and_another_gives_it_back(open_page: OpenPage, event: str) -> None:
    seats = open_page(event)
    seats.click_place(B[2])
    seats.expect_lines("Row B · Seat 3")
    expect(seats.page.get_by_test_id("total")).to_have_text("€90.00")
    seats.click_place(B[2])
    expect(seats.basket).to_contain_text("No seats picked yet")
    seats.check_clean()


def test_quick_picks_land_in_one_hold(open_page: OpenPage, event: str) -> None:
    seats = open_page(event)
    for place in (B[0], B[1], B[2]):
        seats.click_place(place)
    seats.expect_lines("Row B · Seat 1", "Row B · Seat 2", "Row B · Seat 3")
    expect(seats.page.get_by_test_id("total")).to_have_text("€270.00")


def test_the_keyboard_walks_to_a_seat_and_takes_it(open_page: OpenPage, event: str) -> None:
    seats = open_page(event)
    seats.map.focus()
    seats.page.keyboard.press("ArrowUp")
    cursor = seats.page.get_by_test_id("cursor")
    expect(cursor).to_contain_text("free")
    heard = cursor.inner_text()
    seats.page.keyboard.press("ArrowRight")
    expect(cursor).not_to_have_text(heard)
    seats.page.keyboard.press("Enter")
    expect(seats.lines).to_have_count(1)
    expect(seats.say()).to_contain_text("1 seat in your basket")
    seats.page.keyboard.press("Enter")
    expect(seats.basket).to_contain_text("No seats picked yet")


def test_a_table_is_taken_whole(open_page: OpenPage, event: str) -> None:
    seats = open_page(event)
    seats.click_place(ROUND_SEATS[0])
    seats.expect_lines("Round × 4")
    expect(seats.page.get_by_test_id("total")).to_have_text("€360.00")
    seats.basket.get_by_role("button", name=re.compile("Give back")).click()
    expect(seats.basket).to_contain_text("No seats picked yet")


def test_a_booth_is_taken_by_its_shape(open_page: OpenPage, event: str) -> None:
    seats = open_page(event)
    seats.click_place(BOOTH_PLACE)
    seats.expect_lines("Booth")


def test_other_buyers_picks_appear_and_are_explained(
    open_page: OpenPage, site: Site, event: str
) -> None:
    seats = open_page(event)
    seats.show_list()
    seats.page.get_by_role("button", name=re.compile("^Stalls")).click()
    expect(seats.list_seat("Stalls, row A, seat 2, €90.00, free")).to_be_visible()
    site.hold_as_someone_else(event, [A[1]])
    taken = seats.list_seat("Stalls, row A, seat 2, €90.00, held by someone else")
    expect(taken).to_be_visible()
    taken.press("Enter")
    expect(seats.notice).to_contain_text("Seat A-2 is held by someone else.")
    offer = seats.notice.get_by_role("button", name="Take A-1")
    offer.click()
    seats.expect_lines("Row A · Seat 1")


def test_a_seat_lost_to_someone_quicker_is_said_with_alternatives(
    site: Site, event: str, buyer: Buyer
) -> None:
    page = buyer().new_page()

    def without_news(socket: WebSocketRoute) -> None:
        """This buyer's network holds back what others do; everything else passes."""
        server = socket.connect_to_server()

        def to_page(message: bytes | str) -> None:
            assert isinstance(message, bytes)
            if not isinstance(decode_server_message(message), Tiles):
                socket.send(message)

        server.on_message(to_page)

    page.route_web_socket(re.compile("/live$"), without_news)
    seats = SeatPage(page, f"{site.address}/e/{event}")
    seats.open()
    site.sell(event, [B[3]])
    seats.click_place(B[3])
    expect(seats.notice).to_contain_text("Seat B-4 was just taken.")
    expect(seats.basket).to_contain_text("No seats picked yet")
    expect(seats.say()).to_contain_text("was just taken")
    offers = seats.notice.get_by_role("button", name=re.compile("^Take B-"))
    expect(offers.first).to_be_visible()
    offers.first.click()
    expect(seats.lines).to_have_count(1)
    expect(seats.notice).to_be_hidden()
