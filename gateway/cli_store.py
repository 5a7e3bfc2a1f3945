"""A database connection for the length of one command."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import asyncpg

from gateway.catalog import Catalog
from seatengine.errors import StoreUnavailable
from seatengine.shell.embedded import database_url
from seatengine.shell.migrate import migrate
from seatengine.shell.settings import Settings

if TYPE_CHECKING:
    Pool = asyncpg.Pool[asyncpg.Record]

_CONNECT_TIMEOUT_S = 10.0


@asynccontextmanager
async def open_store(settings: Settings) -> AsyncIterator[Pool]:
    """A small pool on the migrated database. Raises StoreUnavailable or BadSettings."""
    with database_url(settings) as url:
        await migrate(url)
        try:
            pool = await asyncpg.create_pool(
                url, min_size=1, max_size=2, timeout=_CONNECT_TIMEOUT_S
            )
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
            raise StoreUnavailable(f"cannot connect to Postgres: {error}") from error
        async with pool:
            yield pool


@asynccontextmanager
async def open_catalog(settings: Settings) -> AsyncIterator[Catalog]:
    async with open_store(settings) as pool:
        yield Catalog(pool)
