"""Best available: 2 to 8 together in a large venue, from empty to nearly sold out."""

from __future__ import annotations

import random
import time
from collections import Counter, deque
from collections.abc import Callable
from typing import Annotated, Final

import msgspec
import numpy as np
import numpy.typing as npt
from cyclopts import Parameter
from cyclopts.validators import Number

from benchmarks import venue
from benchmarks.process import served_like
from benchmarks.report import finish, percentile, say
from seatengine.chart.seat_table import SeatTable
from seatengine.core import commands
from seatengine.core.entries import SeatsHeld
from seatengine.core.outputs import Accepted, BestStep
from seatengine.core.seating import BOOKED, FREE
from seatengine.core.shard import Shard
from seatengine.ids import CommandId, HolderId, HoldId

SOLD_PERCENT: Final = (0, 50, 90, 99)
_QUANTITIES: Final = range(2, 9)
_LIVE_HOLDS: Final = 20
_NOW_MS: Final = 1_800_000_000_000

Pattern = Callable[[SeatTable, int], npt.NDArray[np.bool_]]


class Level(msgspec.Struct, frozen=True):
    """One way of being sold. `steps` counts how far the answers had to fall back, by BestStep."""

    sold_percent: int
    pattern: str
    p50_us: float
    p99_us: float
    cpu_p50_us: float
    cpu_p99_us: float
    steps: dict[str, int]


class BestResult(msgspec.Struct, frozen=True):
    """Microseconds for one HoldBest from command to encoded entry, over all levels together: by
    the clock on the wall, and of this thread's processor time alone."""

    p50_us: float
    p99_us: float
    cpu_p50_us: float
    cpu_p99_us: float
    levels: list[Level]


def best(
    *,
    seats: Annotated[int, Parameter(validator=Number(gte=1_000, lte=120_000))] = venue.SEATS,
    asks: Annotated[int, Parameter(validator=Number(gte=7, lte=7_000))] = 1_400,
    json: bool = False,
) -> BestResult:
    """Best available, 2 to 8 together, in a venue that is 0, 50, 90 and 99 % sold.

    Two patterns of sale: seats at random (cancellations and single seats everywhere), and the best
    seats first, as buyers take them. Each hold is released again, so a level stays what it is.

    Parameters
    ----------
    seats
        Size of the venue.
    asks
        Holds asked for at each level and pattern.
    json
        Print the result as one JSON object on the last line.
    """
    table = venue.table(seats)
    every = _Times()
    levels: list[Level] = []
    for sold_percent in SOLD_PERCENT:
        for name, pattern in _PATTERNS.items():
            shard = _sold(table, pattern(table, sold_percent))
            _ask(shard, asks // 10, _Times())
            times = _Times()
            with served_like():
                steps = _ask(shard, asks, times)
            level = Level(sold_percent, name, *times.figures(), steps)
            say(
                f"{sold_percent:>3} % sold {name:<10}  p50 {level.p50_us:6.1f} us  "
                f"p99 {level.p99_us:7.1f} us  (processor {level.cpu_p50_us:6.1f} and "
                f"{level.cpu_p99_us:6.1f})  {steps}"
            )
            levels.append(level)
            every.wall_us += times.wall_us
            every.cpu_us += times.cpu_us
    result = BestResult(*every.figures(), levels)
    finish(result, json=json)
    return result


class _Times:
    """How long each ask took."""

    def __init__(self) -> None:
        self.wall_us: list[float] = []
        self.cpu_us: list[float] = []

    def figures(self) -> tuple[float, float, float, float]:
        """p50 and p99 by the clock, p50 and p99 of processor time."""
        p50, p99 = (round(percentile(self.wall_us, p), 1) for p in (50, 99))
        cpu_p50, cpu_p99 = (round(percentile(self.cpu_us, p), 1) for p in (50, 99))
        return p50, p99, cpu_p50, cpu_p99


def _at_random(table: SeatTable, sold_percent: int) -> npt.NDArray[np.bool_]:
    shuffled = np.random.default_rng(1).permutation(table.size)
    return _first(shuffled, sold_percent)


def _best_first(table: SeatTable, sold_percent: int) -> npt.NDArray[np.bool_]:
    return _first(table.rank.argsort(kind="stable"), sold_percent)


def _first(order: npt.NDArray[np.int64], sold_percent: int) -> npt.NDArray[np.bool_]:
    sold = np.zeros(len(order), np.bool_)
    sold[order[: len(order) * sold_percent // 100]] = True
    return sold


_PATTERNS: Final[dict[str, Pattern]] = {"at random": _at_random, "best first": _best_first}


def _sold(table: SeatTable, sold: npt.NDArray[np.bool_]) -> Shard:
    shard = venue.shard_on_sale(table)
    status = shard.state.status_view
    status[sold & (status == FREE)] = BOOKED
    return shard


def _ask(shard: Shard, asks: int, times: _Times) -> dict[str, int]:
    """Ask, time each, and count the answers by step. The latest holds stay for a while, so that
    the searches do not all find the same seats."""
    chance = random.Random(1)
    steps: Counter[str] = Counter()
    live: deque[Accepted] = deque()
    for n in range(asks):
        command = commands.HoldBest(
            id=CommandId(f"v_{n}/{shard.seq}"),
            holder=HolderId(f"v_{n}"),
            quantity=chance.choice(_QUANTITIES),
        )
        cpu_ns, wall_ns = time.thread_time_ns(), time.perf_counter_ns()
        outcome = shard.step(command, _NOW_MS)
        times.wall_us.append((time.perf_counter_ns() - wall_ns) / 1_000)
        times.cpu_us.append((time.thread_time_ns() - cpu_ns) / 1_000)
        if isinstance(outcome, Accepted) and isinstance(outcome.entry, SeatsHeld):
            live.append(outcome)
            steps[BestStep(outcome.entry.step).name.lower()] += 1
        else:
            steps["refused"] += 1
        while len(live) > (_LIVE_HOLDS if n < asks - 1 else 0):
            _release(shard, live.popleft())
        shard.take_ready()
    return dict(sorted(steps.items()))


def _release(shard: Shard, made: Accepted) -> None:
    """End a hold; its id is the number of the entry that made it."""
    command = commands.ReleaseHold(
        id=CommandId(f"release/{made.seq}"),
        holder=HolderId("k_benchmark"),
        staff=True,
        hold=HoldId(made.seq),
    )
    assert isinstance(shard.step(command, _NOW_MS), Accepted)
