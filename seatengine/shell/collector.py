"""Python's cyclic garbage collector in a serving process."""

from __future__ import annotations

import gc
from time import perf_counter
from typing import Any, Final

from seatengine.shell.histogram import Histogram

# A collection of the youngest costs about 0.1 ms for each 1,000 of them; where many came at once,
# one collection in ten thousand keeps each pause near a millisecond.
_THRESHOLDS: Final = (10_000, 50, 1_000)
_PAUSE_BOUNDS_S: Final = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0)
_GENERATIONS: Final = 3


def calm_collector() -> None:
    """Call once everything long-lived stands.

    What exists now lives for ever: the collector need not look at it again. Messages make no
    cycles, so collections may be rare.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_THRESHOLDS)


class CollectorPauses:
    """How long each collection stopped everything else, and how many objects it found in cycles
    that nobody could reach any more: `seconds` and `collected` by generation."""

    def __init__(self) -> None:
        self.seconds = tuple(Histogram(_PAUSE_BOUNDS_S) for _ in range(_GENERATIONS))
        self.collected = [0] * _GENERATIONS
        self._began_s = 0.0

    def start(self) -> None:
        gc.callbacks.append(self._heard)

    def stop(self) -> None:
        gc.callbacks.remove(self._heard)

    def _heard(self, phase: str, about: dict[str, Any]) -> None:
        if phase == "start":
            self._began_s = perf_counter()
        else:
            generation = about["generation"]
            self.seconds[generation].observe(perf_counter() - self._began_s)
            self.collected[generation] += about["collected"]
