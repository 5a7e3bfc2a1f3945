"""Follows the journal and writes the relational tables behind it, for reports and audits.

The cursor moves in the transaction that writes what it has passed: a follower that is killed, or
runs twice, neither misses an entry nor counts one twice. The sale never waits for it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import Final, Literal

from asyncpg import Record

from seatengine.core.entries import Entry, decode_frame
from seatengine.errors import JournalGap, SeatEngineError
from seatengine.ids import EventId
from seatengine.limits import (
    FOLLOWER_CALL_TIMEOUT_MS,
    FOLLOWER_CHUNK_ENTRIES,
    FOLLOWER_PAUSE_FACTOR,
    FOLLOWER_PAUSE_MS,
    FOLLOWER_POLL_MS,
    FOLLOWER_RETRY_MAX_MS,
)
from seatengine.ports import ChartSource
from seatengine.shell import sale_tables
from seatengine.shell.postgres import Borrowed, Pool, borrowed
from seatengine.shell.projection import Projection, References, Sale

_NAME: Final = "sale"
_RUN_ENTRIES: Final = 500

_BEHIND: Final = """
select s.event_id, s.head_seq - coalesce(c.seq, 0) as entries from shard s
left join follower_cursor c on c.follower = $1 and c.event_id = s.event_id
where s.head_seq > coalesce(c.seq, 0)
"""

_CURSOR: Final = """
insert into follower_cursor (follower, event_id, seq) values ($1, $2, 0)
on conflict (follower, event_id) do update set seq = follower_cursor.seq
returning seq
"""

_FRAMES: Final = """
select first_seq, last_seq, frame from journal
where event_id = $1 and first_seq > $2 and first_seq <= $2 + $3 order by first_seq
"""

_MOVE: Final = "update follower_cursor set seq = $3 where follower = $1 and event_id = $2"

_log = logging.getLogger(__name__)


class Follower:
    """Keeps the tables of all events near the journal's head. Several may run, on any machines.

    `behind_entries` is how many entries the tables lack, as of the last look at the journal less
    what was written since.
    """

    def __init__(self, pool: Pool, charts: ChartSource) -> None:
        self._pool = pool
        self._charts = charts
        self._woken = asyncio.Event()
        self._failures: dict[EventId, int] = {}
        self._not_before_s: dict[EventId, float] = {}
        self.behind_entries = 0

    def wake(self) -> None:
        """Something was committed. Cheap; without it the follower looks every FOLLOWER_POLL_MS."""
        self._woken.set()

    async def run(self, stop: asyncio.Event) -> None:
        """Follow until `stop` is set; a chunk under way is finished."""
        loop = asyncio.get_running_loop()
        stopping = asyncio.create_task(stop.wait())
        try:
            while not stop.is_set():
                self._woken.clear()
                began_s = loop.time()
                moved = await self._follow_all()
                if moved and not self._woken.is_set():
                    # Nothing is being sold: nobody minds if the rest is written at once.
                    continue
                # While it is hot, the sale has most of the machine; and what comes in meanwhile
                # costs less together than one by one.
                took_ms = (loop.time() - began_s) * 1_000
                if not moved:
                    woken = asyncio.create_task(self._woken.wait())
                    await _first_of({stopping, woken}, FOLLOWER_POLL_MS)
                    woken.cancel()
                await _first_of({stopping}, max(FOLLOWER_PAUSE_MS, took_ms * FOLLOWER_PAUSE_FACTOR))
        finally:
            stopping.cancel()

    async def catch_up(self, event: EventId) -> int:
        """Bring the tables to where the journal stands now; returns the entry they stand at.

        Raises StoreUnavailable, BadChart, or JournalGap where the journal is damaged.
        """
        async with borrowed(self._pool, f"reading the head of {event!r}") as connection:
            head = await connection.fetchval(
                "select head_seq from shard where event_id = $1", event
            )
        seq = 0
        while seq < (head or 0):
            seq = await self._follow(event)
        return seq

    async def _follow_all(self) -> bool:
        """One chunk of every event that is behind; whether any moved."""
        moved = False
        try:
            async with borrowed(self._pool, "looking for new journal entries") as connection:
                behind = dict(map(tuple, await connection.fetch(_BEHIND, _NAME)))
        except SeatEngineError as error:
            _log.warning("followers wait: %s", error)
            return False
        self.behind_entries = sum(behind.values())
        now_s = asyncio.get_running_loop().time()
        for event in behind:
            if self._not_before_s.get(event, 0.0) > now_s:
                continue
            try:
                await self._follow(event)
            except SeatEngineError as error:
                self._put_off(event, now_s)
                _log.warning("the tables of event %s stay behind: %s", event, error)
            except Exception:
                # A fault of ours with one event must not cost the others their reports.
                self._put_off(event, now_s)
                _log.exception("the tables of event %s stay behind", event)
            else:
                moved = True
                self._failures.pop(event, None)
                self._not_before_s.pop(event, None)
        return moved

    def _put_off(self, event: EventId, now_s: float) -> None:
        failures = self._failures.get(event, 0) + 1
        self._failures[event] = failures
        pause_ms = min(FOLLOWER_RETRY_MAX_MS, FOLLOWER_POLL_MS << min(failures - 1, 10))
        self._not_before_s[event] = now_s + pause_ms / 1_000

    async def _follow(self, event: EventId) -> int:
        """Write behind one chunk of the journal; the entry the tables stand at then."""
        async with (
            borrowed(
                self._pool, f"writing the tables of {event!r}", FOLLOWER_CALL_TIMEOUT_MS
            ) as connection,
            connection.transaction(),
        ):
            # Takes the cursor's row lock: of two followers the second waits, then goes on behind.
            seq: int = await connection.fetchval(_CURSOR, _NAME, event)
            chunk = await connection.fetch(_FRAMES, event, seq, FOLLOWER_CHUNK_ENTRIES)
            if not chunk:
                return seq
            if chunk[0]["first_seq"] != seq + 1:
                raise JournalGap(
                    f"the journal of event {event!r} goes from entry {seq} to "
                    f"{chunk[0]['first_seq']}"
                )
            await self._write(connection, event, await _decoded(event, chunk))
            last_seq: int = chunk[-1]["last_seq"]
            self.behind_entries = max(0, self.behind_entries - (last_seq - seq))
            await connection.execute(_MOVE, _NAME, event, last_seq)
            return last_seq

    async def _write(self, connection: Borrowed, event: EventId, runs: list[_Run]) -> None:
        references = References()
        for first_seq, run in runs:
            references.collect(first_seq, run)
            await asyncio.sleep(0)
        bound = references.bound
        if bound is None:
            sale = await sale_tables.read_sale(connection, event, self._charts)
        else:
            table = await self._charts.seat_table(bound.chart_hash)
            sale = Sale(table, bound.policy, [bound.tariff])
            await sale_tables.open_sale(connection, event, sale)
        projection = Projection(
            sale,
            await sale_tables.read_holds(connection, event, references.holds),
            await sale_tables.read_bookings(connection, event, references.bookings),
        )
        for first_seq, run in runs:
            projection.apply(first_seq, run)
            await asyncio.sleep(0)
        projection.finish()
        await sale_tables.write(connection, event, projection)


_Run = tuple[int, list[Entry]]
"""Entries and the number of the first: few enough to be gone through without a pause."""


async def _first_of(tasks: set[asyncio.Task[Literal[True]]], timeout_ms: float) -> None:
    await asyncio.wait(tasks, timeout=timeout_ms / 1_000, return_when=asyncio.FIRST_COMPLETED)


async def _decoded(event: EventId, frames: Sequence[Record]) -> list[_Run]:
    runs: list[_Run] = []
    for first_seq, last_seq, frame in frames:
        try:
            entries = decode_frame(frame)
        except ValueError as error:
            raise JournalGap(
                f"frame {first_seq}..{last_seq} of event {event!r} cannot be read: {error}"
            ) from error
        for start in range(0, len(entries), _RUN_ENTRIES):
            runs.append((first_seq + start, entries[start : start + _RUN_ENTRIES]))
            await asyncio.sleep(0)
    return runs
