"""The landing page, and the pages for when there is no map to show."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.browser.conftest import Buyer, OpenPage
from tests.browser.site_process import Site
from tests.venues import B, hall_chart, pocket_chart


def test_the_landing_page_leads_to_the_map(site: Site, buyer: Buyer) -> None:
    event = site.put_on_sale(pocket_chart(), name="A night to remember")
    page = buyer().new_page()
    page.goto(site.address)
    page.get_by_role("link", name=re.compile("A night to remember")).click()
    expect(page).to_have_url(f"{site.address}/e/{event}")
    expect(page.get_by_role("heading", name="A night to remember")).to_be_visible()


def test_an_unknown_event_leads_back(site: Site, buyer: Buyer) -> None:
    page = buyer().new_page()
    page.goto(f"{site.address}/e/ev_nothing")
    expect(page.get_by_role("heading", name="We cannot find this event")).to_be_visible()
    page.get_by_role("link", name="See what is on sale").click()
    expect(page.get_by_role("heading", name="On sale now")).to_be_visible()


def test_an_event_that_is_not_on_sale_can_be_looked_at(open_page: OpenPage, site: Site) -> None:
    seats = open_page(site.put_on_sale(pocket_chart(), on_sale=False))
    expect(seats.page.get_by_text("This event is not on sale at the moment.")).to_be_visible()
    expect(seats.page.get_by_test_id("best")).to_be_disabled()
    seats.click_place(B[2])
    expect(seats.basket).to_contain_text("No seats picked yet")


def test_a_full_house_says_what_may_still_happen(open_page: OpenPage, site: Site) -> None:
    event = site.put_on_sale(hall_chart(2, 4))
    site.sell(event, range(8))
    seats = open_page(event)
    expect(seats.page.get_by_text("Everything is taken right now.")).to_be_visible()


def test_the_theme_follows_the_buyers_choice_over_a_reload(open_page: OpenPage, site: Site) -> None:
    seats = open_page(site.put_on_sale(pocket_chart()), color_scheme="light")
    root = seats.page.locator("html")
    expect(root).to_have_attribute("data-theme", "light")
    seats.page.get_by_role("button", name="Use dark colours").click()
    expect(root).to_have_attribute("data-theme", "dark")
    seats.page.reload()
    expect(root).to_have_attribute("data-theme", "dark")


def test_new_prices_reach_an_open_page(open_page: OpenPage, site: Site) -> None:
    event = site.put_on_sale(pocket_chart())
    seats = open_page(event)
    change = b'{"prices": {"gold": 9900, "silver": 5000, "standing": 2500}}'
    site.organizer().exchange("PATCH", f"/api/v1/events/{event}", change)
    expect(seats.page.get_by_role("button", name=re.compile("^Gold"))).to_contain_text("€99.00")
