"""Chart views ready to send: made and compressed once per chart, then handed out as bytes."""

from __future__ import annotations

import asyncio
import gzip
from collections import OrderedDict
from typing import Final, Protocol

import msgspec

from gateway.live.chart_view import VIEW_FORMAT, chart_view, encode_chart_view
from seatengine.chart.chart import Chart
from seatengine.chart.seat_table import build
from seatengine.ids import ChartHash
from seatengine.limits import MAX_CACHED_CHARTS

_GZIP_LEVEL: Final = 9


class ChartContents(Protocol):
    """Where charts are kept by content."""

    async def chart_content(self, chart_hash: ChartHash, /) -> Chart | None:
        """The chart, None for an unknown hash. Raises StoreUnavailable."""


class ShelvedView(msgspec.Struct, frozen=True):
    """`packed` is gzip of the view's msgpack."""

    etag: str
    packed: bytes


class ChartShelf:
    """The views of the charts used last."""

    def __init__(self, catalog: ChartContents) -> None:
        self._catalog = catalog
        self._views: OrderedDict[ChartHash, asyncio.Task[ShelvedView | None]] = OrderedDict()

    async def view(self, chart_hash: ChartHash) -> ShelvedView | None:
        """The view, None for an unknown hash. Raises StoreUnavailable.

        Whoever asks while a view is being made waits for that one.
        """
        making = self._views.get(chart_hash)
        if making is None:
            making = asyncio.get_running_loop().create_task(self._make(chart_hash))
            self._views[chart_hash] = making
            if len(self._views) > MAX_CACHED_CHARTS:
                self._views.popitem(last=False)
        self._views.move_to_end(chart_hash)
        try:
            view = await asyncio.shield(making)
        except BaseException:
            if making.done():
                self._drop(chart_hash, making)
            raise
        if view is None:
            self._drop(chart_hash, making)
        return view

    async def _make(self, chart_hash: ChartHash) -> ShelvedView | None:
        chart = await self._catalog.chart_content(chart_hash)
        if chart is None:
            return None
        return await asyncio.to_thread(_shelved, chart, chart_hash)

    def _drop(self, chart_hash: ChartHash, making: asyncio.Task[ShelvedView | None]) -> None:
        if self._views.get(chart_hash) is making:
            del self._views[chart_hash]


def chart_view_url(chart_hash: ChartHash) -> str:
    """Where a chart's view is served. The format is part of the address, because what is found
    there never changes."""
    return f"/api/v1/charts/{chart_hash}/view?format={VIEW_FORMAT}"


def etag(chart_hash: ChartHash) -> str:
    return f'"{chart_hash}.{VIEW_FORMAT}"'


def _shelved(chart: Chart, chart_hash: ChartHash) -> ShelvedView:
    encoded = encode_chart_view(chart_view(chart, build(chart)))
    return ShelvedView(etag(chart_hash), gzip.compress(encoded, _GZIP_LEVEL, mtime=0))
