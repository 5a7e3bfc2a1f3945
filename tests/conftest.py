"""One embedded Postgres for the whole run, and a fresh, migrated database for each test."""

from __future__ import annotations

import asyncio
import itertools
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from seatengine.shell.embedded import EmbeddedPostgres
from seatengine.shell.migrate import migrate

_TEMPLATE = "migrated"
_numbers = itertools.count(1)


async def _execute(url: str, *statements: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


def _database(url: str, name: str) -> str:
    return url.replace("@/postgres?", f"@/{name}?")


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[EmbeddedPostgres]:
    """A server of its own, whatever DATABASE_URL says: tests never touch anyone's data."""
    folder = Path(tempfile.mkdtemp(prefix="seatengine-"))
    server = EmbeddedPostgres(folder / "postgres")
    try:
        server.start()
        asyncio.run(
            _execute(
                server.url,
                # Nobody needs these databases after a power cut, and dropping them is much faster.
                "alter system set fsync = off",
                "select pg_reload_conf()",
                f"create database {_TEMPLATE}",
            )
        )
        asyncio.run(migrate(_database(server.url, _TEMPLATE)))
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder)


@pytest.fixture
def empty_database_url(postgres_server: EmbeddedPostgres) -> Iterator[str]:
    """The URL of a database that nothing has been done to."""
    yield from _fresh(postgres_server, "template1")


@pytest.fixture
def postgres_url(postgres_server: EmbeddedPostgres) -> Iterator[str]:
    """The URL of a migrated, empty database."""
    yield from _fresh(postgres_server, _TEMPLATE)


def _fresh(server: EmbeddedPostgres, template: str) -> Iterator[str]:
    name = f"test_{next(_numbers)}"
    asyncio.run(_execute(server.url, f"create database {name} template {template}"))
    try:
        yield _database(server.url, name)
    finally:
        asyncio.run(_execute(server.url, f"drop database {name} with (force)"))
