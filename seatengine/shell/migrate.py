"""The database's tables: numbered SQL files, each applied once, in order, by one process at a time.

A file `0001_spine.sql` in migrations/ runs in a transaction with the row that says it has run.
"""

from __future__ import annotations

from importlib import resources
from typing import Final

import asyncpg
import msgspec

from seatengine.errors import StoreUnavailable
from seatengine.limits import MIGRATE_TIMEOUT_MS

# Any number that nobody else takes as an advisory lock: "seat" in ASCII.
_LOCK: Final = 0x73656174

_LEDGER: Final = """
create table if not exists migration (
    number integer primary key,
    name text not null,
    applied_at timestamptz not null default now()
)
"""


class Migration(msgspec.Struct, frozen=True):
    number: int
    name: str
    sql: str


def migrations() -> list[Migration]:
    """All migrations of this version of the engine, in order."""
    files = resources.files("seatengine.shell") / "migrations"
    found = sorted(f.name for f in files.iterdir() if f.name.endswith(".sql"))
    return [
        Migration(int(name[:4]), name.removesuffix(".sql"), (files / name).read_text("utf-8"))
        for name in found
    ]


async def migrate(url: str) -> list[str]:
    """Bring the database to this version; the names of what was applied, empty when nothing was.

    Waits for another process that is migrating. Raises StoreUnavailable, also where the database
    was made by a newer version than this one.
    """
    try:
        connection = await asyncpg.connect(url, timeout=MIGRATE_TIMEOUT_MS / 1_000)
        try:
            async with connection.transaction():
                await connection.execute("select pg_advisory_xact_lock($1)", _LOCK)
                return await _apply(connection)
        finally:
            await connection.close()
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
        raise StoreUnavailable(f"the database could not be migrated: {error}") from error


async def _apply(connection: asyncpg.Connection[asyncpg.Record]) -> list[str]:
    await connection.execute(_LEDGER)
    applied = {r["number"] for r in await connection.fetch("select number from migration")}
    known = migrations()
    newest = max(m.number for m in known)
    if applied and max(applied) > newest:
        raise StoreUnavailable(
            f"the database is at migration {max(applied)} and this version knows {newest}: "
            "it was used by a newer Seat Engine. Install that version or restore a backup"
        )
    done = []
    for migration in known:
        if migration.number in applied:
            continue
        await connection.execute(migration.sql)
        await connection.execute(
            "insert into migration (number, name) values ($1, $2)",
            migration.number,
            migration.name,
        )
        done.append(migration.name)
    return done
