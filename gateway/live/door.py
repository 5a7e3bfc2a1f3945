"""Who may be greeted, and when: a bounded rate, and beyond it a bounded waiting room. Pure.

Greeting a viewer is what a connection costs most. When all of them come back at once, those who
are in are to notice nothing: newcomers enter at a fixed rate, the others wait in turn, and who
finds the room full is told when to come back, each at a time of its own.
"""

from __future__ import annotations

import enum
from collections import OrderedDict
from typing import Generic, TypeVar

from gateway.live.token_bucket import TokenBucket

_T = TypeVar("_T")


class Knock(enum.Enum):
    """What becomes of one who knocks."""

    ENTER = 1
    WAIT = 2
    COME_BACK = 3


class Door(Generic[_T]):
    """`per_second` enter, `burst` at once; `room` may wait. Times are seconds of a steady clock.

    Addresses take turns, and the line of one address may be as long as what room is left: one
    alone fills half of the room at most, and there is always room for another (the dynamic
    threshold of Choudhury and Hahne, "Dynamic queue length thresholds for shared-memory packet
    switches", 1998, at a factor of one).
    """

    def __init__(self, per_second: float, burst: int, room: int, longest_return_ms: int) -> None:
        self._bucket = TokenBucket(per_second, burst)
        self._room = room
        self._longest_return_s = longest_return_ms / 1000
        self._lines: OrderedDict[str, dict[_T, None]] = OrderedDict()
        self._waiting = 0
        self._returning_s = 0.0

    def __len__(self) -> int:
        """How many wait."""
        return self._waiting

    def knock(self, address: str, who: _T, now_s: float, *, stays: bool = False) -> Knock:
        """One from `address` wants to be greeted. Who `stays` is in already and waits whatever
        the room: there are no more of those than there are connections."""
        if not self._waiting and self._bucket.take(now_s):
            return Knock.ENTER
        line = self._lines.get(address)
        if not stays and (len(line) if line is not None else 0) >= self._room - self._waiting:
            return Knock.COME_BACK
        if line is None:
            line = self._lines[address] = {}
        if who not in line:
            line[who] = None
            self._waiting += 1
        return Knock.WAIT

    def leave(self, address: str, who: _T) -> None:
        """One who waits goes away; harmless for one who does not wait."""
        line = self._lines.get(address)
        if line is None or who not in line:
            return
        del line[who]
        self._waiting -= 1
        if not line:
            del self._lines[address]

    def enter(self, now_s: float) -> list[_T]:
        """Those whose turn it is; they wait no longer."""
        entering: list[_T] = []
        while self._waiting and self._bucket.take(now_s):
            address, line = self._lines.popitem(last=False)
            who = next(iter(line))
            del line[who]
            self._waiting -= 1
            if line:
                self._lines[address] = line
            entering.append(who)
        return entering

    def wait_s(self, now_s: float) -> float:
        """When the next may enter, in seconds from now."""
        return self._bucket.wait_s(now_s)

    def return_ms(self, now_s: float) -> int:
        """When one who is sent away is to come back, in milliseconds from now.

        Each gets the moment after the one before, from when the room as it is now has emptied, as
        fast as people may enter: those sent away do not come back as a crowd. Who would have to
        stay away too long shares a moment with an earlier one.
        """
        a_turn_s = 1 / self._bucket.per_second
        empty_s = now_s + (self._waiting + 1) * a_turn_s
        self._returning_s = max(self._returning_s + a_turn_s, empty_s)
        if self._returning_s > max(now_s + self._longest_return_s, empty_s):
            self._returning_s = empty_s
        return round((self._returning_s - now_s) * 1000)
