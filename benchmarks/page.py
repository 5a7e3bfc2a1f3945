"""The buyer's page at 100,000 seats in Chromium: loading, panning, zooming, changes, memory."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

import msgspec
import uvloop
from cyclopts import Parameter
from cyclopts.validators import Number
from playwright.async_api import Browser

from benchmarks import venue
from benchmarks.live_site import live_site
from benchmarks.page_browser import (
    DESKTOP,
    PHONE,
    Loaded,
    Memory,
    Screen,
    Smoothness,
    chromium,
    together,
    window,
)
from benchmarks.page_changes import ChangePlan, Changes
from benchmarks.process import temporary_folder
from benchmarks.report import finish, median, say
from gateway.demo.child import Child

_CHANGING_VIEWERS: Final = 4
_READY_WITHIN_S: Final = 30.0
_OUT_TO_MANY_SEATS: Final = 2


class Phone(msgspec.Struct, frozen=True):
    """The same on a screen of 390 x 844 at three device pixels each, by touch."""

    first_seats_ms: float
    fps_pan: float
    frame_p99_ms: float
    floor_fps_pan: float
    floor_frame_p99_ms: float
    cpu_ms_per_frame: float
    floor_cpu_ms_per_frame: float
    heap_mb: float
    bitmaps_mb: float


class PageResult(msgspec.Struct, frozen=True):
    """All times are of this machine's software raster; `floor_...` is a page that only moves one
    blank bitmap. `cpu_...` is processor time of the page's main thread. Memory is after a
    collection; `heap_mb` is `js_mb` + `buffers_mb` + `bitmaps_mb`."""

    seats: int
    first_seats_ms: float
    fps_pan: float
    frame_p99_ms: float
    heap_mb: float
    first_map_ms: float
    opened_section_ms: float
    load_cpu_ms: float
    load_longest_task_ms: float
    floor_fps_pan: float
    floor_frame_p99_ms: float
    dropped_pan: int
    floor_dropped_pan: int
    cpu_ms_per_frame: float
    floor_cpu_ms_per_frame: float
    fps_zoom: float
    zoom_frame_p99_ms: float
    changes_per_s: int
    dropped_frames: int
    changes_frames: int
    changes_frame_p99_ms: float
    changes_cpu_ms_per_frame: float
    floor_dropped_frames: int
    fps_pan_with_changes: float
    long_tasks: int
    longest_task_ms: float
    js_mb: float
    buffers_mb: float
    bitmaps_mb: float
    phone: Phone


class _Seen(msgspec.Struct, frozen=True):
    """One screen with nothing happening on it: cold loads, movements, the floor, memory."""

    loads: list[Loaded]
    pan: Smoothness
    zoom: Smoothness
    floor_pan: Smoothness
    floor_still: Smoothness
    memory: Memory


class _Busy(msgspec.Struct, frozen=True):
    """A screen on which seats changed hands."""

    still: Smoothness
    pan: Smoothness
    changes: Changes
    memory: Memory


def page(
    *,
    seats: Annotated[int, Parameter(validator=Number(gte=1_000, lte=120_000))] = venue.SEATS,
    seconds: Annotated[float, Parameter(validator=Number(gt=0, lte=60))] = 4.0,
    loads: Annotated[int, Parameter(validator=Number(gte=1, lte=50))] = 3,
    changes: Annotated[float, Parameter(validator=Number(gte=10, lte=20_000))] = 1_000,
    json: bool = False,
) -> PageResult:
    """The buyer's page in headless Chromium, on a stadium that is on sale on a real server.

    Parameters
    ----------
    seats
        Size of the venue.
    seconds
        How long each movement is measured.
    loads
        Cold loads, each in a new profile.
    changes
        Seats a second that change their state in view, by holds over websockets.
    json
        Print the result as one JSON object on the last line.
    """
    with temporary_folder() as folder:
        result = uvloop.run(_measure(folder, seats, seconds, loads, changes))
    finish(result, json=json)
    return result


async def _measure(
    folder: Path, seats: int, seconds: float, loads: int, changes_per_s: float
) -> PageResult:
    async with live_site(folder) as site, chromium() as browser:
        say("Starting the server, and putting a stadium on sale")
        server, address = await site.start_server()
        try:
            event = await site.put_on_sale(address, seats)
            url = f"{address}/e/{event}"
            # The first viewer of a chart waits until the server has packed it; the next do not.
            async with window(browser, DESKTOP) as first:
                await first.load(url)
            desktop = await _look(browser, DESKTOP, url, seconds, loads)
            plan = ChangePlan(address, event, site.tokens(_CHANGING_VIEWERS), [], changes_per_s)
            busy = await _change(browser, plan, url, seconds, folder / "changes.log")
            phone = await _look(browser, PHONE, url, seconds, loads)
        finally:
            await server.stop()
    return _result(seats, desktop, busy, phone)


async def _look(browser: Browser, screen: Screen, url: str, seconds: float, loads: int) -> _Seen:
    """Load cold as often as asked, then move about in the last of them."""
    loaded = []
    for number in range(1, loads + 1):
        async with window(browser, screen) as seen:
            loaded.append(await seen.load(url))
            say(f"{_name(screen)}: load {number} of {loads}: {_line(loaded[-1])}")
            if number < loads:
                continue
            await seen.at_rest()
            pans = [await seen.drag(seconds / 2)]
            await seen.zoom_out(_OUT_TO_MANY_SEATS)
            pans.append(await seen.drag(seconds / 2))
            say(f"{_name(screen)}: drag near {_smooth(pans[0])}; many seats {_smooth(pans[1])}")
            zoom = await seen.zoom(seconds)
            say(f"{_name(screen)}: zoom {_smooth(zoom)}")
            memory = await seen.memory()
    async with window(browser, screen) as blank:
        await blank.blank()
        floor_pan, floor_still = await blank.drag(seconds), await blank.watch(seconds)
        say(f"{_name(screen)}: blank drag {_smooth(floor_pan)}; still {_smooth(floor_still)}")
    return _Seen(loaded, together(pans), zoom, floor_pan, floor_still, memory)


async def _change(browser: Browser, plan: ChangePlan, url: str, seconds: float, log: Path) -> _Busy:
    """Look at many seats while they change hands, first at rest, then dragging."""
    async with window(browser, DESKTOP) as seen:
        await seen.load(url)
        await seen.at_rest()
        await seen.zoom_out(_OUT_TO_MANY_SEATS)
        plan.places = await seen.places_in_view()
        say(f"{len(plan.places):,} places in view, {plan.changes_per_s:,.0f} changes a second")
        load = await Child.start("benchmarks.page_changes", plan, log)
        try:
            if not await load.line(_READY_WITHIN_S):
                raise load.failed()
            still = await seen.watch(seconds)
            pan = await seen.drag(seconds)
        finally:
            last = await load.stop()
        changes = msgspec.json.decode(last, type=Changes)
        say(
            f"{changes.changes / changes.seconds:,.0f} changes/s ({changes.refused} refused): "
            f"at rest {_smooth(still)}, {still.messages} messages; dragging {_smooth(pan)}"
        )
        return _Busy(still, pan, changes, await seen.memory())


def _result(seats: int, desktop: _Seen, busy: _Busy, phone: _Seen) -> PageResult:
    tasks = [*desktop.pan.tasks_ms, *desktop.zoom.tasks_ms, *busy.still.tasks_ms]
    most = max(desktop.memory, busy.memory, key=lambda memory: memory.all_mb)
    return PageResult(
        seats=seats,
        first_seats_ms=round(median([load.places_ms for load in desktop.loads]), 1),
        fps_pan=round(desktop.pan.fps, 1),
        frame_p99_ms=round(desktop.pan.p99_ms, 1),
        heap_mb=round(most.all_mb, 1),
        first_map_ms=round(median([load.map_ms for load in desktop.loads]), 1),
        opened_section_ms=round(median([load.seats_ms for load in desktop.loads]), 1),
        load_cpu_ms=round(median([load.cpu_ms for load in desktop.loads]), 1),
        load_longest_task_ms=round(
            median([max(load.tasks_ms, default=0) for load in desktop.loads]), 1
        ),
        floor_fps_pan=round(desktop.floor_pan.fps, 1),
        floor_frame_p99_ms=round(desktop.floor_pan.p99_ms, 1),
        dropped_pan=desktop.pan.dropped,
        floor_dropped_pan=desktop.floor_pan.dropped,
        cpu_ms_per_frame=round(desktop.pan.cpu_ms_per_frame, 2),
        floor_cpu_ms_per_frame=round(desktop.floor_pan.cpu_ms_per_frame, 2),
        fps_zoom=round(desktop.zoom.fps, 1),
        zoom_frame_p99_ms=round(desktop.zoom.p99_ms, 1),
        changes_per_s=round(busy.changes.changes / busy.changes.seconds),
        dropped_frames=busy.still.dropped,
        changes_frames=len(busy.still.intervals_ms),
        changes_frame_p99_ms=round(busy.still.p99_ms, 1),
        changes_cpu_ms_per_frame=round(busy.still.cpu_ms_per_frame, 2),
        floor_dropped_frames=desktop.floor_still.dropped,
        fps_pan_with_changes=round(busy.pan.fps, 1),
        long_tasks=len(tasks),
        longest_task_ms=round(max(tasks, default=0.0), 1),
        js_mb=round(most.js_mb, 1),
        buffers_mb=round(most.buffers_mb, 1),
        bitmaps_mb=round(most.bitmaps_mb, 1),
        phone=Phone(
            first_seats_ms=round(median([load.places_ms for load in phone.loads]), 1),
            fps_pan=round(phone.pan.fps, 1),
            frame_p99_ms=round(phone.pan.p99_ms, 1),
            floor_fps_pan=round(phone.floor_pan.fps, 1),
            floor_frame_p99_ms=round(phone.floor_pan.p99_ms, 1),
            cpu_ms_per_frame=round(phone.pan.cpu_ms_per_frame, 2),
            floor_cpu_ms_per_frame=round(phone.floor_pan.cpu_ms_per_frame, 2),
            heap_mb=round(phone.memory.all_mb, 1),
            bitmaps_mb=round(phone.memory.bitmaps_mb, 1),
        ),
    )


def _name(screen: Screen) -> str:
    return "phone" if screen.phone else "desktop"


def _line(loaded: Loaded) -> str:
    return (
        f"outlines {loaded.map_ms:.0f} ms, places {loaded.places_ms:.0f} ms, "
        f"a section opened {loaded.seats_ms:.0f} ms; {loaded.cpu_ms:.0f} ms of processor"
    )


def _smooth(seen: Smoothness) -> str:
    return (
        f"{seen.fps:.1f} fps, p99 {seen.p99_ms:.1f} ms, {seen.dropped} dropped, "
        f"{seen.cpu_ms_per_frame:.2f} ms of processor a frame"
    )
