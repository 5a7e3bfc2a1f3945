"""The page bears a server that goes away, a network that is gone and a token that is worthless."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import WebSocketRoute, expect

from gateway.live.wire import Tiles, decode_server_message, encode_message
from tests.browser.conftest import Buyer, OpenPage
from tests.browser.seat_page import SeatPage
from tests.browser.site_process import Site
from tests.venues import B, pocket_chart

# The page's longest pause between attempts, and a slow start of the server, several times over.
_LONGEST_RETURN_MS = 60_000


@pytest.fixture
def shaky_site(built: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site of its own, because it is going to be stopped."""
    site = Site(tmp_path_factory.mktemp("shaky"))
    try:
        site.start()
        yield site
    finally:
        site.close()


def test_the_basket_is_there_again_after_the_server_was_restarted(
    shaky_site: Site, buyer: Buyer
) -> None:
    event = shaky_site.put_on_sale(pocket_chart())
    seats = SeatPage(buyer().new_page(), f"{shaky_site.address}/e/{event}")
    seats.open()
    seats.click_place(B[2])
    seats.expect_lines("Row B · Seat 3")
    shaky_site.stop()
    expect(seats.page.get_by_test_id("link-state")).to_have_text("Reconnecting")
    expect(seats.say()).to_contain_text("your seats stay yours")
    seats.click_place(B[3])
    shaky_site.start()
    seats.expect_live(_LONGEST_RETURN_MS)
    seats.expect_lines("Row B · Seat 3", "Row B · Seat 4")
    seats.check_clean()


def test_a_network_that_is_gone_is_said_and_comes_back_by_itself(
    open_page: OpenPage, site: Site
) -> None:
    seats = open_page(site.put_on_sale(pocket_chart()))
    seats.click_place(B[2])
    seats.expect_lines("Row B · Seat 3")
    seats.page.context.set_offline(True)
    expect(seats.page.get_by_test_id("link-state")).to_have_text("Offline")
    expect(seats.page.get_by_text("You are offline.")).to_be_visible()
    seats.page.context.set_offline(False)
    seats.expect_live()
    seats.expect_lines("Row B · Seat 3")


def test_a_worthless_token_is_replaced(site: Site, buyer: Buyer) -> None:
    event = site.put_on_sale(pocket_chart())
    page = buyer().new_page()
    page.goto(site.address)
    page.evaluate("localStorage.setItem('seatengine.viewer', 'worthless')")
    seats = SeatPage(page, f"{site.address}/e/{event}")
    seats.open()
    seats.click_place(B[2])
    seats.expect_lines("Row B · Seat 3")


def test_nonsense_from_the_server_is_not_believed(site: Site, buyer: Buyer) -> None:
    event = site.put_on_sale(pocket_chart())
    page = buyer().new_page()
    garbled = False
    sockets = 0

    def garble_one(socket: WebSocketRoute) -> None:
        nonlocal sockets
        sockets += 1
        server = socket.connect_to_server()

        def to_page(message: bytes | str) -> None:
            nonlocal garbled
            assert isinstance(message, bytes)
            told = decode_server_message(message)
            if isinstance(told, Tiles) and not garbled:
                garbled = True
                socket.send(encode_message(Tiles(told.seq, b"\xff\xff")))
            else:
                socket.send(message)

        server.on_message(to_page)

    page.route_web_socket(re.compile("/live$"), garble_one)
    seats = SeatPage(page, f"{site.address}/e/{event}")
    seats.open()
    site.sell(event, [B[3]])
    seats.show_list()
    page.get_by_role("button", name=re.compile("^Stalls")).click()
    expect(seats.list_seat("Stalls, row B, seat 4,")).to_have_accessible_name(re.compile("sold"))
    seats.expect_live()
    assert (garbled, sockets) == (True, 2)
    seats.check_clean()
