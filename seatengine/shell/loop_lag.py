"""How late the event loop is: what every viewer and buyer of this process waits for in common."""

from __future__ import annotations

import asyncio
from collections import deque
from time import perf_counter
from typing import Final

from seatengine.limits import LOOP_LAG_EVERY_MS, LOOP_LAG_WORST_OF_S, MAX_LAG_SAMPLES_PER_WAKE
from seatengine.shell.histogram import Histogram

BOUNDS_S: Final = (
    *(0.001, 0.002, 0.003, 0.005, 0.0075, 0.01, 0.015, 0.02, 0.03, 0.05, 0.075),
    *(0.1, 0.15, 0.25, 0.5, 1.0, 2.5, 5.0),
)

_EVERY_S: Final = LOOP_LAG_EVERY_MS / 1_000


class LoopLag:
    """Asks for a wake-up every LOOP_LAG_EVERY_MS and notes how late it comes.

    `seconds` has the lateness as a caller at any moment meets it: a stall that swallowed several
    wake-ups counts once for each of them, as each would have seen what was left of it. (Without
    that, one long stall looks like one bad sample among hundreds of good ones: "coordinated
    omission", as HdrHistogram corrects it.)
    """

    def __init__(self) -> None:
        self.seconds = Histogram(BOUNDS_S)
        self._worst: deque[tuple[int, float]] = deque(maxlen=LOOP_LAG_WORST_OF_S)
        self._due_s = 0.0
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Begin, on the running loop."""
        self._plan()

    def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    @property
    def worst_s(self) -> float:
        """The largest lateness of the last LOOP_LAG_WORST_OF_S seconds."""
        since = int(perf_counter()) - LOOP_LAG_WORST_OF_S
        return max((worst for second, worst in self._worst if second > since), default=0.0)

    def _plan(self) -> None:
        self._due_s = perf_counter() + _EVERY_S
        self._timer = asyncio.get_running_loop().call_later(_EVERY_S, self._wake)

    def _wake(self) -> None:
        now_s = perf_counter()
        # A loop that counts in whole milliseconds may be early by one.
        late_s = max(0.0, now_s - self._due_s)
        self._note_worst(int(now_s), late_s)
        for _ in range(MAX_LAG_SAMPLES_PER_WAKE):
            self.seconds.observe(late_s)
            late_s -= _EVERY_S
            if late_s <= 0:
                break
        self._plan()

    def _note_worst(self, second: int, late_s: float) -> None:
        worst = self._worst
        if not worst or worst[-1][0] != second:
            worst.append((second, late_s))
        elif late_s > worst[-1][1]:
            worst[-1] = (second, late_s)
