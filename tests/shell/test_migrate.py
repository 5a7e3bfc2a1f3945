"""Migrations run once, in order, by one process at a time; schema.sql says what they yield."""

from __future__ import annotations

import asyncio
import re
import subprocess
from pathlib import Path

import asyncpg
import pytest

from seatengine.errors import StoreUnavailable
from seatengine.shell.embedded import programs
from seatengine.shell.migrate import migrate, migrations

SCHEMA = Path(__file__).parents[2] / "schema.sql"


def dump(url: str) -> str:
    """The database's schema in words, without what differs from run to run."""
    said = subprocess.run(
        [programs() / "pg_dump", "--schema-only", "--no-owner", url],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    return "\n".join(
        line for line in said.splitlines() if line and not re.match(r"--|\\(un)?restrict", line)
    )


async def execute(url: str, sql: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(sql)
    finally:
        await connection.close()


def test_numbers_have_no_gap() -> None:
    assert [m.number for m in migrations()] == list(range(1, len(migrations()) + 1))


def test_each_runs_once_however_many_start_at_once(empty_database_url: str) -> None:
    async def scene() -> None:
        done = await asyncio.gather(*(migrate(empty_database_url) for _ in range(4)))
        assert sorted(done, key=len)[-1] == [m.name for m in migrations()]
        assert sorted(map(len, done))[:3] == [0, 0, 0]

    asyncio.run(scene())


def test_schema_file_is_what_migrations_yield(empty_database_url: str, postgres_url: str) -> None:
    asyncio.run(execute(empty_database_url, SCHEMA.read_text("utf-8")))
    written, migrated = dump(empty_database_url), dump(postgres_url)
    assert "CREATE TABLE public.journal" in migrated
    assert written == migrated


def test_a_newer_database_is_refused(postgres_url: str) -> None:
    async def scene() -> None:
        await execute(postgres_url, "insert into migration (number, name) values (9999, 'later')")
        with pytest.raises(StoreUnavailable, match="newer Seat Engine"):
            await migrate(postgres_url)

    asyncio.run(scene())


def test_no_server_is_said_plainly(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable, match="could not be migrated"):
        asyncio.run(migrate(f"postgresql://postgres@/postgres?host={tmp_path}"))
