"""A machine that slept, or a tab put away for long, shows what is so when it is looked at again."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, WebSocketRoute, expect

from gateway.live.wire import Tiles, decode_server_message
from tests.browser.conftest import Buyer
from tests.browser.seat_page import SeatPage
from tests.browser.site_process import Site
from tests.venues import B, pocket_chart

_AN_HOUR_MS = 3_600_000


class Network:
    """Between page and server: `deaf` loses news of tiles, `dead` loses everything, as long as the
    socket lives on which that began."""

    def __init__(self, page: Page) -> None:
        self.deaf = False
        self.dead = False
        self.sockets = 0
        page.route_web_socket(re.compile("/live$"), self._connect)

    def _connect(self, socket: WebSocketRoute) -> None:
        self.sockets += 1
        number = self.sockets
        self.dead = False
        server = socket.connect_to_server()

        def lost() -> bool:
            return self.dead or number < self.sockets

        def to_page(message: bytes | str) -> None:
            assert isinstance(message, bytes)
            is_news = isinstance(decode_server_message(message), Tiles)
            if not lost() and not (self.deaf and is_news):
                socket.send(message)

        def to_server(message: bytes | str) -> None:
            if not lost():
                server.send(message)

        server.on_message(to_page)
        socket.on_message(to_server)


@pytest.fixture
def event(site: Site) -> str:
    return site.put_on_sale(pocket_chart())


def _open_stalls(seats: SeatPage) -> None:
    seats.show_list()
    seats.page.get_by_role("button", name=re.compile("^Stalls")).click()


def test_what_was_missed_while_asleep_is_told_on_waking(
    buyer: Buyer, site: Site, event: str
) -> None:
    page = buyer().new_page()
    page.clock.install()
    network = Network(page)
    seats = SeatPage(page, f"{site.address}/e/{event}")
    seats.open()
    network.deaf = True
    site.sell(event, [B[3]])
    network.deaf = False
    page.clock.fast_forward(_AN_HOUR_MS)
    _open_stalls(seats)
    expect(seats.list_seat("Stalls, row B, seat 4,")).to_have_accessible_name(re.compile("sold"))
    assert network.sockets == 1
    seats.check_clean()


def test_a_socket_that_died_in_its_sleep_is_replaced(buyer: Buyer, site: Site, event: str) -> None:
    page = buyer().new_page()
    page.clock.install()
    network = Network(page)
    seats = SeatPage(page, f"{site.address}/e/{event}")
    seats.open()
    seats.click_place(B[2])
    seats.expect_lines("Row B · Seat 3")
    network.dead = True
    site.sell(event, [B[3]])
    page.clock.fast_forward(_AN_HOUR_MS)
    _open_stalls(seats)
    expect(seats.list_seat("Stalls, row B, seat 4,")).to_have_accessible_name(re.compile("sold"))
    seats.expect_live()
    seats.expect_lines("Row B · Seat 3")
    assert network.sockets == 2
    seats.check_clean()
