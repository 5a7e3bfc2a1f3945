"""N: looking, changing, reading, lagging, breaking off and coming back in any order, and a store
in trouble, end with every viewer seeing what is so."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.live import ticker, wire
from seatengine import limits
from seatengine.testing import AppendFault
from tests.gateway.live.onlookers import EVERYWHERE, FAR_OUT, ROOMY, house, house_chart
from tests.gateway.live.stage import Screen, Stage, on_the_loops_time
from tests.sim import virtual_time

LOOKS = (
    EVERYWHERE,
    FAR_OUT,
    wire.Look(-20, 0, 170, 60, 2.0),
    wire.Look(150, 0, 420, 60, 2.0),
    wire.Look(-20, 150, 420, 420, 1.0),
    wire.Look(-20, 0, 420, 420, 0.5),
    wire.Look(-20, 0, 800, 420, 1.0, "u"),
    wire.Look(180, 280, 220, 320, 1.0, "g"),
    wire.Look(5_000, 5_000, 5_100, 5_100, 1.0),
    wire.Look(0, 0, 0, 0, 0.0, "", [0]),
    wire.Look(0, 0, 0, 0, 0.0, "", [1, 3]),
)
VIEWERS = 4
PLACES = 290

viewers = st.integers(0, VIEWERS - 1)
some_bytes = st.integers(1, 60) | st.integers(60, 400)
places = st.lists(st.integers(0, PLACES - 1), min_size=1, max_size=6, unique=True)
steps = st.one_of(
    st.tuples(st.just("look"), viewers, st.sampled_from(LOOKS)),
    st.tuples(st.just("hold"), places, st.none()),
    st.tuples(st.just("hold many"), st.integers(0, PLACES - 90), st.integers(20, 90)),
    st.tuples(st.just("release"), st.integers(0, 50), st.none()),
    st.tuples(st.just("blip"), places, st.none()),
    st.tuples(st.just("read"), viewers, some_bytes),
    st.tuples(st.just("read all"), viewers, st.none()),
    st.tuples(st.just("break"), viewers, some_bytes),
    st.tuples(st.just("break and look later"), viewers, some_bytes),
    st.tuples(st.just("hello again"), viewers, st.none()),
    st.tuples(st.just("turn"), st.integers(1, 6), st.none()),
    st.tuples(st.just("wait"), st.sampled_from((1, 11, 51, 120, 1_100)), st.none()),
    st.tuples(st.just("trouble"), st.sampled_from(AppendFault), st.none()),
    st.tuples(st.just("calm"), st.none(), st.none()),
)


@pytest.fixture(autouse=True)
def _small_slices_and_slow_readers() -> Iterator[None]:
    logging.disable(logging.CRITICAL)
    with on_the_loops_time() as patch:
        patch.setattr(ticker, "FAN_OUT_SLICE", 1)
        patch.setattr(limits, "SLOW_READER_BYTES", 400)
        patch.setattr(limits, "MAX_OUTBOX_BYTES", 2_000)
        yield
    logging.disable(logging.NOTSET)


async def play(story: list[tuple[str, object, object]], *, bound_first: bool) -> None:
    stage = Stage(house_chart(), house(), ROOMY)
    await stage.opened()
    if bound_first:
        stage.bind()
        await stage.quiet()
    screens = [Screen(stage, f"v_{number}") for number in range(VIEWERS)]
    for number, screen in enumerate(screens):
        screen.look = LOOKS[number]
        screen.come_back()
    if not bound_first:
        stage.bind()
    for verb, what, more in story:
        await one_step(stage, screens, verb, what, more)
        for screen in screens:
            assert screen.overclaimed() == [], (screen.name, verb)
    await stage.quiet()
    for _ in range(3):
        # The answer may have been lost with the store; the same command again is done once.
        stage.bind()
        for screen in screens:
            if not screen.there:
                screen.come_back()
        await stage.quiet()
        for screen in screens:
            while screen.pipe is not None and screen.pipe.unread:
                screen.read()
        await stage.quiet()
    assert stage.failures == []
    live = stage.hub.live("gala")  # type: ignore[arg-type]
    assert live is not None
    for screen in screens:
        assert screen.there, (screen.name, screen.pipe and screen.pipe.close_code)
        screen.read()
        assert screen.wrong() == [], screen.name
    await stage.runner.close()


async def one_step(
    stage: Stage, screens: list[Screen], verb: str, what: object, more: object
) -> None:
    match verb, what, more:
        case "look", int(), wire.Look():
            screens[what].turn(more)
        case "hold", list(), _:
            stage.hold(what)
        case "hold many", int(), int():
            stage.hold(list(range(what, what + more)))
        case "release", int(), _:
            stage.release(what)
        case "blip", list(), _:
            stage.hold(what)
            stage.release(-1)
        case "read", int(), int():
            screens[what].read(more)
        case "read all", int(), _:
            screens[what].read()
        case "break", int(), int():
            screens[what].read(more)
            screens[what].come_back()
        case "break and look later", int(), int():
            screens[what].read(more)
            screens[what].come_back(looks=False)
        case "hello again", int(), _:
            screens[what].greet()
        case "turn", int(), _:
            for _ in range(what):
                await asyncio.sleep(0)
        case "wait", int(), _:
            await asyncio.sleep(what / 1_000)
        case "trouble", AppendFault(), _:
            stage.journal.order(what)
        case "calm", _, _:
            stage.journal.calm()


@given(st.lists(steps, min_size=20, max_size=80), st.booleans())
@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_n1_n2_any_order_ends_with_everyone_seeing_what_is_so(
    story: list[tuple[str, object, object]], bound_first: bool
) -> None:
    virtual_time.run(play(story, bound_first=bound_first))
