"""Loop lag: a real loop that is held up, and what is told of it."""

from __future__ import annotations

import asyncio
from time import perf_counter

import pytest
import uvloop

from seatengine.limits import LOOP_LAG_EVERY_MS, MAX_LAG_SAMPLES_PER_WAKE
from seatengine.shell import loop_lag
from seatengine.shell.loop_lag import LoopLag

STALL_S = 0.25


def _samples(lag: LoopLag) -> int:
    return lag.seconds.cumulative()[-1][1]


def _longer_than(lag: LoopLag, bound_s: float) -> int:
    return _samples(lag) - dict(lag.seconds.cumulative())[bound_s]


async def _until_sampled(lag: LoopLag, samples: int) -> None:
    async with asyncio.timeout(10):
        while _samples(lag) < samples:
            await asyncio.sleep(LOOP_LAG_EVERY_MS / 1_000)


def _stalled() -> LoopLag:
    """A sampler whose loop was held up once, for STALL_S."""

    async def told() -> LoopLag:
        lag = LoopLag()
        lag.start()
        await _until_sampled(lag, 3)
        end_s = perf_counter() + STALL_S
        while perf_counter() < end_s:
            pass
        await _until_sampled(lag, _samples(lag) + 1)
        lag.stop()
        return lag

    return uvloop.run(told())


def test_a_stall_is_seen_with_its_length() -> None:
    lag = _stalled()
    assert lag.worst_s > STALL_S - LOOP_LAG_EVERY_MS / 1_000 - 0.005


def test_a_stall_counts_for_every_wake_up_it_swallowed() -> None:
    # Of the wake-ups due in 250 ms, those in the first 150 were 100 ms late or more.
    assert _longer_than(_stalled(), 0.1) >= 6


def test_the_longest_stall_costs_a_bounded_number_of_samples(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    times = iter([0.0, 3_600.0, 3_600.0])
    monkeypatch.setattr(loop_lag, "perf_counter", lambda: next(times, 3_600.0))

    async def told() -> LoopLag:
        lag = LoopLag()
        lag.start()
        await _until_sampled(lag, 1)
        lag.stop()
        return lag

    lag = asyncio.run(told())
    assert _samples(lag) == MAX_LAG_SAMPLES_PER_WAKE
    assert lag.worst_s == pytest.approx(3_600, abs=1)


def test_after_its_end_it_asks_for_nothing() -> None:
    async def told() -> None:
        lag = LoopLag()
        lag.start()
        await _until_sampled(lag, 1)
        lag.stop()
        samples = _samples(lag)
        await asyncio.sleep(3 * LOOP_LAG_EVERY_MS / 1_000)
        assert _samples(lag) == samples

    asyncio.run(told())
