"""A database connection for the length of one command."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from gateway.sale.catalog import Catalog
from seatengine.shell.embedded import database_url
from seatengine.shell.migrate import migrate
from seatengine.shell.postgres import Pool, open_pool
from seatengine.shell.settings import Settings


@asynccontextmanager
async def open_store(settings: Settings) -> AsyncIterator[Pool]:
    """A pool on the migrated database. Raises StoreUnavailable or BadSettings."""
    with database_url(settings) as url:
        await migrate(url)
        async with open_pool(url) as pool:
            yield pool


@asynccontextmanager
async def open_catalog(settings: Settings) -> AsyncIterator[Catalog]:
    async with open_store(settings) as pool:
        yield Catalog(pool)
