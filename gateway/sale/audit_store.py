"""Audits one event in the database: its journal, the tables derived from it, and its snapshot."""

from __future__ import annotations

from collections.abc import AsyncIterator, Container
from typing import TYPE_CHECKING, Any

import asyncpg
import msgspec

from gateway.sale.audit import BLOCKED, BOOKED, FREE, HELD, Auditor
from seatengine.chart.seat_table import RETIRED, SeatTable, unpack
from seatengine.core import snapshot
from seatengine.core.entries import Entry, decode_frame
from seatengine.core.seating import RETIRED as RETIRED_STATUS
from seatengine.core.seating import STATUS_NAMES
from seatengine.core.shard import Shard
from seatengine.errors import BadChart, JournalGap, UnknownEvent
from seatengine.ids import ChartHash, EventId
from seatengine.limits import JOURNAL_READ_FRAMES

if TYPE_CHECKING:
    from asyncpg.pool import PoolConnectionProxy

    Connection = asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record]


class EventAudit(msgspec.Struct):
    """What was compared: the journal to `seq`, the tables as of `tables_seq`."""

    auditor: Auditor
    seq: int
    tables_seq: int


async def audit_event(
    connection: Connection, event: str, watched: Container[str] = ()
) -> EventAudit:
    """Compare an event's journal with everything that follows from it, as of one moment.

    Reads the journal once, a chunk at a time. Mistakes are in the auditor's `findings`. Raises
    UnknownEvent.
    """
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        if not await connection.fetchval("select 1 from event where id = $1", event):
            raise UnknownEvent(
                f"there is no event {event!r} here; `seatengine event list` shows those there are"
            )
        audit = _Audit(connection, event, Auditor(watched))
        await audit.run()
    return EventAudit(audit.auditor, audit.auditor.seq, audit.tables_seq)


class _Audit:
    """One pass over the journal; stops where the tables and where the snapshot stand."""

    def __init__(self, connection: Connection, event: str, auditor: Auditor) -> None:
        self.auditor = auditor
        self.tables_seq = 0
        self._connection = connection
        self._event = event
        self._tables: dict[ChartHash, SeatTable] = {}
        self._shard = Shard(EventId(event), self._tables)
        self._follows = True
        self._snapshot: tuple[int, bytes] | None = None

    async def run(self) -> None:
        self.tables_seq = await self._followers()
        saved = await self._connection.fetchrow(
            "select seq, data from snapshot where event_id = $1", self._event
        )
        self._snapshot = (saved["seq"], saved["data"]) if saved else None
        stops = sorted({self.tables_seq, self._snapshot[0] if self._snapshot else 0})
        async for entries in self._frames():
            first_seq = self.auditor.seq + 1
            cuts = [stop + 1 - first_seq for stop in stops if stop >= first_seq]
            start = 0
            for end in (*(cut for cut in cuts if cut < len(entries)), len(entries)):
                await self._take(entries[start:end])
                start = end
        self._check_ends()
        self._compare_state()

    async def _take(self, entries: list[Entry]) -> None:
        auditor = self.auditor
        auditor.read(entries)
        if auditor.chart_hash and auditor.chart_hash not in self._tables:
            self._tables[auditor.chart_hash] = await _seat_table(
                self._connection, auditor.chart_hash
            )
        self._replay(entries)
        if auditor.seq == self.tables_seq:
            table = self._tables[auditor.chart_hash]
            await _compare_places(self._connection, self._event, auditor, table)
            await _compare_holds(self._connection, self._event, auditor)
            await _compare_bookings(self._connection, self._event, auditor, table)
            await _compare_sales(self._connection, self._event, auditor, table)
        if self._snapshot is not None and auditor.seq == self._snapshot[0]:
            self._compare_snapshot(self._snapshot[1])

    def _replay(self, entries: list[Entry]) -> None:
        """Let the engine follow, as far as it can."""
        if not self._follows:
            return
        try:
            self._shard.replay(entries)
        except JournalGap as gap:
            self.auditor.find(f"the engine cannot follow the journal: {gap}")
            self._follows = False

    def _compare_snapshot(self, data: bytes) -> None:
        at = self.auditor.seq
        try:
            kept = snapshot.restore(data, self._tables)
        except (msgspec.DecodeError, KeyError) as error:
            self.auditor.find(f"the snapshot at {at} cannot be read: {error}")
            return
        if self._follows and snapshot.state_hash(kept) != snapshot.state_hash(self._shard.state):
            self.auditor.find(f"the snapshot at {at} is another state than the journal's")

    async def _frames(self) -> AsyncIterator[list[Entry]]:
        rows = self._connection.cursor(
            "select first_seq, last_seq, frame from journal where event_id = $1 order by first_seq",
            self._event,
            prefetch=JOURNAL_READ_FRAMES,
        )
        async for row in rows:
            entries = decode_frame(row["frame"])
            if row["first_seq"] != self.auditor.seq + 1:
                self.auditor.find(f"the journal goes from {self.auditor.seq} to {row['first_seq']}")
            if row["last_seq"] - row["first_seq"] + 1 != len(entries):
                self.auditor.find(f"the frame at {row['first_seq']} has {len(entries)} entries")
            yield entries

    async def _followers(self) -> int:
        """The entry that the tables stand at: where the slowest follower is."""
        cursors = await self._connection.fetch(
            "select follower, seq from follower_cursor where event_id = $1", self._event
        )
        seqs = {row["seq"] for row in cursors}
        if len(seqs) > 1:
            named = ", ".join(f"{row['follower']} {row['seq']}" for row in cursors)
            self.auditor.find(f"the followers stand apart, so tables cannot be compared: {named}")
        return min(seqs, default=0)

    def _check_ends(self) -> None:
        end = self.auditor.seq
        if self.tables_seq > end:
            self.auditor.find(f"the tables stand at {self.tables_seq}, the journal ends at {end}")
        if self._snapshot is not None and self._snapshot[0] > end:
            self.auditor.find(f"the snapshot is at {self._snapshot[0]}, the journal ends at {end}")

    def _compare_state(self) -> None:
        """What the engine itself makes of the journal."""
        if not self._follows:
            return
        state, auditor = self._shard.state, self.auditor
        for place, status in enumerate(state.status):
            told = auditor.status(place)
            if STATUS_NAMES[status] != told and not (status == RETIRED_STATUS and told == FREE):
                auditor.find(f"the engine has {place} {STATUS_NAMES[status]}, the journal {told}")
        if state.holds.keys() != auditor.holds.keys():
            auditor.find("the engine has other holds than the journal")
        if state.bookings.keys() != auditor.bookings.keys():
            auditor.find("the engine has other bookings than the journal")


async def _seat_table(connection: Connection, chart_hash: ChartHash) -> SeatTable:
    packed = await connection.fetchval(
        "select seat_table from chart_content where hash = $1", chart_hash
    )
    if packed is None:
        raise BadChart(f"chart {chart_hash}", "the journal binds it, and the database lacks it")
    return unpack(packed)


async def _compare_places(
    connection: Connection, event: str, auditor: Auditor, table: SeatTable
) -> None:
    rows = await connection.fetch(
        "select place, status, hold_id, booking_id from place where event_id = $1", event
    )
    if len(rows) != table.size:
        auditor.find(f"table place has {len(rows)} places, the chart {table.size}")
    for row in rows:
        place = row["place"]
        status = auditor.status(place)
        if status == FREE and table.flags[place] & RETIRED:
            status = "retired"
        owner = f"hold {row['hold_id']}" if row["hold_id"] else f"booking {row['booking_id']}"
        if row["status"] != status:
            auditor.find(f"table place says {place} is {row['status']}, the journal {status}")
        elif status in (HELD, BOOKED) and owner != auditor.owner[place]:
            auditor.find(f"table place gives {place} to {owner}, not {auditor.owner[place]}")


async def _compare_holds(connection: Connection, event: str, auditor: Auditor) -> None:
    rows = await connection.fetch(
        "select hold_id, holder, places, tariff from hold where event_id = $1", event
    )
    stored = {r["hold_id"]: (r["holder"], set(r["places"]), r["tariff"]) for r in rows}
    told = {id_: (h.holder, h.places, h.tariff) for id_, h in auditor.holds.items()}
    _compare_all(auditor, "hold", stored, told)


async def _compare_bookings(
    connection: Connection, event: str, auditor: Auditor, table: SeatTable
) -> None:
    rows = await connection.fetch(
        "select b.booking_id, b.holder, b.places, b.total, b.currency,"
        " array_agg(p.place) as named, sum(p.price) as summed"
        " from booking b left join booking_place p using (event_id, booking_id)"
        " where b.event_id = $1 and b.cancelled_at is null"
        " group by b.booking_id, b.holder, b.places, b.total, b.currency",
        event,
    )
    stored = {}
    for row in rows:
        places = set(row["named"])
        stored[row["booking_id"]] = (row["holder"], places, row["total"], row["currency"])
        if row["places"] != len(places) or row["total"] != row["summed"]:
            auditor.find(f"table booking miscounts {row['booking_id']}")
    told = {}
    for booking_id, booking in auditor.bookings.items():
        tariff = auditor.tariffs[booking.tariff]
        total = sum(tariff.prices[int(table.category[place])] for place in booking.places)
        told[booking_id] = (booking.holder, booking.places, total, tariff.currency)
    _compare_all(auditor, "booking", stored, told)


async def _compare_sales(
    connection: Connection, event: str, auditor: Auditor, table: SeatTable
) -> None:
    rows = await connection.fetch(
        "select category, held, booked, blocked, revenue from sales_by_category"
        " where event_id = $1",
        event,
    )
    keys = [category.key for category in table.categories]
    told = {key: [0, 0, 0, 0] for key in keys}
    columns = {HELD: 0, BOOKED: 1, BLOCKED: 2}
    for place in auditor.owner:
        told[keys[int(table.category[place])]][columns[auditor.status(place)]] += 1
    for booking in auditor.bookings.values():
        prices = auditor.tariffs[booking.tariff].prices
        for place in booking.places:
            category = int(table.category[place])
            told[keys[category]][3] += prices[category]
    stored = {r["category"]: [r["held"], r["booked"], r["blocked"], r["revenue"]] for r in rows}
    empty = [0, 0, 0, 0]
    for key in told.keys() | stored.keys():
        if stored.get(key, empty) != told.get(key, empty):
            auditor.find(
                f"table sales_by_category has {stored.get(key)} for {key},"
                f" the journal {told.get(key)} (held, booked, blocked, revenue)"
            )


def _compare_all(
    auditor: Auditor, table: str, stored: dict[Any, Any], told: dict[Any, Any]
) -> None:
    for name in stored.keys() - told.keys():
        auditor.find(f"table {table} has {name}, which the journal has not")
    for name in told.keys() - stored.keys():
        auditor.find(f"table {table} lacks {name}, which the journal has")
    for name in stored.keys() & told.keys():
        if stored[name] != told[name]:
            auditor.find(f"table {table} has {name} as {stored[name]}, not {told[name]}")
