"""Writes Seat Engine's own chart files, which hold everything a Chart does."""

from __future__ import annotations

import msgspec

from seatengine.chart.chart import Chart
from seatengine.chart.importers.native import NativeFile


def write_native(chart: Chart) -> bytes:
    """JSON on one line; equal charts give equal bytes."""
    file = NativeFile(chart=chart, format="seatengine-chart", version=1)
    return msgspec.json.encode(file, order="deterministic") + b"\n"
