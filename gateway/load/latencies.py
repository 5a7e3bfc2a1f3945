"""Latencies in buckets of two percent: any number of them in the same little memory."""

from __future__ import annotations

from math import log
from typing import Final

_LOWEST_MS: Final = 0.01
_HIGHEST_MS: Final = 600_000.0
_STEP: Final = log(1.02)
_BUCKETS: Final = int(log(_HIGHEST_MS / _LOWEST_MS) / _STEP) + 2


class Latencies:
    """Counts by bucket. What is shorter than a hundredth of a millisecond counts as that."""

    __slots__ = ("_counts", "count", "max_ms")

    def __init__(self) -> None:
        self._counts = [0] * _BUCKETS
        self.count = 0
        self.max_ms = 0.0

    def add(self, seconds: float) -> None:
        """Count one; negative ones as 0."""
        ms = seconds * 1000
        at = 0 if ms <= _LOWEST_MS else min(int(log(ms / _LOWEST_MS) / _STEP) + 1, _BUCKETS - 1)
        self._counts[at] += 1
        self.count += 1
        if ms > self.max_ms:
            self.max_ms = ms

    def percentile(self, percent: float) -> float:
        """Milliseconds that `percent` of them do not exceed, to 2 %; 0 where there are none."""
        wanted = self.count * percent / 100
        seen = 0
        if not self.count:
            return 0.0
        for at, count in enumerate(self._counts):
            seen += count
            if count and seen >= wanted:
                return min(_LOWEST_MS * (1 + 0.02) ** at, max(self.max_ms, 0.0))
        return self.max_ms

    def merge(self, other: Latencies) -> None:
        """Count everything that `other` has counted too."""
        self._counts = [a + b for a, b in zip(self._counts, other._counts, strict=True)]
        self.count += other.count
        self.max_ms = max(self.max_ms, other.max_ms)
