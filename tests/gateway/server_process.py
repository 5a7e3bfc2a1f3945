"""A real server process with one small event on sale, for tests that speak its protocol."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

from gateway.app import assembled
from gateway.client.api import ApiClient
from gateway.demo.child import Child
from gateway.sale.catalog import EventRow
from seatengine.chart.chart import Chart
from seatengine.chart.seat_table import build
from seatengine.core.commands import BindChart
from seatengine.core.outputs import Accepted
from seatengine.core.policy import SalePolicy, Tariff
from seatengine.ids import CommandId, EventId, HolderId
from seatengine.shell.settings import Settings

_READY_S = 30.0


async def put_on_sale(settings: Settings, chart: Chart, policy: SalePolicy) -> EventId:
    """A new event of `chart` in the database, at the chart's list prices."""
    table = build(chart)
    async with assembled(settings, settings.database_url) as parts:
        catalog = parts.catalog
        await catalog.add_organizer("house", "House")
        name = secrets.token_hex(4)
        await catalog.add_chart(f"ch_{name}", "house", name, chart, table)
        event = EventId(f"ev_{name}")
        await catalog.add_event(
            EventRow(
                id=event,
                organizer_id="house",
                name=name,
                venue="",
                starts_at=datetime(2030, 1, 1, tzinfo=UTC),
                chart_id=f"ch_{name}",
                chart_hash=table.chart_hash,
                currency="EUR",
                policy=policy,
            )
        )
        tariff = Tariff("EUR", tuple(category.price for category in chart.categories))
        bind = BindChart(
            id=CommandId("k_house/bind"),
            holder=HolderId("k_house"),
            staff=True,
            chart_hash=table.chart_hash,
            policy=policy,
            tariff=tariff,
        )
        assert isinstance(await parts.engine.ask(event, bind), Accepted)
    return event


@asynccontextmanager
async def server_process(settings: Settings) -> AsyncIterator[str]:
    """The address of a server in a process of its own, which is stopped at the end."""
    log = Path(settings.data_dir) / "server.log"
    server = await Child.start("gateway.demo.server_process", settings, log)
    try:
        address = (await server.line(_READY_S)).decode().strip()
        if not address:
            raise server.failed()
        yield address
    finally:
        await server.stop()


def viewer_token(site: str) -> str:
    client = ApiClient(site)
    try:
        token: str = client.post("/api/v1/viewers", {}, dict[str, str])["token"]
    finally:
        client.close()
    return token
