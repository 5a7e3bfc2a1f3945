"""The page bears a server that goes away and comes back."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Buyer
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
