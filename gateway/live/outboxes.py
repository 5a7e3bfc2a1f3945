"""What all slow readers together have not read: who has to go when that is too much. Pure."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

_T = TypeVar("_T")


class Outboxes(Generic[_T]):
    """Bytes that wait for each slow reader, and their sum, `total_bytes`."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._bytes: dict[_T, int] = {}
        self.total_bytes = 0

    def __len__(self) -> int:
        return len(self._bytes)

    def note(self, reader: _T, size: int) -> bool:
        """So much waits for this reader now; True when all together have too much."""
        self.total_bytes += size - self._bytes.get(reader, 0)
        self._bytes[reader] = size
        return self.total_bytes > self._max_bytes

    def forget(self, reader: _T) -> None:
        """This reader has caught up or is gone; harmless when it was never slow."""
        self.total_bytes -= self._bytes.pop(reader, 0)

    def too_many(self, measure: Callable[[_T], int]) -> list[_T]:
        """Who has to go, those with the most first, until a quarter is free again.

        What was noted is as of the last write: `measure` says what still waits.
        """
        for reader in self._bytes:
            self._bytes[reader] = measure(reader)
        self.total_bytes = sum(self._bytes.values())
        going: list[_T] = []
        left = self.total_bytes
        if left <= self._max_bytes:
            return going
        for reader, size in sorted(self._bytes.items(), key=lambda item: item[1], reverse=True):
            if left <= self._max_bytes * 3 // 4:
                break
            left -= size
            going.append(reader)
        return going
