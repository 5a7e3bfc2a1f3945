from __future__ import annotations

import asyncio
import gzip

import msgspec
import pytest

from gateway.live.chart_shelf import ChartShelf, chart_view_url, etag
from gateway.live.chart_view import VIEW_FORMAT, ChartView
from seatengine.chart.chart import Chart, chart_hash
from seatengine.errors import StoreUnavailable
from seatengine.ids import ChartHash
from seatengine.limits import MAX_CACHED_CHARTS
from tests import venues


class Library:
    """Charts in memory, counting how often each is asked for; `away` is a store that is gone."""

    def __init__(self, *charts: Chart) -> None:
        self.charts = {chart_hash(chart): chart for chart in charts}
        self.asked: list[ChartHash] = []
        self.away = False

    async def chart_content(self, wanted: ChartHash) -> Chart | None:
        self.asked.append(wanted)
        await asyncio.sleep(0)
        if self.away:
            raise StoreUnavailable("gone")
        return self.charts.get(wanted)


POCKET = chart_hash(venues.pocket_chart())


def test_a_view_is_made_once_however_many_ask() -> None:
    library = Library(venues.pocket_chart())

    async def run() -> None:
        shelf = ChartShelf(library)
        views = await asyncio.gather(*(shelf.view(POCKET) for _ in range(20)))
        assert all(view is views[0] for view in views)
        assert await shelf.view(POCKET) is views[0]
        assert library.asked == [POCKET]
        assert views[0] is not None
        assert views[0].etag == etag(POCKET)
        view = msgspec.msgpack.decode(gzip.decompress(views[0].packed), type=ChartView)
        assert (view.hash, view.format) == (POCKET, VIEW_FORMAT)

    asyncio.run(run())


def test_an_unknown_chart_is_not_remembered_as_unknown() -> None:
    library = Library()

    async def run() -> None:
        shelf = ChartShelf(library)
        assert await shelf.view(POCKET) is None
        library.charts[POCKET] = venues.pocket_chart()
        assert await shelf.view(POCKET) is not None

    asyncio.run(run())


def test_trouble_is_not_remembered_either() -> None:
    library = Library(venues.pocket_chart())
    library.away = True

    async def run() -> None:
        shelf = ChartShelf(library)
        failed = await asyncio.gather(
            *(shelf.view(POCKET) for _ in range(3)), return_exceptions=True
        )
        assert all(isinstance(each, StoreUnavailable) for each in failed)
        library.away = False
        assert await shelf.view(POCKET) is not None

    asyncio.run(run())


def test_one_who_gives_up_does_not_spoil_it_for_the_others() -> None:
    library = Library(venues.pocket_chart())

    async def run() -> None:
        shelf = ChartShelf(library)
        impatient = asyncio.create_task(shelf.view(POCKET))
        patient = asyncio.create_task(shelf.view(POCKET))
        await asyncio.sleep(0)
        impatient.cancel()
        with pytest.raises(asyncio.CancelledError):
            await impatient
        assert await patient is not None
        assert library.asked == [POCKET]

    asyncio.run(run())


def test_the_shelf_is_bounded_and_keeps_what_is_used() -> None:
    charts = [venues.hall_chart(1, width) for width in range(1, MAX_CACHED_CHARTS + 3)]
    library = Library(*charts)
    hashes = list(library.charts)

    async def run() -> None:
        shelf = ChartShelf(library)
        for each in hashes:
            await shelf.view(each)
            await shelf.view(hashes[0])
        library.asked.clear()
        await shelf.view(hashes[0])
        await shelf.view(hashes[-1])
        assert library.asked == []
        await shelf.view(hashes[1])
        assert library.asked == [hashes[1]]

    asyncio.run(run())


def test_the_address_names_content_and_format() -> None:
    assert chart_view_url(POCKET) == f"/api/v1/charts/{POCKET}/view?format={VIEW_FORMAT}"
