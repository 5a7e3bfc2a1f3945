"""Work that may wait its turn, a little in each turn of the event loop."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable


class Turns:
    """Runs at most `per_turn` pieces of work in one turn of the event loop, in order.

    An event loop serves everything that is ready before it turns. When thousands come at once that
    is one long turn, in which nobody else is served; so what newcomers cost goes through here. Who
    gives work bounds how much of it may wait.
    """

    def __init__(self, per_turn: int) -> None:
        self._per_turn = per_turn
        self._left = per_turn
        self._turning = False
        self._waiting: deque[Callable[[], None]] = deque()

    def __len__(self) -> int:
        """How many pieces of work wait."""
        return len(self._waiting)

    def give(self, work: Callable[[], None]) -> None:
        """Do it now, or when its turn comes. What it raises is its giver's, or the loop's."""
        if not self._turning:
            self._turning = True
            asyncio.get_running_loop().call_soon(self._turn)
        if self._left > 0 and not self._waiting:
            self._left -= 1
            work()
        else:
            self._waiting.append(work)

    def _turn(self) -> None:
        due = min(self._per_turn, len(self._waiting))
        self._left = self._per_turn - due
        self._turning = due > 0
        if due:
            asyncio.get_running_loop().call_soon(self._turn)
        for _ in range(due):
            work = self._waiting.popleft()
            try:
                work()
            except Exception as error:
                asyncio.get_running_loop().call_exception_handler(
                    {"message": "work that waited its turn failed", "exception": error}
                )
