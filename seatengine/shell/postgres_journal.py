"""The journal in Postgres: one statement commits many events' frames, each fenced by its epoch."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from time import perf_counter
from typing import Final, NamedTuple

from asyncpg import Record
from asyncpg.prepared_stmt import PreparedStatement

from seatengine.ids import EventId, Seq
from seatengine.limits import APPEND_TIMEOUT_MS, STORE_RETRY_MAX_MS, STORE_RETRY_MIN_MS
from seatengine.ports import Append, Frame
from seatengine.shell.histogram import Histogram
from seatengine.shell.postgres import (
    Connection,
    Pool,
    borrowed,
    connect,
    cut_after,
    store_errors,
)

_COMMIT_BOUNDS_S: Final = (
    *(0.00025, 0.0005, 0.00075, 0.001, 0.0015, 0.002, 0.003, 0.005, 0.0075),
    *(0.01, 0.015, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0),
)

# The update takes the row lock of each event's shard, so a takeover waits for an append on its
# way, and an append that waited for a takeover finds another epoch and writes nothing.
_APPEND: Final = """
with asked as (
    select * from unnest($1::text[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bytea[])
        as a (event_id, epoch, first_seq, last_seq, frame)
), moved as (
    update shard s set head_seq = a.last_seq from asked a
    where s.event_id = a.event_id and s.epoch = a.epoch and s.head_seq = a.first_seq - 1
    returning a.event_id, a.epoch, a.first_seq, a.last_seq, a.frame
), written as (
    insert into journal (event_id, epoch, first_seq, last_seq, frame)
    select event_id, epoch, first_seq, last_seq, frame from moved
)
select event_id from moved
"""

# Frames follow each other without gaps, so the one that holds entry n is the last to begin by n.
_READ: Final = """
select first_seq, last_seq, frame from journal
where event_id = $1 and last_seq > $2 and first_seq >= coalesce((
    select max(first_seq) from journal where event_id = $1 and first_seq <= $2 + 1
), 0)
order by first_seq limit $3
"""


class PostgresJournal:
    """A Journal. Appends have a connection of their own, so that no report ever delays a sale.

    `on_commit` is called after each append that wrote something. `commit_seconds` is how long
    appends took that were answered, a new connection included where one was needed.
    """

    def __init__(
        self,
        url: str,
        pool: Pool,
        *,
        append_timeout_ms: int = APPEND_TIMEOUT_MS,
        on_commit: Callable[[], None] = lambda: None,
    ) -> None:
        self._url = url
        self._pool = pool
        self._append_timeout_ms = append_timeout_ms
        self._on_commit = on_commit
        self.commit_seconds = Histogram(_COMMIT_BOUNDS_S)
        self._one_at_a_time = asyncio.Lock()
        self._prepared: _Prepared | None = None
        self._backoff_ms = 0
        self._not_before_s = 0.0

    async def append(self, appends: Sequence[Append]) -> frozenset[EventId]:
        # Everyone locks rows in one order, so that two writers cannot deadlock.
        ordered = sorted(appends, key=_event) if len(appends) > 1 else appends
        began_s = perf_counter()
        async with self._one_at_a_time:
            prepared = self._prepared
            if prepared is None or prepared.connection.is_closed():
                prepared = await self._prepare()
            try:
                with (
                    store_errors("appending to the journal"),
                    cut_after(self._append_timeout_ms, prepared.connection.terminate),
                ):
                    rows = await prepared.append.fetch(
                        [a.event for a in ordered],
                        [a.epoch for a in ordered],
                        [a.first_seq for a in ordered],
                        [a.last_seq for a in ordered],
                        [a.frame for a in ordered],
                    )
            except BaseException:
                self.close()
                raise
        self.commit_seconds.observe(perf_counter() - began_s)
        if rows:
            self._on_commit()
        if len(rows) == len(appends):
            return frozenset()
        return frozenset(a.event for a in appends).difference(row[0] for row in rows)

    async def read(self, event: EventId, after_seq: Seq, max_frames: int) -> list[Frame]:
        async with borrowed(self._pool, f"reading the journal of {event!r}") as connection:
            rows = await connection.fetch(_READ, event, after_seq, max_frames)
        return [Frame(*row) for row in rows]

    def close(self) -> None:
        """Give the append connection up; an append under way fails, the next one connects anew."""
        if self._prepared is not None:
            self._prepared.connection.terminate()
            self._prepared = None

    async def _prepare(self) -> _Prepared:
        """Connect again, after a pause that grows while that fails. Raises StoreUnavailable."""
        self.close()
        loop = asyncio.get_running_loop()
        await asyncio.sleep(max(0.0, self._not_before_s - loop.time()))
        self._backoff_ms = min(max(2 * self._backoff_ms, STORE_RETRY_MIN_MS), STORE_RETRY_MAX_MS)
        self._not_before_s = loop.time() + self._backoff_ms / 1_000
        with store_errors("connecting to append to the journal"):
            connection = await connect(self._url, self._append_timeout_ms)
            try:
                with cut_after(self._append_timeout_ms, connection.terminate):
                    append = await connection.prepare(_APPEND)
            except BaseException:
                connection.terminate()
                raise
        self._backoff_ms = 0
        self._prepared = _Prepared(connection, append)
        return self._prepared


class _Prepared(NamedTuple):
    connection: Connection
    append: PreparedStatement[Record]


def _event(append: Append) -> EventId:
    return append.event
