"""How a benchmark says what it found: lines for people, then, if asked, one JSON object."""

from __future__ import annotations

import math
from collections.abc import Sequence

import msgspec


def say(line: str) -> None:
    """One line for people, at once: a benchmark takes a while."""
    print(line, flush=True)


def finish(result: msgspec.Struct, *, json: bool) -> None:
    """End a benchmark: its figures by name, and with `json` all of it as the last line."""
    for name, value in msgspec.structs.asdict(result).items():
        if isinstance(value, int | float):
            say(f"  {name:<30} {value:,}")
    if json:
        say(msgspec.json.encode(result).decode())


def median(values: Sequence[float]) -> float:
    """The middle value, the mean of the two middle ones where their count is even."""
    ordered = sorted(values)
    middle = len(ordered) // 2
    if len(ordered) % 2:
        return ordered[middle]
    return (ordered[middle - 1] + ordered[middle]) / 2


def percentile(values: Sequence[float], percent: float) -> float:
    """The smallest value that at least `percent` of the values do not exceed (nearest rank)."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(len(ordered) * percent / 100) - 1)]
