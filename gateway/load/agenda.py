"""What thousands of viewers are to do when: one heap and one timer instead of a task for each."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Callable
from typing import Any, Final

# Things due closer together than this happen together: a timer for each would cost more than they.
_APART_S: Final = 0.002


class Agenda:
    """Calls `action(subject)` when it is due. Times are those of the running loop's clock."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._due: list[tuple[float, int, Callable[[Any], None], Any]] = []
        self._number = 0
        self._timer: asyncio.TimerHandle | None = None
        self._timer_s = 0.0
        self._running = False

    def add(self, due_s: float, action: Callable[[Any], None], subject: Any) -> None:  # noqa: ANN401
        """Plan `action(subject)` for `due_s`."""
        self._number += 1
        heapq.heappush(self._due, (due_s, self._number, action, subject))
        if not self._running:
            self._set()

    def clear(self) -> None:
        """Forget everything that is planned."""
        self._due.clear()

    def _set(self) -> None:
        """Have the one timer stand at what is due first."""
        first_s = self._due[0][0]
        if self._timer is not None:
            if self._timer_s <= first_s:
                return
            self._timer.cancel()
        self._timer_s = max(first_s, self._loop.time() + _APART_S)
        self._timer = self._loop.call_at(self._timer_s, self._run)

    def _run(self) -> None:
        self._timer = None
        self._running = True
        due = self._due
        now_s = self._loop.time()
        try:
            while due and due[0][0] <= now_s:
                _, _, action, subject = heapq.heappop(due)
                action(subject)
        finally:
            self._running = False
            if due:
                self._set()
