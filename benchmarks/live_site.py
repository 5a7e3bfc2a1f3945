"""A whole site for a benchmark: the real server in a process of its own, on a Postgres of its own,
with one event on sale."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import msgspec

from benchmarks import venue
from gateway.client.api import ApiClient, as_organizer
from gateway.demo.child import Child
from gateway.sale.auth import ViewerTokens, mint_api_key
from gateway.sale.catalog import Catalog
from seatengine.ids import EventId
from seatengine.limits import CEILING_MESSAGES_PER_SECOND
from seatengine.shell.embedded import database_url
from seatengine.shell.migrate import migrate
from seatengine.shell.postgres import Pool, open_pool
from seatengine.shell.settings import Settings

_READY_WITHIN_S: Final = 60.0
_ORGANIZER: Final = "benchmark"
_CHART: Final = "stadium"


class _Event(msgspec.Struct):
    id: EventId


class LiveSite:
    """Made by `live_site`. `url` is the database's, and `settings` lead a server to it."""

    def __init__(
        self,
        settings: Settings,
        folder: Path,
        url: str,
        pool: Pool,
        catalog: Catalog,
        key: str,
    ) -> None:
        self.settings = settings
        self.url = url
        self.pool = pool
        self._catalog = catalog
        self._key = key
        self._tokens = ViewerTokens(settings.secret)
        self._log = folder / "server.log"

    async def start_server(self) -> tuple[Child, str]:
        """The server and its address, once it answers. Raises ChildFailed."""
        server = await Child.start("gateway.demo.server_process", self.settings, self._log)
        address = (await server.line(_READY_WITHIN_S)).decode().strip()
        if not address:
            raise server.failed()
        return server, address

    async def put_on_sale(self, address: str, seats: int) -> EventId:
        """A stadium of so many seats on sale, by the server's HTTP API."""
        chart, table = venue.chart(seats), venue.table(seats)
        await self._catalog.add_chart(_CHART, _ORGANIZER, chart.name, chart, table)
        return await asyncio.to_thread(_create_event, as_organizer(address, self._key))

    def tokens(self, viewers: int) -> list[str]:
        """Identities for so many viewers."""
        return [self._tokens.mint()[1] for _ in range(viewers)]


@asynccontextmanager
async def live_site(folder: Path) -> AsyncIterator[LiveSite]:
    """A database under `folder`, with an organizer who has an API key."""
    settings = Settings(
        data_dir=str(folder),
        port=0,
        secret=secrets.token_urlsafe(32),
        messages_per_second=CEILING_MESSAGES_PER_SECOND,
        log_level="warning",
    )
    with database_url(settings) as url:
        await migrate(url)
        async with open_pool(url) as pool:
            catalog = Catalog(pool)
            await catalog.add_organizer(_ORGANIZER, "Benchmark")
            key = mint_api_key()
            await catalog.add_api_key(key.key_id, _ORGANIZER, "benchmark", key.secret_hash)
            yield LiveSite(settings, folder, url, pool, catalog, key.text)


def _create_event(api: ApiClient) -> EventId:
    event = api.post(
        "/api/v1/events",
        {
            "name": "Benchmark",
            "starts_at": datetime.now(UTC) + timedelta(days=30),
            "chart_id": _CHART,
            "policy": {
                "hold_ttl_ms": venue.POLICY.hold_ttl_ms,
                "max_per_holder": venue.POLICY.max_per_holder,
                "max_holds_per_holder": venue.POLICY.max_holds_per_holder,
            },
        },
        _Event,
    )
    api.close()
    return event.id
