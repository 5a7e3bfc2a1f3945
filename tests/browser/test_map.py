"""Moving about on the map: wheel, pinch, double tap, buttons and keys, floors."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import CDPSession, expect

from seatengine.chart.chart import Category, Chart, Floor, Point, Row, Section
from seatengine.chart.generate import generate
from tests.browser.conftest import OpenPage
from tests.browser.seat_page import SeatPage
from tests.browser.site_process import Site
from tests.venues import seats as seats_of

_SEAT = 300


@pytest.fixture
def theatre(site: Site) -> str:
    return site.put_on_sale(generate("theatre", 900))


def _distance(seats: SeatPage, place: int, other: int) -> float:
    (x, y), (other_x, other_y) = seats.point_of(place), seats.point_of(other)
    return float(((x - other_x) ** 2 + (y - other_y) ** 2) ** 0.5)


def _expect_zoomed(seats: SeatPage) -> None:
    expect(seats.page.get_by_role("button", name="Zoom out")).to_be_enabled()


def _expect_whole(seats: SeatPage) -> None:
    expect(seats.page.get_by_role("button", name="Zoom out")).to_be_disabled()


def _touch(session: CDPSession, kind: str, *points: tuple[float, float]) -> None:
    touches = [{"x": x, "y": y, "id": i} for i, (x, y) in enumerate(points)]
    session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": touches})


def test_the_wheel_zooms_to_the_pointer(open_page: OpenPage, theatre: str) -> None:
    seats = open_page(theatre, reduced_motion="reduce")
    before = seats.point_of(_SEAT)
    apart = _distance(seats, 0, 800)
    seats.page.mouse.move(*before)
    for _ in range(3):
        seats.page.mouse.wheel(0, -120)
    _expect_zoomed(seats)
    assert _distance(seats, 0, 800) > apart * 1.2
    assert seats.point_of(_SEAT) == pytest.approx(before, abs=3)


def test_dragging_moves_the_map_and_picks_nothing(open_page: OpenPage, theatre: str) -> None:
    seats = open_page(theatre, reduced_motion="reduce")
    seats.page.get_by_role("button", name="Zoom in").click()
    _expect_zoomed(seats)
    x, y = seats.point_of(_SEAT)
    seats.page.mouse.move(x, y)
    seats.page.mouse.down()
    seats.page.mouse.move(x - 60, y + 40, steps=4)
    seats.page.mouse.up()
    moved = seats.point_of(_SEAT)
    assert moved[0] < x - 30
    assert moved[1] > y + 15
    expect(seats.basket).to_contain_text("No seats picked yet")


def test_fingers_that_part_zoom(open_page: OpenPage, theatre: str) -> None:
    seats = open_page(theatre, reduced_motion="reduce", has_touch=True)
    apart = _distance(seats, 0, 800)
    x, y = seats.point_of(_SEAT)
    fingers = seats.page.context.new_cdp_session(seats.page)
    _touch(fingers, "touchStart", (x - 20, y), (x + 20, y))
    for step in range(1, 6):
        _touch(fingers, "touchMove", (x - 20 - 12 * step, y), (x + 20 + 12 * step, y))
    _touch(fingers, "touchEnd")
    _expect_zoomed(seats)
    assert _distance(seats, 0, 800) > apart * 1.5
    expect(seats.basket).to_contain_text("No seats picked yet")


def test_keys_zoom_and_show_everything_again(open_page: OpenPage, theatre: str) -> None:
    seats = open_page(theatre, reduced_motion="reduce")
    whole = _distance(seats, 0, 800)
    seats.map.focus()
    seats.page.keyboard.press("+")
    _expect_zoomed(seats)
    assert _distance(seats, 0, 800) > whole * 1.2
    seats.page.keyboard.press("0")
    _expect_whole(seats)
    assert _distance(seats, 0, 800) == pytest.approx(whole, rel=0.01)


def test_a_section_of_a_stadium_opens_at_a_click(open_page: OpenPage, site: Site) -> None:
    seats = open_page(site.put_on_sale(generate("stadium", 60_000)), reduced_motion="reduce")
    _expect_whole(seats)
    apart = _distance(seats, 30_000, 30_001)
    seats.click_place(30_000)
    _expect_zoomed(seats)
    expect(seats.basket).to_contain_text("No seats picked yet")
    assert _distance(seats, 30_000, 30_001) > apart * 4
    seats.click_place(30_000)
    expect(seats.lines).to_have_count(1)


def _two_floors() -> Chart:
    places = tuple(10.0 * i for i in range(6))
    return Chart(
        name="Two floors",
        width=100.0,
        height=50.0,
        focal_point=Point(25.0, 0.0),
        next_index=12,
        categories=(Category("gold", "Gold", "#c90", 9_000),),
        floors=(Floor("f1", "Ground"), Floor("f2", "Gallery")),
        sections=(Section("st", "Stalls", floor="f1"), Section("ga", "Gallery", floor="f2")),
        rows=(
            Row("r1", "A", seats_of(0, places, 20.0, "gold"), section="st", floor="f1"),
            Row("r2", "A", seats_of(6, places, 20.0, "gold"), section="ga", floor="f2"),
        ),
    )


def test_one_floor_at_a_time(open_page: OpenPage, site: Site) -> None:
    seats = open_page(site.put_on_sale(_two_floors()))
    seats.click_place(2)
    expect(seats.lines).to_have_count(1)
    expect(seats.lines).to_contain_text("Stalls")
    floors = seats.page.get_by_role("group", name="Floor")
    floors.get_by_role("button", name="Gallery").click()
    seats.click_place(6 + 2)
    expect(seats.lines).to_have_count(2)
    expect(seats.lines.filter(has_text="Gallery")).to_have_count(1)
    seats.lines.filter(has_text="Stalls").get_by_role("button", name=re.compile("^Row A")).click()
    expect(floors.get_by_role("button", name="Ground")).to_have_attribute("aria-pressed", "true")
