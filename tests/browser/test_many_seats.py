"""A stadium on the map: frames only copy, bitmaps are bounded, and what was painted bit by bit is
the same as what is painted at once. None of it by the clock."""

from __future__ import annotations

import msgspec
import pytest
from playwright.sync_api import Page, expect

from seatengine.chart.generate import generate
from tests.browser.conftest import Buyer, OpenPage
from tests.browser.seat_page import SeatPage
from tests.browser.site_process import Site

_SEATS = 60_000
_SEAT = 30_000
_TRIES = 40

# Counts what is drawn on bitmaps off the screen, in animation frames and between them.
_COUNT_PAINTING = """() => {
  window.painting = { inFrames: 0, between: 0, copies: 0 };
  let inFrame = false;
  const request = window.requestAnimationFrame;
  window.requestAnimationFrame = (act) => request((now) => {
    inFrame = true;
    try { act(now); } finally { inFrame = false; }
  });
  const drawing = CanvasRenderingContext2D.prototype;
  for (const name of ["arc", "rect", "roundRect", "fillText"]) {
    const draw = drawing[name];
    drawing[name] = function (...rest) {
      if (!this.canvas.isConnected) window.painting[inFrame ? "inFrames" : "between"] += 1;
      return draw.apply(this, rest);
    };
  }
  const copy = drawing.drawImage;
  drawing.drawImage = function (...rest) {
    if (inFrame && this.canvas.isConnected) window.painting.copies += 1;
    return copy.apply(this, rest);
  };
}"""

# Remembers every canvas without keeping it alive.
_REMEMBER_CANVASES = """() => {
  const made = [];
  const create = Document.prototype.createElement;
  Document.prototype.createElement = function (name, ...rest) {
    const element = create.call(this, name, ...rest);
    if (name === "canvas") made.push(new WeakRef(element));
    return element;
  };
  window.bitmapBytes = () => made.reduce((sum, kept) => {
    const canvas = kept.deref();
    return sum + (canvas ? canvas.width * canvas.height * 4 : 0);
  }, 0);
}"""

_PICTURE = "() => document.querySelector('[data-testid=map] canvas').toDataURL()"

# How many pixels of the map differ clearly from those of a picture: the first time that there are
# fewer than `least`, or after so many frames.
_DIFFERENCE = """async ([picture, least, frames]) => {
  const other = new Image();
  other.src = picture;
  await other.decode();
  const map = document.querySelector("[data-testid=map] canvas");
  const pixels = (source) => {
    const copy = document.createElement("canvas");
    copy.width = map.width;
    copy.height = map.height;
    const context = copy.getContext("2d", { willReadFrequently: true });
    context.drawImage(source, 0, 0);
    return context.getImageData(0, 0, copy.width, copy.height).data;
  };
  const wanted = pixels(other);
  let differ = Infinity;
  for (let frame = 0; frame < frames && differ >= least; frame += 1) {
    await new Promise(requestAnimationFrame);
    const shown = pixels(map);
    differ = 0;
    for (let at = 0; at < shown.length; at += 4) {
      const apart = (channel) => Math.abs(shown[at + channel] - wanted[at + channel]);
      if (apart(0) > 64 || apart(1) > 64 || apart(2) > 64) differ += 1;
    }
  }
  return differ;
}"""

_HIDE = """(hidden) => {
  Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
  Object.defineProperty(document, "visibilityState",
    { value: hidden ? "hidden" : "visible", configurable: true });
  document.dispatchEvent(new Event("visibilitychange"));
}"""


@pytest.fixture
def stadium(site: Site) -> str:
    return site.put_on_sale(generate("stadium", _SEATS))


def _rest(seats: SeatPage) -> None:
    seats.page.wait_for_function("() => window.seatengine.isAtRest()")


def _open_section(seats: SeatPage) -> None:
    """Where the seats of one section fill the map, all of them told."""
    _rest(seats)
    seats.click_place(_SEAT)
    expect(seats.page.get_by_role("button", name="Zoom out")).to_be_enabled()
    _rest(seats)


def _swipe(page: Page, dx: float, dy: float) -> None:
    page.mouse.move(500, 400)
    page.mouse.down()
    page.mouse.move(500 + dx, 400 + dy, steps=12)
    page.mouse.up()


def _change(site: Site, event: str, places: range, *, block: bool) -> None:
    site.organizer().exchange(
        "POST" if block else "DELETE",
        f"/api/v1/events/{event}/blocks",
        msgspec.json.encode({"places": list(places)}),
    )


def _expect_same_picture(seats: SeatPage, fresh: SeatPage) -> None:
    """Within fewer pixels than two seats have: edges of what was wiped may shimmer.

    The fresh page may rest before it was told of all that it came to look at, so its picture is
    taken until both are the same.
    """
    for _ in range(_TRIES):
        picture = fresh.page.evaluate(_PICTURE)
        differ = seats.page.evaluate(_DIFFERENCE, [picture, 100, 15])
        if differ < 100:
            break
    assert differ < 100


def test_frames_copy_bitmaps_that_are_painted_between_them(
    open_page: OpenPage, buyer: Buyer, stadium: str
) -> None:
    context = buyer()
    context.add_init_script(f"({_COUNT_PAINTING})()")
    seats = open_page(stadium, context)
    _open_section(seats)
    before = seats.page.evaluate("() => ({ ...window.painting })")
    for _ in range(3):
        _swipe(seats.page, 300, 0)
    _rest(seats)
    after = seats.page.evaluate("() => ({ ...window.painting })")
    assert after["inFrames"] == before["inFrames"]
    assert after["between"] > before["between"] + 500
    assert after["copies"] > before["copies"] + 50


def test_bitmaps_are_bounded_by_bytes(open_page: OpenPage, buyer: Buyer, stadium: str) -> None:
    context = buyer(
        viewport={"width": 390, "height": 844},
        device_scale_factor=3,
        has_touch=True,
        is_mobile=True,
    )
    context.add_init_script(f"({_REMEMBER_CANVASES})()")
    seats = open_page(stadium, context)
    _rest(seats)
    seats.tap_place(_SEAT)
    _rest(seats)
    for key in ("-", "-", "+", "+", "+", "-", "-"):
        seats.map.press(key)
        _rest(seats)
        for arrow in ("ArrowLeft", "ArrowLeft", "ArrowDown", "ArrowRight", "ArrowRight"):
            for _ in range(4):
                seats.map.press(f"Shift+{arrow}")
            _rest(seats)
    session = context.new_cdp_session(seats.page)
    session.send("HeapProfiler.collectGarbage")
    kept = seats.page.evaluate("() => window.bitmapBytes()")
    assert 5e6 < kept < 45e6


def test_ten_thousand_changes_leave_the_picture_of_a_fresh_page(
    open_page: OpenPage, site: Site, stadium: str
) -> None:
    seats = open_page(stadium, reduced_motion="reduce")
    _open_section(seats)
    around = range(_SEAT - 400, _SEAT + 400)
    for _ in range(6):
        _change(site, stadium, around, block=True)
        _change(site, stadium, around, block=False)
    _change(site, stadium, range(_SEAT - 300, _SEAT + 301, 3), block=True)
    fresh = open_page(stadium, reduced_motion="reduce")
    _open_section(fresh)
    _expect_same_picture(seats, fresh)
    seats.check_clean()


def test_a_hidden_page_paints_nothing_and_looks_once_when_seen_again(
    open_page: OpenPage, buyer: Buyer, site: Site, stadium: str
) -> None:
    context = buyer(reduced_motion="reduce")
    context.add_init_script(f"({_COUNT_PAINTING})()")
    seats = open_page(stadium, context)
    _open_section(seats)
    old = seats.page.evaluate(_PICTURE)
    panel = seats.page.get_by_role("complementary", name="Find seats and basket")
    told = panel.inner_text()
    seats.page.evaluate(_HIDE, True)
    before = seats.page.evaluate("() => window.painting.between")
    site.sell(stadium, range(_SEAT - 10, _SEAT + 10))
    expect(panel).not_to_have_text(told, use_inner_text=True)
    fresh = open_page(stadium, reduced_motion="reduce")
    _open_section(fresh)
    assert fresh.page.evaluate(_DIFFERENCE, [old, 1_000, 2]) > 1_000
    assert seats.page.evaluate("() => window.painting.between") == before
    seats.page.evaluate(_HIDE, False)
    _expect_same_picture(seats, fresh)
