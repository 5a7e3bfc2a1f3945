"""Reads Seat Engine's own charts: the Chart as JSON inside an envelope that says so."""

from __future__ import annotations

from typing import Literal

import msgspec

from seatengine.chart.chart import Chart
from seatengine.chart.importers.decode import decode_json
from seatengine.chart.importers.report import Imported


class NativeFile(msgspec.Struct):
    """`chart` is the Chart with its struct fields as JSON members, points as [x, y]."""

    chart: Chart
    format: Literal["seatengine-chart"]
    version: Literal[1]


def read_native(data: bytes) -> Imported:
    """The chart of `write_native`. Raises BadChart with the JSON path of what is broken."""
    return Imported(decode_json(data, NativeFile).chart, "native", ())
