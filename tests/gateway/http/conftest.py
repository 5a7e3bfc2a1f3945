"""One server for all HTTP tests; each test makes its own organizer's events on it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import asyncpg
import httpx
import pytest

from seatengine.shell.embedded import EmbeddedPostgres
from seatengine.shell.migrate import migrate
from tests.gateway.http.site import Site, serving


@pytest.fixture(scope="session")
def site(
    postgres_server: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    async def create() -> None:
        connection = await asyncpg.connect(postgres_server.url)
        try:
            await connection.execute("create database http_tests")
        finally:
            await connection.close()

    asyncio.run(create())
    url = postgres_server.url.replace("@/postgres?", "@/http_tests?")
    asyncio.run(migrate(url))
    with serving(url, tmp_path_factory.mktemp("site")) as running:
        yield running


@pytest.fixture
def organizer(site: Site) -> httpx.Client:
    return site.organizer()


@pytest.fixture
def viewer(site: Site) -> httpx.Client:
    return site.viewer()
