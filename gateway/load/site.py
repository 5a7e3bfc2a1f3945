"""A site of the load's own: a fresh database, a server in a process of its own, one stadium on
sale."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import msgspec

from gateway.client.api import ApiClient, as_organizer
from gateway.demo.child import Child
from gateway.load.scenarios import Scenario
from gateway.sale.auth import mint_api_key
from gateway.sale.catalog import Catalog
from seatengine.chart.generate import generate
from seatengine.chart.seat_table import build
from seatengine.limits import (
    CEILING_HOLDS_PER_HOLDER,
    CEILING_HTTP_REQUESTS_PER_SECOND,
    CEILING_PER_HOLDER,
)
from seatengine.shell.embedded import database_url
from seatengine.shell.migrate import migrate
from seatengine.shell.postgres import Pool, open_pool
from seatengine.shell.settings import Settings

_READY_WITHIN_S: Final = 60.0
_ORGANIZER: Final = "load"
_CHART: Final = "stadium"


class Site(msgspec.Struct):
    """A server that runs, an event on sale there, and how to its database and process.

    `secret` signs viewer tokens, "" where it is not known; `pool` and `pid` are None likewise.
    """

    address: str
    event: str
    secret: str
    pool: Pool | None
    pid: int | None


class _Event(msgspec.Struct):
    id: str


@asynccontextmanager
async def own_site(
    folder: Path,
    seats: int,
    scenario: Scenario,
    server_module: str = "gateway.demo.server_process",
) -> AsyncIterator[Site]:
    """Everything under `folder`; gone when it ends, but for the files. Raises ChildFailed."""
    settings = Settings(
        data_dir=str(folder),
        port=0,
        secret=secrets.token_urlsafe(32),
        requests_per_second=CEILING_HTTP_REQUESTS_PER_SECOND,
        log_level="warning",
    )
    with database_url(settings) as url:
        await migrate(url)
        async with open_pool(url) as pool:
            catalog = Catalog(pool)
            await catalog.add_organizer(_ORGANIZER, "Load test")
            key = mint_api_key()
            await catalog.add_api_key(key.key_id, _ORGANIZER, "load", key.secret_hash)
            server = await Child.start(server_module, settings, folder / "server.log")
            try:
                address = (await server.line(_READY_WITHIN_S)).decode().strip()
                if not address:
                    raise server.failed()
                chart = generate("stadium", seats)
                table = build(chart)
                await catalog.add_chart(_CHART, _ORGANIZER, chart.name, chart, table)
                event = await asyncio.to_thread(_create, as_organizer(address, key.text), scenario)
                yield Site(address, event, settings.secret, pool, server.pid)
            finally:
                await server.stop()


def _create(api: ApiClient, scenario: Scenario) -> str:
    event = api.post(
        "/api/v1/events",
        {
            "name": "Load test",
            "starts_at": datetime.now(UTC) + timedelta(days=30),
            "chart_id": _CHART,
            "policy": {
                "hold_ttl_ms": scenario.hold_ttl_ms,
                "max_per_holder": CEILING_PER_HOLDER,
                "max_holds_per_holder": CEILING_HOLDS_PER_HOLDER,
            },
        },
        _Event,
    )
    api.close()
    return event.id
