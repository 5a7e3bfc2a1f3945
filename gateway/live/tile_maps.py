"""The tile maps of the charts on sale, each made once however many events share it."""

from __future__ import annotations

from collections import OrderedDict

from seatengine.chart.seat_table import SeatTable
from seatengine.chart.tiles import TileMap
from seatengine.ids import ChartHash
from seatengine.limits import MAX_CACHED_CHARTS


class TileMaps:
    """A map takes some 20 ms for 100,000 places: ask from a thread before the event loop does."""

    def __init__(self) -> None:
        self._maps: OrderedDict[ChartHash, TileMap] = OrderedDict()

    def of(self, table: SeatTable) -> TileMap:
        """The tile map of `table`; those used longest ago are forgotten."""
        tiles = self._maps.get(table.chart_hash)
        if tiles is None:
            tiles = TileMap(table)
            self._maps[table.chart_hash] = tiles
            if len(self._maps) > MAX_CACHED_CHARTS:
                self._maps.popitem(last=False)
        return tiles
