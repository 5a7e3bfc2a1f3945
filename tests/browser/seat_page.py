"""The buyer's page as a test sees it: by roles, labels and what is said, as buyers do."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, Page, expect


class SeatPage:
    """Errors of the page's scripts fail the test at `open` and `check_clean`."""

    def __init__(self, page: Page, address: str) -> None:
        self.page = page
        self.address = address
        self.errors: list[str] = []
        page.on("pageerror", lambda error: self.errors.append(str(error)))

    def open(self) -> None:
        self.page.goto(self.address)
        self.expect_live()

    def expect_live(self, timeout_ms: float = 15_000) -> None:
        expect(self.page.get_by_test_id("link-state")).to_have_text("Live", timeout=timeout_ms)

    def check_clean(self) -> None:
        assert self.errors == []

    @property
    def basket(self) -> Locator:
        return self.page.get_by_test_id("basket")

    @property
    def map(self) -> Locator:
        return self.page.get_by_test_id("map")

    @property
    def notice(self) -> Locator:
        return self.page.get_by_test_id("notice")

    @property
    def lines(self) -> Locator:
        return self.basket.get_by_role("listitem")

    def expect_lines(self, *titles: str) -> None:
        """Exactly these places in the basket, in any order: "Row B · Seat 3"."""
        expect(self.lines).to_have_count(len(titles))
        for title in titles:
            expect(self.lines.get_by_text(title, exact=True)).to_have_count(1)

    def point_of(self, place: int) -> tuple[float, float]:
        """Where a place is on the screen, once the map is at rest there."""
        asked = "place => window.seatengine.pointOf(place)"
        point = self.page.wait_for_function(asked, arg=place).json_value()
        return point["x"], point["y"]

    def click_place(self, place: int) -> None:
        self.page.mouse.click(*self.point_of(place))

    def tap_place(self, place: int) -> None:
        self.page.touchscreen.tap(*self.point_of(place))

    def show_list(self) -> None:
        self.page.get_by_role("button", name="List", exact=True).click()
        expect(self.page.get_by_test_id("list")).to_be_visible()

    def list_seat(self, name: str) -> Locator:
        """A seat's button in the list by the beginning of its label: "Stalls, row B, seat 3,"."""
        return self.page.get_by_role("button", name=re.compile("^" + re.escape(name)))

    def say(self) -> Locator:
        return self.page.get_by_test_id("said")

    def book(self, name: str = "Ana Example", email: str = "ana@example.org") -> str:
        """Through the form to the confirmation; the booking's reference."""
        self.page.get_by_test_id("checkout").click()
        self.page.get_by_label("Name", exact=True).fill(name)
        self.page.get_by_label("Email", exact=True).fill(email)
        self.page.get_by_role("button", name="Book now").click()
        reference = self.page.get_by_test_id("reference")
        expect(reference).to_be_visible()
        return reference.inner_text()
