"""Chart files out: `write_chart` is the inverse of `importers.read_chart`."""

from __future__ import annotations

from typing import Final, get_args

from seatengine.chart.chart import Chart
from seatengine.chart.exporters.native import write_native
from seatengine.chart.exporters.pretix import write_pretix
from seatengine.chart.exporters.seatsio import write_seatsio
from seatengine.chart.importers.report import ChartFormat, Finding
from seatengine.errors import BadChart

__all__ = ["CHART_FORMATS", "ChartFormat", "write_chart"]

CHART_FORMATS: Final[tuple[ChartFormat, ...]] = get_args(ChartFormat)


def write_chart(chart: Chart, chart_format: ChartFormat) -> tuple[bytes, tuple[Finding, ...]]:
    """The file, and what of the chart the format cannot say: nothing for "native".

    Reading the file of a chart that came from the same format gives an equal chart. Raises
    BadChart for an unknown format.
    """
    if chart_format == "native":
        return write_native(chart), ()
    if chart_format == "seatsio":
        return write_seatsio(chart)
    if chart_format == "pretix":
        return write_pretix(chart)
    raise BadChart("format", f"{chart_format!r} is none of {', '.join(CHART_FORMATS)}")
