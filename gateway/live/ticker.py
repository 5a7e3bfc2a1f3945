"""When one kind of news goes out, and in what slices, so that the event loop never stalls. Thin."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable

from seatengine.limits import FAN_OUT_SLICE

_log = logging.getLogger(__name__)


class Round:
    """One tick on its way: `deliver` is called with (at, end), one part of the `count` receivers
    after the other, until all are served."""

    __slots__ = ("bytes_per_receiver", "count", "deliver")

    def __init__(
        self, count: int, deliver: Callable[[int, int], None], bytes_per_receiver: int = 0
    ) -> None:
        self.count = count
        self.deliver = deliver
        self.bytes_per_receiver = bytes_per_receiver


class Ticker:
    """Calls `begin` at once after a quiet time, else when the pause is over.

    The pause is as long as the last round took of the processor, so that one event's fan-out takes
    no more than half of the loop, and as long as its bytes ask at `bytes_per_second` for each
    receiver, between `min_ms` and `max_ms`. `begin` gives None when
    there is nothing to tell. Between two slices the loop serves whoever waits.
    """

    __slots__ = (
        "_at",
        "_begin",
        "_bytes_per_second",
        "_cost_s",
        "_handle",
        "_loop",
        "_max_s",
        "_min_s",
        "_next_s",
        "_woken",
        "round",
        "rounds",
    )

    def __init__(
        self,
        begin: Callable[[], Round | None],
        min_ms: int,
        max_ms: int,
        bytes_per_second: float = float("inf"),
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._begin = begin
        self._min_s = min_ms / 1000
        self._max_s = max_ms / 1000
        self._bytes_per_second = bytes_per_second
        self._handle: asyncio.Handle | None = None
        self._woken = False
        self._next_s = 0.0
        self._at = 0
        self._cost_s = 0.0
        self.round: Round | None = None
        self.rounds = 0

    def wake(self) -> None:
        """There is something to tell."""
        if self.round is not None:
            self._woken = True
        elif self._handle is None:
            wait_s = self._next_s - self._loop.time()
            if wait_s <= 0:
                self._handle = self._loop.call_soon(self._tick)
            else:
                self._handle = self._loop.call_later(wait_s, self._tick)

    def abandon(self) -> None:
        """Leave the round that is on its way unfinished; what it had to tell is void."""
        if self.round is None:
            return
        self.round = None
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None
        if self._woken:
            self._woken = False
            self.wake()

    def _tick(self) -> None:
        begun_cpu_s = time.thread_time()
        self._handle = None
        self.round = self._begin()
        if self.round is None:
            return
        self.rounds += 1
        self._at = 0
        self._cost_s = 0.0
        self._go_on(begun_cpu_s)

    def _slice(self) -> None:
        self._go_on(time.thread_time())

    def _go_on(self, begun_cpu_s: float) -> None:
        this = self.round
        assert this is not None
        at = self._at
        self._at = end = min(at + FAN_OUT_SLICE, this.count)
        try:
            this.deliver(at, end)
        except Exception:
            # The round goes on: this event's other viewers, and all later news, do not suffer.
            _log.exception("some of %d viewers could not be told", end - at)
        self._cost_s += time.thread_time() - begun_cpu_s
        if end < this.count:
            self._handle = self._loop.call_soon(self._slice)
            return
        asked_s = max(self._cost_s, this.bytes_per_receiver / self._bytes_per_second)
        self._next_s = self._loop.time() + min(max(asked_s, self._min_s), self._max_s)
        self.round = None
        self._handle = None
        if self._woken:
            self._woken = False
            self.wake()
