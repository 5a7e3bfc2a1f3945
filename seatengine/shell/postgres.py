"""How the shell talks to Postgres: a pool, and calls that end in time or raise StoreUnavailable.

A server may be gone, slow, or frozen with its sockets open. asyncpg's own timeouts ask the server
to cancel and wait for it, so here a call that is late has its connection cut instead.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Final, TypeAlias

import asyncpg
from asyncpg.pool import PoolConnectionProxy

from seatengine.errors import StoreUnavailable
from seatengine.limits import (
    POOL_CONNECTIONS,
    STORE_CALL_TIMEOUT_MS,
    STORE_CONNECT_TIMEOUT_MS,
)

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"
Borrowed: TypeAlias = "PoolConnectionProxy[asyncpg.Record]"
Pool: TypeAlias = "asyncpg.Pool[asyncpg.Record]"

STORE_ERRORS: Final = (
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    # Raised by a connection that is asked while the server's goodbye has come in half.
    asyncpg.InternalClientError,
    OSError,
    TimeoutError,
)


@contextmanager
def store_errors(doing: str) -> Iterator[None]:
    """What a driver raises becomes StoreUnavailable, which says what was being done."""
    try:
        yield
    except STORE_ERRORS as error:
        said = str(error) or type(error).__name__
        raise StoreUnavailable(f"the database failed while {doing}: {said}") from error


async def connect(url: str, timeout_ms: int) -> Connection:
    """A connection of one's own. Raises what asyncpg raises."""
    return await asyncpg.connect(url, timeout=timeout_ms / 1_000, server_settings=_SETTINGS)


@asynccontextmanager
async def open_pool(url: str) -> AsyncIterator[Pool]:
    """A pool for everything but appends; connections are made when they are needed.

    Nothing is sent when a connection goes back: whoever changes its session undoes that.
    """
    pool = asyncpg.create_pool(
        url,
        min_size=0,
        max_size=POOL_CONNECTIONS,
        timeout=STORE_CONNECT_TIMEOUT_MS / 1_000,
        reset=_leave_as_it_is,
        server_settings=_SETTINGS,
    )
    try:
        yield await pool
    finally:
        pool.terminate()


@asynccontextmanager
async def borrowed(
    pool: Pool, doing: str, timeout_ms: int = STORE_CALL_TIMEOUT_MS
) -> AsyncIterator[Borrowed]:
    """A connection of the pool, cut when its borrower is late. Raises StoreUnavailable."""
    with store_errors(doing):
        connection = await pool.acquire(timeout=timeout_ms / 1_000)
        try:
            with cut_after(timeout_ms, connection.terminate):
                yield connection
        finally:
            await pool.release(connection, timeout=timeout_ms / 1_000)


@contextmanager
def cut_after(timeout_ms: int, terminate: Callable[[], None]) -> Iterator[None]:
    """Terminate a connection unless the context ends in time; what waits on it then fails."""
    late = asyncio.get_running_loop().call_later(timeout_ms / 1_000, terminate)
    try:
        yield
    finally:
        late.cancel()


async def _leave_as_it_is(_connection: object) -> None:
    """What a connection's reset is here: the default one costs a round trip."""


# Durability is not left to a server's defaults: an acknowledged commit is on disk.
_SETTINGS: Final = {"application_name": "seatengine", "synchronous_commit": "on", "jit": "off"}
