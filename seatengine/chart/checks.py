"""What is wrong with a chart, in words: `check` lists it all, `validate` refuses what is broken."""

from __future__ import annotations

from seatengine.chart.chart import Chart
from seatengine.chart.seat_table import build


def validate(chart: Chart) -> None:
    """Raises BadChart where a chart cannot be put on sale."""
    build(chart)
