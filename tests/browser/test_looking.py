"""Wherever the map went and whatever changed meanwhile, what it shows in the end is what is so."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.browser.conftest import OpenPage
from tests.browser.site_process import Site
from tests.venues import hall_chart

_ROWS, _WIDTH = 40, 50
_SOLD = "2"


def test_a_wandering_map_ends_with_every_seat_right(open_page: OpenPage, site: Site) -> None:
    event = site.put_on_sale(hall_chart(_ROWS, _WIDTH))
    seats = open_page(event)
    page = seats.page
    box = seats.map.bounding_box()
    assert box is not None
    middle = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    sold: set[int] = set()

    def sell(step: int) -> None:
        places = [p for p in range(step * 7, _ROWS * _WIDTH, 97) if p not in sold]
        site.sell(event, places)
        sold.update(places)

    for step in range(4):
        sell(3 * step)
        page.mouse.move(*middle)
        page.mouse.wheel(0, -400)
        sell(3 * step + 1)
        page.mouse.down()
        page.mouse.move(middle[0] - 300 + 200 * step, middle[1] + 150 - 100 * step, steps=8)
        page.mouse.up()
        sell(3 * step + 2)
        if step % 2:
            page.get_by_role("button", name="Show the whole map").click()
    seats.show_list()
    expect(page.locator("[data-place]")).to_have_count(_ROWS * _WIDTH)
    expect(page.locator(f"[data-status='{_SOLD}']")).to_have_count(len(sold))
    shown = page.eval_on_selector_all(
        f"[data-status='{_SOLD}']", "seats => seats.map(seat => Number(seat.dataset.place))"
    )
    assert set(shown) == sold
    expect(page.get_by_role("button", name=re.compile("^Gold"))).to_contain_text(
        f"{_ROWS * _WIDTH // 2 - sum(p < _ROWS * _WIDTH // 2 for p in sold):,} left"
    )
    seats.check_clean()
