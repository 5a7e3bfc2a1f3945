"""Python's cyclic garbage collector in a serving process."""

from __future__ import annotations

import gc
from typing import Final

_THRESHOLDS: Final = (50_000, 50, 1_000)


def calm_collector() -> None:
    """Call once everything long-lived stands.

    What exists now lives for ever: the collector need not look at it again. Messages make no
    cycles, so collections may be rare.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_THRESHOLDS)
