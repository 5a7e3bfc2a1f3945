"""What a file says and a Chart cannot, or what had to be mended: named, located and counted."""

from __future__ import annotations

from typing import Literal

import msgspec

from seatengine.chart.chart import Chart

ChartFormat = Literal["native", "seatsio", "pretix"]
"""The chart files that can be read and written."""


class Finding(msgspec.Struct, frozen=True):
    """One kind of thing that was dropped or changed.

    `code` is stable, `text` is a sentence, `place` is where it stood first, `count` how often.
    """

    code: str
    text: str
    place: str
    count: int


class Imported(msgspec.Struct, frozen=True):
    """A chart that was read whole, and what was dropped or mended on the way."""

    chart: Chart
    format: ChartFormat
    report: tuple[Finding, ...]


class Report:
    """Collects findings while a file is read or written; the same code is counted, not repeated."""

    def __init__(self) -> None:
        self._found: dict[str, tuple[str, str, int]] = {}

    def add(self, code: str, text: str, place: str, count: int = 1) -> None:
        if count <= 0:
            return
        first_text, first_place, so_far = self._found.get(code, (text, place, 0))
        self._found[code] = (first_text, first_place, so_far + count)

    def findings(self) -> tuple[Finding, ...]:
        return tuple(
            Finding(code, text, place, count) for code, (text, place, count) in self._found.items()
        )
