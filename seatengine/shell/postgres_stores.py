"""The lease, the snapshots and the charts in Postgres."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from typing import Final

import msgspec

from seatengine.chart.seat_table import SeatTable, unpack
from seatengine.errors import BadChart, UnknownEvent
from seatengine.ids import ChartHash, Epoch, EventId, Seq
from seatengine.limits import MAX_CACHED_CHARTS
from seatengine.ports import Claim
from seatengine.shell.postgres import Pool, borrowed

# The upsert takes the shard's row lock: it waits for an append on its way, and sees its head.
_CLAIM: Final = """
insert into shard (event_id, epoch, owner, claimed_at)
select id, 1, $2, now() from event where id = $1
on conflict (event_id) do update
set epoch = shard.epoch + 1, owner = excluded.owner, claimed_at = excluded.claimed_at
returning epoch, head_seq
"""

_SAVE: Final = """
insert into snapshot (event_id, seq, data) values ($1, $2, $3)
on conflict (event_id) do update
set seq = excluded.seq, data = excluded.data, taken_at = now()
where snapshot.seq <= excluded.seq
"""


class PostgresLease:
    """A Lease over the events of table `event`."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def claim(self, event: EventId, owner: str) -> Claim:
        async with borrowed(self._pool, f"taking over {event!r}") as connection:
            row = await connection.fetchrow(_CLAIM, event, owner)
        if row is None:
            raise UnknownEvent(f"there is no event {event!r} in this database")
        return Claim(epoch=Epoch(row["epoch"]), head_seq=Seq(row["head_seq"]))


class PostgresSnapshots:
    """A SnapshotStore that keeps the newest of each event."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def save(self, event: EventId, seq: Seq, data: bytes) -> None:
        async with borrowed(self._pool, f"keeping a snapshot of {event!r}") as connection:
            await connection.execute(_SAVE, event, seq, data)

    async def latest(self, event: EventId) -> tuple[Seq, bytes] | None:
        async with borrowed(self._pool, f"reading the snapshot of {event!r}") as connection:
            row = await connection.fetchrow(
                "select seq, data from snapshot where event_id = $1", event
            )
        return None if row is None else (Seq(row["seq"]), row["data"])


class PostgresCharts:
    """A ChartSource over table `chart_content`, with the last few tables at hand."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._recent: OrderedDict[ChartHash, SeatTable] = OrderedDict()

    async def seat_table(self, chart_hash: ChartHash) -> SeatTable:
        table = self._recent.get(chart_hash)
        if table is None:
            async with borrowed(self._pool, f"reading chart {chart_hash}") as connection:
                data = await connection.fetchval(
                    "select seat_table from chart_content where hash = $1", chart_hash
                )
            if data is None:
                raise BadChart("chart_hash", f"there is no chart {chart_hash} in this database")
            try:
                table = await asyncio.to_thread(unpack, data)
            except msgspec.DecodeError as error:
                raise BadChart(
                    "chart_hash", f"the stored table of chart {chart_hash} is damaged: {error}"
                ) from error
            self._recent[chart_hash] = table
            if len(self._recent) > MAX_CACHED_CHARTS:
                self._recent.popitem(last=False)
        else:
            self._recent.move_to_end(chart_hash)
        return table
