"""axe-core finds nothing serious on any page, in light and in dark."""

from __future__ import annotations

import re
from typing import Literal

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import FRONTEND, Buyer, OpenPage
from tests.browser.site_process import Site
from tests.venues import B, pocket_chart

AXE = FRONTEND / "node_modules" / "axe-core" / "axe.min.js"
Scheme = Literal["light", "dark"]
SCHEMES: tuple[Scheme, ...] = ("light", "dark")


def serious(page: Page) -> list[str]:
    """What axe-core calls serious or critical, with the elements."""
    page.evaluate(AXE.read_text())
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{violation['id']}: {[node['html'] for node in violation['nodes']]}"
        for violation in found["violations"]
        if violation["impact"] in ("serious", "critical")
    ]


@pytest.mark.parametrize("scheme", SCHEMES)
def test_landing_page(site: Site, buyer: Buyer, scheme: Scheme) -> None:
    site.put_on_sale(pocket_chart())
    page = buyer(color_scheme=scheme, reduced_motion="reduce").new_page()
    page.goto(site.address)
    expect(page.get_by_role("heading", name="On sale now")).to_be_visible()
    expect(page.get_by_role("link", name=re.compile("Opening night")).first).to_be_visible()
    assert serious(page) == []


@pytest.mark.parametrize("scheme", SCHEMES)
def test_map_basket_and_notice(open_page: OpenPage, site: Site, scheme: Scheme) -> None:
    event = site.put_on_sale(pocket_chart())
    seats = open_page(event, color_scheme=scheme, reduced_motion="reduce")
    assert serious(seats.page) == []
    seats.click_place(B[2])
    seats.expect_lines("Row B · Seat 3")
    seats.page.get_by_test_id("best").click()
    expect(seats.notice).to_be_visible()
    assert serious(seats.page) == []


@pytest.mark.parametrize("scheme", SCHEMES)
def test_list_view(open_page: OpenPage, site: Site, scheme: Scheme) -> None:
    event = site.put_on_sale(pocket_chart())
    site.hold_as_someone_else(event, [B[0]])
    site.sell(event, [B[1]])
    seats = open_page(event, color_scheme=scheme, reduced_motion="reduce")
    seats.show_list()
    for section in ("Stalls", "Balcony", "Floor"):
        seats.page.get_by_role("button", name=re.compile(f"^{section}")).click()
    seats.list_seat("Stalls, row B, seat 4,").click()
    seats.expect_lines("Row B · Seat 4")
    assert serious(seats.page) == []


@pytest.mark.parametrize("scheme", SCHEMES)
def test_form_and_confirmation(open_page: OpenPage, site: Site, scheme: Scheme) -> None:
    event = site.put_on_sale(pocket_chart())
    seats = open_page(event, color_scheme=scheme, reduced_motion="reduce")
    seats.click_place(B[2])
    seats.page.get_by_test_id("checkout").click()
    seats.page.get_by_role("button", name="Book now").click()
    expect(seats.page.get_by_text("Please enter a name.")).to_be_visible()
    assert serious(seats.page) == []
    seats.page.get_by_role("button", name="Back to the seats").click()
    seats.book()
    assert serious(seats.page) == []


@pytest.mark.parametrize("scheme", SCHEMES)
def test_phone(open_page: OpenPage, site: Site, scheme: Scheme) -> None:
    event = site.put_on_sale(pocket_chart())
    seats = open_page(
        event,
        color_scheme=scheme,
        reduced_motion="reduce",
        viewport={"width": 390, "height": 844},
        has_touch=True,
    )
    assert serious(seats.page) == []
    seats.page.get_by_role("button", name="Make the panel larger").press("Enter")
    assert serious(seats.page) == []


@pytest.mark.parametrize("scheme", SCHEMES)
def test_unknown_event(site: Site, buyer: Buyer, scheme: Scheme) -> None:
    page = buyer(color_scheme=scheme).new_page()
    page.goto(f"{site.address}/e/ev_nothing")
    expect(page.get_by_role("heading", name="We cannot find this event")).to_be_visible()
    assert serious(page) == []
