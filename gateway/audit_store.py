"""Audits one event in the database: its journal, the tables derived from it, and its snapshot."""

from __future__ import annotations

from collections.abc import Container
from typing import TYPE_CHECKING, Any

import asyncpg
import msgspec

from gateway.audit import BLOCKED, BOOKED, FREE, HELD, Auditor
from seatengine.chart.seat_table import RETIRED, SeatTable, unpack
from seatengine.core import snapshot
from seatengine.core.entries import Entry, decode_frame
from seatengine.core.seating import STATUS_NAMES
from seatengine.core.shard import Shard
from seatengine.errors import UnknownEvent
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

    Mistakes are in the auditor's `findings`. Raises UnknownEvent.
    """
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        if not await connection.fetchval("select 1 from event where id = $1", event):
            raise UnknownEvent(
                f"there is no event {event!r} here; `seatengine event list` shows those there are"
            )
        auditor = Auditor(watched)
        cursors = await connection.fetch(
            "select follower, seq from follower_cursor where event_id = $1", event
        )
        tables_seq = min((row["seq"] for row in cursors), default=0)
        if any(row["seq"] != tables_seq for row in cursors):
            named = ", ".join(f"{row['follower']} {row['seq']}" for row in cursors)
            auditor.find(f"the followers stand apart, so tables cannot be compared: {named}")
        journaled = await _journal(connection, event, auditor)
        auditor.read(journaled[:tables_seq])
        table = await _seat_table(connection, auditor.chart_hash)
        if table is not None:
            await _compare_places(connection, event, auditor, table)
            await _compare_holds(connection, event, auditor)
            await _compare_bookings(connection, event, auditor, table)
            await _compare_sales(connection, event, auditor, table)
        auditor.read(journaled[tables_seq:])
        table = table or await _seat_table(connection, auditor.chart_hash)
        saved = await connection.fetchrow(
            "select seq, data from snapshot where event_id = $1", event
        )
    if table is not None:
        _compare_replay(event, auditor, table, journaled, saved)
    return EventAudit(auditor, auditor.seq, tables_seq)


async def _journal(connection: Connection, event: str, auditor: Auditor) -> list[Entry]:
    journaled: list[Entry] = []
    rows = connection.cursor(
        "select first_seq, last_seq, frame from journal where event_id = $1 order by first_seq",
        event,
        prefetch=JOURNAL_READ_FRAMES,
    )
    async for row in rows:
        entries = decode_frame(row["frame"])
        if row["first_seq"] != len(journaled) + 1:
            auditor.find(f"the journal goes from {len(journaled)} to {row['first_seq']}")
        if row["last_seq"] - row["first_seq"] + 1 != len(entries):
            auditor.find(f"the frame at {row['first_seq']} has {len(entries)} entries")
        journaled += entries
    return journaled


async def _seat_table(connection: Connection, chart_hash: ChartHash) -> SeatTable | None:
    packed = await connection.fetchval(
        "select seat_table from chart_content where hash = $1", chart_hash
    )
    return None if packed is None else unpack(packed)


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


def _compare_replay(
    event: str,
    auditor: Auditor,
    table: SeatTable,
    journaled: list[Entry],
    saved: asyncpg.Record | None,
) -> None:
    """What the engine makes of the journal, with and without the snapshot."""
    tables = {table.chart_hash: table}
    whole = Shard(EventId(event), tables)
    whole.replay(journaled)
    state = whole.state
    for place, status in enumerate(state.status):
        told = auditor.status(place)
        if STATUS_NAMES[status] != told and not (told == FREE and table.flags[place] & RETIRED):
            auditor.find(f"the engine has {place} as {STATUS_NAMES[status]}, the journal as {told}")
    if state.holds.keys() != auditor.holds.keys():
        auditor.find("the engine has other holds than the journal")
    if state.bookings.keys() != auditor.bookings.keys():
        auditor.find("the engine has other bookings than the journal")
    if saved is not None and saved["seq"] <= len(journaled):
        restored = Shard(EventId(event), tables, snapshot.restore(saved["data"], tables))
        restored.replay(journaled[saved["seq"] :])
        if snapshot.state_hash(restored.state) != snapshot.state_hash(state):
            auditor.find(f"the snapshot at {saved['seq']} leads to another state than the journal")
    elif saved is not None:
        auditor.find(f"the snapshot is at {saved['seq']}, the journal ends at {len(journaled)}")
