"""A Chromium that looks at the buyer's page, and what is read from it."""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import msgspec
from playwright.async_api import Browser, CDPSession, Page, async_playwright

from benchmarks.report import percentile
from seatengine.errors import SeatEngineError

CHROMIUMS: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FRAME_MS: Final = 1_000 / 60
_PROBE: Final = Path(__file__).with_name("page_probe.js")
_MARK: Final = "seatengine:"
_POINTER_EVERY_S: Final = 0.008
_WHEEL_EVERY_S: Final = 0.016
_SWIPE_S: Final = 0.25
_BETWEEN_SWIPES_S: Final = 0.12
_SWIPES: Final = ((-1, 0),) * 4 + ((0, -1),) * 2 + ((1, 0),) * 4 + ((0, 1),) * 2
_CLICKS: Final = ("mousePressed", "mouseMoved", "mouseReleased")
_TOUCHES: Final = ("touchStart", "touchMove", "touchEnd")
_LOADED_WITHIN_MS: Final = 30_000


class NoBrowser(SeatEngineError):
    """There is no Chromium to measure in."""

    code = "no-browser"


class Screen(msgspec.Struct, frozen=True):
    """A window: CSS pixels, and device pixels for each of them."""

    width: int
    height: int
    pixel_ratio: float = 1
    phone: bool = False


DESKTOP: Final = Screen(1280, 800)
PHONE: Final = Screen(390, 844, 3, phone=True)


class Loaded(msgspec.Struct, frozen=True):
    """Milliseconds from the HTML's first byte until a frame was handed to the screen that showed
    the venue's outlines (`map_ms`), its live state (`places_ms`), single seats (`seats_ms`).
    `cpu_ms` is the main thread's processor time until the live state was there."""

    map_ms: float
    places_ms: float
    seats_ms: float
    cpu_ms: float
    tasks_ms: list[float]


class Smoothness(msgspec.Struct, frozen=True):
    """Frames of one stretch of time. `dropped` are 60ths of a second in which no frame came."""

    intervals_ms: list[float]
    tasks_ms: list[float]
    messages: int
    bytes: int
    cpu_s: float
    """Processor time of the page's main thread."""

    @property
    def cpu_ms_per_frame(self) -> float:
        return self.cpu_s * 1_000 / len(self.intervals_ms)

    @property
    def fps(self) -> float:
        return 1_000 * len(self.intervals_ms) / sum(self.intervals_ms)

    @property
    def p99_ms(self) -> float:
        return percentile(self.intervals_ms, 99)

    @property
    def dropped(self) -> int:
        return sum(max(0, round(ms / FRAME_MS) - 1) for ms in self.intervals_ms)


class Memory(msgspec.Struct, frozen=True):
    """Megabytes after a collection: V8's heap with the DOM's, the buffers of typed arrays, and the
    bitmaps of all canvases, on screen or off (width x height x 4)."""

    js_mb: float
    buffers_mb: float
    bitmaps_mb: float

    @property
    def all_mb(self) -> float:
        return self.js_mb + self.buffers_mb + self.bitmaps_mb


def together(parts: Sequence[Smoothness]) -> Smoothness:
    return Smoothness(
        [ms for part in parts for ms in part.intervals_ms],
        [ms for part in parts for ms in part.tasks_ms],
        sum(part.messages for part in parts),
        sum(part.bytes for part in parts),
        sum(part.cpu_s for part in parts),
    )


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """The system's Chromium, headless. Raises NoBrowser."""
    executable = next(filter(None, map(shutil.which, CHROMIUMS)), None)
    if executable is None:
        raise NoBrowser("No Chromium on the PATH: install your system's, or run tools/chromium.")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=executable, args=["--no-sandbox"]
        )
        try:
            yield browser
        finally:
            await browser.close()


class Window:
    """One page in a profile of its own: nothing is cached. Made by `window`."""

    def __init__(self, page: Page, session: CDPSession, screen: Screen) -> None:
        self.page = page
        self.screen = screen
        self._session = session
        self._cpu_s = 0.0

    async def load(self, address: str) -> Loaded:
        """Open the page, and press on the middle of a section as soon as the map stands."""
        await self.page.goto(address, wait_until="commit")
        await self._shown("map")
        await self._shown("places")
        cpu_ms = await self._thread_time() * 1_000
        await self.open_section()
        await self._shown("seats")
        found: dict[str, Any] = await self.page.evaluate("pageProbe.loaded()")
        shown, html = found["shown"], found["html"]
        after = {name: shown[_MARK + name] - html for name in ("map", "places", "seats")}
        return Loaded(after["map"], after["places"], after["seats"], cpu_ms, found["tasks"])

    async def open_section(self) -> None:
        """Press on the place that is nearest to a quarter of the way down the map."""
        point = await self.page.evaluate(_A_POINT_OF_A_SECTION)
        if self.screen.phone:
            await self.page.touchscreen.tap(point["x"], point["y"])
        else:
            await self.page.mouse.click(point["x"], point["y"])

    async def at_rest(self) -> None:
        await self.page.wait_for_function("() => window.seatengine.isAtRest()")

    async def zoom_out(self, steps: int) -> None:
        await self.page.get_by_test_id("map").focus()
        for _ in range(steps):
            await self.page.keyboard.press("-")
            await self.at_rest()

    async def places_in_view(self) -> list[int]:
        box = await self.page.get_by_test_id("map").bounding_box()
        assert box is not None
        found: list[int] = await self.page.evaluate(_PLACES_IN_VIEW, box)
        return found

    async def drag(self, seconds: float) -> Smoothness:
        """Swipe the map on and on, a new part of it into view each time, and measure every frame.

        Each swipe moves half a map in a quarter of a second and lets go, so that the map glides on.
        """
        x, y = await self._middle()
        reach = min(x, y) * 0.5
        press, move, release = _TOUCHES if self.screen.phone else _CLICKS
        await self._begin()
        begun_s, sends, swipes = time.perf_counter(), [], 0
        while time.perf_counter() - begun_s < seconds:
            along, across = _SWIPES[swipes % len(_SWIPES)]
            await self._point(press, x - along * reach, y - across * reach)
            swipe_s = time.perf_counter()
            while (part := (time.perf_counter() - swipe_s) / _SWIPE_S) < 1:
                at = (x + along * reach * (2 * part - 1), y + across * reach * (2 * part - 1))
                sends.append(asyncio.ensure_future(self._point(move, *at)))
                await asyncio.sleep(_POINTER_EVERY_S)
            await asyncio.gather(*sends)
            await self._point(release, x + along * reach, y + across * reach)
            sends.clear()
            swipes += 1
            await asyncio.sleep(_BETWEEN_SWIPES_S)
        return await self._end()

    async def zoom(self, seconds: float) -> Smoothness:
        """Turn the wheel inwards and outwards, half a second each, and measure every frame."""
        x, y = await self._middle()
        await self._begin()
        begun_s, sends = time.perf_counter(), []
        while (passed_s := time.perf_counter() - begun_s) < seconds:
            turn = {"type": "mouseWheel", "x": x, "y": y, "deltaX": 0}
            turn["deltaY"] = 24 if int(passed_s * 2) % 2 else -24
            sends.append(
                asyncio.ensure_future(self._session.send("Input.dispatchMouseEvent", turn))
            )
            await asyncio.sleep(_WHEEL_EVERY_S)
        await asyncio.gather(*sends)
        return await self._end()

    async def watch(self, seconds: float) -> Smoothness:
        """Measure every frame while nobody touches the page."""
        await self._begin()
        await asyncio.sleep(seconds)
        return await self._end()

    async def memory(self) -> Memory:
        await self._session.send("HeapProfiler.collectGarbage")
        used = await self._session.send("Runtime.getHeapUsage")
        bitmaps: float = await self.page.evaluate("pageProbe.bitmapBytes()")
        return Memory(
            (used["usedSize"] + used["embedderHeapUsedSize"]) / 1e6,
            used["backingStorageSize"] / 1e6,
            bitmaps / 1e6,
        )

    async def blank(self) -> None:
        """A page that pans one ready bitmap, as wide and high as the window, and nothing else: the
        floor. As on the map there are at most two device pixels for each CSS pixel."""
        await self.page.set_content(_BLANK)

    async def _middle(self) -> tuple[float, float]:
        box = await self.page.get_by_test_id("map").bounding_box()
        assert box is not None
        visible = 0.7 if self.screen.phone else 1.0
        return box["x"] + box["width"] / 2, box["y"] + box["height"] * visible / 2

    async def _point(self, kind: str, x: float, y: float) -> None:
        if self.screen.phone:
            points = [] if kind == "touchEnd" else [{"x": x, "y": y}]
            await self._session.send(
                "Input.dispatchTouchEvent", {"type": kind, "touchPoints": points}
            )
        else:
            event = {"type": kind, "x": x, "y": y, "button": "left", "buttons": 1, "clickCount": 1}
            await self._session.send("Input.dispatchMouseEvent", event)

    async def _shown(self, name: str) -> None:
        await self.page.wait_for_function(
            "name => name in pageProbe.shown", arg=_MARK + name, timeout=_LOADED_WITHIN_MS
        )

    async def _begin(self) -> None:
        await self.page.evaluate("pageProbe.begin()")
        self._cpu_s = await self._thread_time()

    async def _end(self) -> Smoothness:
        cpu_s = await self._thread_time() - self._cpu_s
        found: dict[str, Any] = await self.page.evaluate("pageProbe.end()")
        times: list[float] = found["times"]
        return Smoothness(
            [after - before for before, after in pairwise(times)],
            found["tasks"],
            found["messages"],
            found["bytes"],
            cpu_s,
        )

    async def _thread_time(self) -> float:
        metrics = (await self._session.send("Performance.getMetrics"))["metrics"]
        return next(float(m["value"]) for m in metrics if m["name"] == "ThreadTime")


@asynccontextmanager
async def window(browser: Browser, screen: Screen) -> AsyncIterator[Window]:
    """A new profile with one page and the probe in it."""
    context = await browser.new_context(
        viewport={"width": screen.width, "height": screen.height},
        device_scale_factor=screen.pixel_ratio,
        has_touch=screen.phone,
        is_mobile=screen.phone,
        locale="en-GB",
    )
    try:
        await context.add_init_script(path=_PROBE)
        page = await context.new_page()
        session = await context.new_cdp_session(page)
        await session.send("Performance.enable", {"timeDomain": "threadTicks"})
        yield Window(page, session, screen)
    finally:
        await context.close()


_A_POINT_OF_A_SECTION: Final = """() => {
  const box = document.querySelector('[data-testid="map"]').getBoundingClientRect();
  const [x, y] = [box.left + box.width / 2, box.top + box.height * 0.2];
  let [best, least] = [null, Infinity];
  for (let place = 0; ; place += 7) {
    const point = window.seatengine.pointOf(place);
    if (!point || Number.isNaN(point.x)) return best;
    const distance = Math.hypot(point.x - x, point.y - y);
    if (distance < least) [best, least] = [point, distance];
  }
}"""

_PLACES_IN_VIEW: Final = """(box) => {
  const found = [];
  for (let place = 0; ; place += 1) {
    const point = window.seatengine.pointOf(place);
    if (!point || Number.isNaN(point.x)) return found;
    const [x, y] = [point.x - box.x, point.y - box.y];
    if (x > 8 && y > 8 && x < box.width - 8 && y < box.height - 8) found.push(place);
  }
}"""

_BLANK: Final = """<!doctype html>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>html, body { margin: 0; height: 100%; overflow: hidden }
canvas { width: 100%; height: 100%; touch-action: none }</style>
<canvas data-testid="map"></canvas>
<script>
  const canvas = document.querySelector("canvas");
  const bitmap = document.createElement("canvas");
  const ratio = Math.min(2, devicePixelRatio);
  for (const made of [canvas, bitmap]) {
    made.width = Math.round(innerWidth * ratio);
    made.height = Math.round(innerHeight * ratio);
  }
  const [source, target] = [bitmap, canvas].map((made) => made.getContext("2d"));
  source.fillStyle = "teal";
  source.fillRect(8, 8, bitmap.width - 16, bitmap.height - 16);
  let last = null, x = 0, y = 0, frame = 0;
  const draw = () => {
    frame = 0;
    target.clearRect(0, 0, canvas.width, canvas.height);
    target.drawImage(bitmap, x * ratio, y * ratio);
  };
  canvas.onpointermove = (event) => {
    if (last && event.buttons) [x, y] = [x + event.clientX - last.x, y + event.clientY - last.y];
    last = { x: event.clientX, y: event.clientY };
    frame ||= requestAnimationFrame(draw);
  };
  draw();
</script>"""
