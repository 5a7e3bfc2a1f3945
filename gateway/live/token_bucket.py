"""A token bucket: so many at once, so many a second from then on. Pure."""

from __future__ import annotations


class TokenBucket:
    """`burst` at once, `per_second` from then on. Times are seconds of any one steady clock."""

    __slots__ = ("_at_s", "_burst", "_left", "per_second")

    def __init__(self, per_second: float, burst: float) -> None:
        self.per_second = per_second
        self._burst = float(burst)
        self._left = float(burst)
        self._at_s = 0.0

    def take(self, now_s: float) -> bool:
        """Take one if there is one."""
        self._fill(now_s)
        if self._left < 1:
            return False
        self._left -= 1
        return True

    def reserve(self, now_s: float) -> float:
        """Take one that may have yet to come; in how many seconds it does, 0 for now.

        Who waits that long is within the rate, however many reserve.
        """
        self._fill(now_s)
        self._left -= 1
        return max(0.0, -self._left / self.per_second)

    def wait_s(self, now_s: float) -> float:
        """How long until there is one, in seconds; 0 when there is."""
        self._fill(now_s)
        return max(0.0, (1 - self._left) / self.per_second)

    def _fill(self, now_s: float) -> None:
        passed_s = now_s - self._at_s
        if passed_s > 0:
            self._at_s = now_s
            self._left = min(self._burst, self._left + passed_s * self.per_second)
