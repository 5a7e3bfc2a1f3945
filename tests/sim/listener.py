"""A listener as a gateway is one: follows batches, and asks for a view when it has missed one."""

from __future__ import annotations

from dataclasses import dataclass, field

from seatengine.core.outputs import Batch


@dataclass
class Listener:
    """Knows every place's status as of `seq`; -1 means that it needs a view first."""

    seq: int = -1
    statuses: bytearray = field(default_factory=bytearray)
    views_asked: int = 0

    def hear(self, batch: Batch) -> bool:
        """Apply `batch`. False when it does not fit: a view is needed."""
        if batch.after_seq != self.seq:
            return False
        self.seq = batch.seq
        self._grow(batch)
        for place, status in zip(batch.places, batch.statuses, strict=True):
            self.statuses[place] = status
        return True

    def view(self, seq: int, statuses: bytes) -> None:
        """Start again from a view."""
        self.views_asked += 1
        self.seq = seq
        self.statuses = bytearray(statuses)

    def _grow(self, batch: Batch) -> None:
        needed = max(batch.places, default=-1) + 1
        if needed > len(self.statuses):
            self.statuses += bytes(needed - len(self.statuses))
