"""The engine's ports as one set, in memory and in Postgres, for suites that run on both."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass

from seatengine.chart.chart import Chart, chart_hash, encode_chart
from seatengine.chart.seat_table import build
from seatengine.ids import EventId
from seatengine.ports import ChartSource, Journal, Lease, SnapshotStore
from seatengine.shell.postgres import Pool, open_pool
from seatengine.shell.postgres_journal import PostgresJournal
from seatengine.shell.postgres_stores import PostgresCharts, PostgresLease, PostgresSnapshots
from seatengine.testing import MemoryCharts, MemoryJournal, MemoryLease, MemorySnapshots
from tests.venues import pocket_chart


@dataclass(frozen=True)
class Store:
    """Every port on one store. `put_on_sale` makes an event known, with a chart to bind."""

    journal: Journal
    lease: Lease
    snapshots: SnapshotStore
    charts: ChartSource
    put_on_sale: Callable[[EventId, Chart], Awaitable[None]]


OpenStore = Callable[[], AbstractAsyncContextManager[Store]]


@asynccontextmanager
async def memory_store() -> AsyncIterator[Store]:
    journal, charts = MemoryJournal(), MemoryCharts()

    async def put_on_sale(event: EventId, chart: Chart) -> None:
        journal.create(event)
        charts.add(build(chart))

    yield Store(journal, MemoryLease(journal), MemorySnapshots(), charts, put_on_sale)


@asynccontextmanager
async def postgres_store(url: str) -> AsyncIterator[Store]:
    async with open_pool(url) as pool:
        journal = PostgresJournal(url, pool)

        async def put_on_sale(event: EventId, chart: Chart) -> None:
            await insert_event(pool, event, chart)

        try:
            yield Store(
                journal,
                PostgresLease(pool),
                PostgresSnapshots(pool),
                PostgresCharts(pool),
                put_on_sale,
            )
        finally:
            journal.close()


async def insert_event(pool: Pool, event: EventId, chart: Chart | None = None) -> None:
    """An event, with its organizer and chart, as the catalog would leave them."""
    chart = chart or pocket_chart()
    async with pool.acquire() as connection:
        await connection.execute(
            "insert into organizer (id, name) values ('org', 'Org') on conflict do nothing"
        )
        await connection.execute(
            "insert into chart_content (hash, doc, seat_table, size) values ($1, $2, $3, $4)"
            " on conflict do nothing",
            chart_hash(chart),
            encode_chart(chart),
            build(chart).pack(),
            chart.next_index,
        )
        await connection.execute(
            "insert into event (id, organizer_id, name, chart_hash, currency)"
            " values ($1, 'org', $1, $2, 'EUR')",
            event,
            chart_hash(chart),
        )
