"""Python's cyclic garbage collector in a serving process."""

from __future__ import annotations

import gc
from time import perf_counter
from typing import Any, Final

from seatengine.shell.histogram import Histogram

_THRESHOLDS: Final = (50_000, 50, 1_000)
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
    """How long each collection stopped everything else; `seconds` by generation."""

    def __init__(self) -> None:
        self.seconds = tuple(Histogram(_PAUSE_BOUNDS_S) for _ in range(_GENERATIONS))
        self._began_s = 0.0

    def start(self) -> None:
        gc.callbacks.append(self._heard)

    def stop(self) -> None:
        gc.callbacks.remove(self._heard)

    def _heard(self, phase: str, about: dict[str, Any]) -> None:
        if phase == "start":
            self._began_s = perf_counter()
        else:
            self.seconds[about["generation"]].observe(perf_counter() - self._began_s)
