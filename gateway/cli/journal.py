"""`seatengine journal` and `seatengine audit`: what happened, readable, and whether it adds up."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Final

import msgspec

from gateway.cli.options import StoreOptions
from gateway.cli.store import open_store
from gateway.sale.audit import Auditor
from gateway.sale.audit_store import EventAudit, audit_event
from seatengine.core.entries import Entry, decode_frame
from seatengine.limits import JOURNAL_READ_FRAMES

_PLACES_SHOWN: Final = 12


def journal(event: str, /, *, after: int = 0, store: StoreOptions | None = None) -> int:
    """Print what has happened to an event, one line an entry, oldest first.

    For example:

        seatengine journal ev_8Zt1 | tail
        seatengine journal ev_8Zt1 --after 1200

    Parameters
    ----------
    event
        The event's id; `seatengine event list` shows it.
    after
        Start behind this entry.
    """
    asyncio.run(_print_journal(event, after, store or StoreOptions()))
    return 0


async def _print_journal(event: str, after: int, options: StoreOptions) -> None:
    async with (
        open_store(options.settings()) as pool,
        pool.acquire() as connection,
        connection.transaction(readonly=True),
    ):
        rows = connection.cursor(
            "select first_seq, frame from journal"
            " where event_id = $1 and last_seq > $2 order by first_seq",
            event,
            after,
            prefetch=JOURNAL_READ_FRAMES,
        )
        async for row in rows:
            for seq, entry in enumerate(decode_frame(row["frame"]), row["first_seq"]):
                if seq > after:
                    print(line(seq, entry))


def line(seq: int, entry: Entry) -> str:
    """An entry as one line: number, time, kind, and its fields by name."""
    at = datetime.fromtimestamp(entry.at_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]
    fields = (
        f"{name}={_shown(getattr(entry, name))}"
        for name in entry.__struct_fields__
        if name != "at_ms"
    )
    return f"{seq:>8} {at} {type(entry).__name__:<16} {' '.join(fields)}"


def _shown(value: object) -> str:
    if isinstance(value, list):
        more = f"... {len(value) - _PLACES_SHOWN} more" if len(value) > _PLACES_SHOWN else ""
        return f"[{' '.join(map(str, value[:_PLACES_SHOWN]))}{more}]"
    if isinstance(value, msgspec.Struct):
        return msgspec.json.encode(value).decode()
    return str(value)


def audit(event: str, /, *, store: StoreOptions | None = None) -> int:
    """Check that an event's journal, tables, snapshot and statuses all say the same.

    It reads, and changes nothing; the event may be on sale meanwhile. Exits with 1 when
    something does not add up.

    For example:

        seatengine audit ev_8Zt1

    Parameters
    ----------
    event
        The event's id; `seatengine event list` shows it.
    """
    done = asyncio.run(_audit(event, store or StoreOptions()))
    auditor = done.auditor
    counts = auditor.counts()
    named = ", ".join(
        f"{counts.get(status, 0)} {status}" for status in ("held", "booked", "blocked")
    )
    print(f"Journal: {done.seq} entries; {named}; {len(auditor.bookings)} bookings.")
    print(f"Tables: as of entry {done.tables_seq}.")
    _print_findings(auditor)
    return 1 if auditor.mistakes else 0


async def _audit(event: str, options: StoreOptions) -> EventAudit:
    async with open_store(options.settings()) as pool, pool.acquire() as connection:
        return await audit_event(connection, event)


def _print_findings(auditor: Auditor) -> None:
    for finding in auditor.findings:
        print(f"MISTAKE {finding}")
    unnamed = auditor.mistakes - len(auditor.findings)
    if unnamed:
        print(f"... and {unnamed} more.")
    if not auditor.mistakes:
        print("Everything adds up: nothing sold twice, nothing lost.")
