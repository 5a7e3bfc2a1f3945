"""Chart files in: `read_chart` tells the format by what the file holds and reads it whole.

A file is read completely or not at all: BadChart names the JSON path and the reason.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from seatengine.chart.checks import validate
from seatengine.chart.importers.decode import decode_json
from seatengine.chart.importers.native import read_native
from seatengine.chart.importers.pretix import read_pretix
from seatengine.chart.importers.report import Finding, Imported
from seatengine.chart.importers.seatsio import read_seatsio
from seatengine.errors import BadChart

__all__ = ["Finding", "Imported", "read_chart"]


class _Outline(msgspec.Struct, rename="camel"):
    """The members of a file's root that tell the formats apart."""

    format: Any = None
    sub_chart: Any = None
    sub_chart_floors: Any = None
    zones: Any = None
    size: Any = None


def read_chart(data: bytes) -> Imported:
    """The chart in a file of any known format, fit to be put on sale. Raises BadChart."""
    imported = _reader(decode_json(data, _Outline))(data)
    validate(imported.chart)
    return imported


def _reader(outline: _Outline) -> Callable[[bytes], Imported]:
    if outline.format is not None:
        return read_native
    if outline.sub_chart is not None or outline.sub_chart_floors is not None:
        return read_seatsio
    if outline.zones is not None and outline.size is not None:
        return read_pretix
    raise BadChart(
        "$",
        "this is no chart file that Seat Engine knows: it looks like neither a seats.io drawing, "
        "a pretix seating plan, nor Seat Engine's own format",
    )
