"""How often a measured value fell into which bucket, at the cost of one bisection a value."""

from __future__ import annotations

from bisect import bisect_left
from itertools import accumulate
from math import inf


class Histogram:
    """Counts by bucket, as Prometheus has them. `bounds` are the buckets' inclusive upper ends in
    rising order; one more takes what is larger than all."""

    __slots__ = ("_bounds", "_counts", "total")

    def __init__(self, bounds: tuple[float, ...]) -> None:
        self._bounds = bounds
        self._counts = [0] * (len(bounds) + 1)
        self.total = 0.0

    def observe(self, value: float) -> None:
        self._counts[bisect_left(self._bounds, value)] += 1
        self.total += value

    def cumulative(self) -> list[tuple[float, int]]:
        """(upper end, how many values were at most that), the last of them for infinity."""
        return list(zip((*self._bounds, inf), accumulate(self._counts), strict=True))
