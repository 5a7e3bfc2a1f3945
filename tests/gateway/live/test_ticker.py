"""N: news go out at once when it is quiet, paced when it is busy, and never in one long stretch."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from gateway.live import ticker
from gateway.live.ticker import Round, Ticker
from seatengine.limits import FAN_OUT_SLICE
from tests.sim import virtual_time


class News:
    """Something to tell to `count` receivers; remembers when each round began and who had it."""

    def __init__(self, count: int, bytes_each: int = 0) -> None:
        self.receivers = list(range(count))
        self.bytes_each = bytes_each
        self.begun_s: list[float] = []
        self.slices: list[list[int]] = []
        self.nothing = False
        self.during: Callable[[], None] = lambda: None

    def begin(self) -> Round | None:
        self.begun_s.append(asyncio.get_running_loop().time())
        return None if self.nothing else Round(len(self.receivers), self.deliver, self.bytes_each)

    def deliver(self, at: int, end: int) -> None:
        self.slices.append(self.receivers[at:end])
        self.during()


class Stopwatch:
    """Stands in for `time`: each reading is `step_s` after the last."""

    def __init__(self, step_s: float) -> None:
        self._step_s = step_s
        self._now_s = 0.0

    def thread_time(self) -> float:
        self._now_s += self._step_s
        return self._now_s


async def until(condition: Callable[[], bool]) -> None:
    for _ in range(10_000):
        if condition():
            return
        await asyncio.sleep(0)
    raise AssertionError("it never came")


def on_the_real_loop(story: Callable[[], Awaitable[None]]) -> None:
    async def told() -> None:
        await asyncio.wait_for(story(), 20)

    asyncio.run(told())


def test_after_a_quiet_time_news_go_out_at_once() -> None:
    async def story() -> None:
        news = News(3)
        ticks = Ticker(news.begin, 60_000, 60_000)
        ticks.wake()
        ticks.wake()
        assert news.slices == []
        await asyncio.sleep(0)
        assert news.slices == [[0, 1, 2]]
        assert ticks.rounds == 1
        assert ticks.round is None

    on_the_real_loop(story)


def test_a_busy_event_is_paced() -> None:
    async def story() -> None:
        news = News(1)
        ticks = Ticker(news.begin, 20, 20)
        for number in range(4):
            ticks.wake()
            while len(news.begun_s) <= number:
                await asyncio.sleep(0.001)
        pauses = [b - a for a, b in zip(news.begun_s, news.begun_s[1:], strict=False)]
        assert min(pauses) >= 0.019

    on_the_real_loop(story)


@pytest.mark.parametrize(
    ("cost_s", "bytes_each", "pause_s"),
    [
        (0.0001, 0, 0.010),
        (0.020, 0, 0.020),
        (1.0, 0, 0.050),
        (0.0001, 60, 0.030),
        (0.0, 9_999, 0.050),
    ],
)
def test_the_pause_is_as_long_as_cost_and_bytes_ask(
    monkeypatch: pytest.MonkeyPatch, cost_s: float, bytes_each: int, pause_s: float
) -> None:
    """At least 10 ms, at most 50, the cost, and 2,000 bytes a second for each."""
    monkeypatch.setattr(ticker, "time", Stopwatch(cost_s))

    async def story() -> None:
        news = News(5, bytes_each)
        ticks = Ticker(news.begin, 10, 50, 2_000)
        ticks.wake()
        await asyncio.sleep(0)
        ticks.wake()
        await asyncio.sleep(10)
        assert news.begun_s[1] - news.begun_s[0] == pytest.approx(pause_s)

    virtual_time.run(story())


def test_between_two_slices_others_are_served() -> None:
    async def story() -> None:
        count = 4 * FAN_OUT_SLICE + 7
        news = News(count)
        turns: list[int] = []
        ticks = Ticker(news.begin, 10, 50)

        def another_callback() -> None:
            turns.append(len(news.slices))
            if ticks.round is not None or not news.slices:
                asyncio.get_running_loop().call_soon(another_callback)

        ticks.wake()
        asyncio.get_running_loop().call_soon(another_callback)
        await until(lambda: ticks.rounds == 1 and ticks.round is None)
        assert [len(part) for part in news.slices] == [FAN_OUT_SLICE] * 4 + [7]
        assert [one for part in news.slices for one in part] == list(range(count))
        assert {1, 2, 3, 4} <= set(turns)

    on_the_real_loop(story)


def test_news_during_a_round_make_another_round() -> None:
    async def story() -> None:
        news = News(3 * FAN_OUT_SLICE)
        ticks = Ticker(news.begin, 1, 1)
        ticks.wake()
        await until(lambda: len(news.slices) == 1)
        ticks.wake()
        while ticks.rounds < 2 or ticks.round is not None:
            await asyncio.sleep(0.001)
        assert len(news.slices) == 6
        assert len(news.begun_s) == 2

    on_the_real_loop(story)


def test_news_while_the_last_slice_is_delivered_are_not_lost() -> None:
    async def story() -> None:
        news = News(1)
        ticks = Ticker(news.begin, 1, 1)

        def once_more() -> None:
            if len(news.slices) == 1:
                ticks.wake()

        news.during = once_more
        ticks.wake()
        while len(news.slices) < 2:
            await asyncio.sleep(0.001)
        assert ticks.rounds == 2

    on_the_real_loop(story)


def test_nothing_to_tell_is_no_round_and_no_pause() -> None:
    async def story() -> None:
        news = News(1)
        news.nothing = True
        ticks = Ticker(news.begin, 60_000, 60_000)
        ticks.wake()
        await asyncio.sleep(0)
        assert (len(news.begun_s), ticks.rounds) == (1, 0)
        news.nothing = False
        ticks.wake()
        await asyncio.sleep(0)
        assert news.slices == [[0]]

    on_the_real_loop(story)


def test_a_delivery_that_fails_stops_neither_the_round_nor_later_ones(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def story() -> None:
        news = News(3 * FAN_OUT_SLICE)
        ticks = Ticker(news.begin, 1, 1)

        def fail_first() -> None:
            if len(news.slices) == 1:
                raise RuntimeError("a viewer's transport broke")

        news.during = fail_first
        ticks.wake()
        await until(lambda: len(news.slices) == 3)
        ticks.wake()
        while len(news.slices) < 6:
            await asyncio.sleep(0.001)

    on_the_real_loop(story)
    assert [record.message for record in caplog.records] == [
        f"some of {FAN_OUT_SLICE} viewers could not be told"
    ]


def test_an_abandoned_round_is_not_finished_and_what_came_since_is_told() -> None:
    async def story() -> None:
        news = News(3 * FAN_OUT_SLICE)
        ticks = Ticker(news.begin, 1, 1)
        ticks.abandon()
        ticks.wake()
        await until(lambda: len(news.slices) == 1)
        ticks.abandon()
        for _ in range(20):
            await asyncio.sleep(0)
        assert len(news.slices) == 1
        ticks.wake()
        await until(lambda: len(news.slices) == 2)
        ticks.wake()
        ticks.abandon()
        while len(news.slices) < 5:
            await asyncio.sleep(0.001)
        assert ticks.rounds == 3

    on_the_real_loop(story)
