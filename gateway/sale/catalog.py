"""SQL that is not the journal: organizers, API keys, charts, events, and buyers' names and mails.

Every method raises StoreUnavailable when Postgres cannot be reached or does not answer in time.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Final, TypeVar

import asyncpg
import msgspec

from gateway.live.contacts import Contact
from gateway.sale.auth import StoredApiKey
from seatengine.chart.chart import Chart, decode_chart, encode_chart
from seatengine.chart.seat_table import SeatTable
from seatengine.core.policy import SalePolicy
from seatengine.ids import BookingId, ChartHash, EventId
from seatengine.shell.postgres import Borrowed, Pool, borrowed

T = TypeVar("T")

_DOING: Final = "asking the catalog"


class OrganizerRow(msgspec.Struct, frozen=True):
    id: str
    name: str
    created_at: datetime


class ApiKeyRow(msgspec.Struct, frozen=True):
    id: str
    name: str
    created_at: datetime
    revoked_at: datetime | None


class ChartRow(msgspec.Struct, frozen=True):
    id: str
    organizer_id: str
    name: str
    hash: ChartHash
    created_at: datetime
    updated_at: datetime


class EventRow(msgspec.Struct, frozen=True):
    """`policy.on_sale` is False until the event's chart is bound."""

    id: EventId
    organizer_id: str
    name: str
    venue: str
    starts_at: datetime
    chart_id: str
    chart_hash: ChartHash
    currency: str
    policy: SalePolicy


_EVENT_COLUMNS: Final = (
    "id, organizer_id, name, venue, starts_at, chart_id, chart_hash, currency, policy"
)
_CHART_COLUMNS: Final = "id, organizer_id, name, hash, created_at, updated_at"


class Catalog:
    """One pool's view of the tables."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def ping(self) -> None:
        """Return when Postgres answers."""
        await self._fetch("select 1")

    # Organizers and their keys.

    async def add_organizer(self, organizer_id: str, name: str) -> None:
        """Keep an organizer; one that is there already stays as it is."""
        await self._execute(
            "insert into organizer (id, name) values ($1, $2) on conflict (id) do nothing",
            organizer_id,
            name,
        )

    async def organizers(self) -> list[OrganizerRow]:
        rows = await self._fetch("select id, name, created_at from organizer order by created_at")
        return [OrganizerRow(*row) for row in rows]

    async def add_api_key(
        self, key_id: str, organizer_id: str, name: str, secret_hash: bytes
    ) -> None:
        await self._execute(
            "insert into api_key (id, organizer_id, name, secret_hash) values ($1, $2, $3, $4)",
            key_id,
            organizer_id,
            name,
            secret_hash,
        )

    async def api_key(self, key_id: str) -> StoredApiKey | None:
        rows = await self._fetch(
            "select id, organizer_id, secret_hash, revoked_at from api_key where id = $1", key_id
        )
        return StoredApiKey(*rows[0]) if rows else None

    async def api_keys(self, organizer_id: str) -> list[ApiKeyRow]:
        rows = await self._fetch(
            "select id, name, created_at, revoked_at from api_key"
            " where organizer_id = $1 order by created_at",
            organizer_id,
        )
        return [ApiKeyRow(*row) for row in rows]

    async def revoke_api_key(self, key_id: str) -> bool:
        """Make a key useless from now on; False when there was no such working key."""
        done = await self._execute(
            "update api_key set revoked_at = now() where id = $1 and revoked_at is null", key_id
        )
        return done == "UPDATE 1"

    # Charts.

    async def add_chart(
        self, chart_id: str, organizer_id: str, name: str, chart: Chart, table: SeatTable
    ) -> ChartRow:
        """Keep a chart and its content in one transaction. Content is kept once per hash; a chart
        that is there already stays as it is."""
        async with borrowed(self._pool, _DOING) as connection, connection.transaction():
            await connection.execute(
                "insert into chart_content (hash, doc, seat_table, size) values ($1, $2, $3, $4)"
                " on conflict (hash) do nothing",
                table.chart_hash,
                encode_chart(chart),
                table.pack(),
                table.size,
            )
            await connection.execute(
                "insert into chart (id, organizer_id, name, hash) values ($1, $2, $3, $4)"
                " on conflict (id) do nothing",
                chart_id,
                organizer_id,
                name,
                table.chart_hash,
            )
            row = await connection.fetchrow(
                f"select {_CHART_COLUMNS} from chart where id = $1", chart_id
            )
        assert row is not None
        return ChartRow(*row)

    async def charts(self, organizer_id: str, most: int) -> list[ChartRow]:
        """The organizer's charts, newest first."""
        rows = await self._fetch(
            f"select {_CHART_COLUMNS} from chart where organizer_id = $1"
            " order by created_at desc, id limit $2",
            organizer_id,
            most,
        )
        return [ChartRow(*row) for row in rows]

    async def chart(self, chart_id: str) -> ChartRow | None:
        rows = await self._fetch(f"select {_CHART_COLUMNS} from chart where id = $1", chart_id)
        return ChartRow(*rows[0]) if rows else None

    async def chart_content(self, chart_hash: ChartHash) -> Chart | None:
        rows = await self._fetch("select doc from chart_content where hash = $1", chart_hash)
        return decode_chart(rows[0]["doc"]) if rows else None

    # Events.

    async def add_event(self, event: EventRow) -> EventRow:
        """Keep an event, or return the one that has its id already."""
        await self._execute(
            "insert into event"
            " (id, organizer_id, name, venue, starts_at, chart_id, chart_hash, currency, policy)"
            " values ($1, $2, $3, $4, $5, $6, $7, $8, $9) on conflict (id) do nothing",
            event.id,
            event.organizer_id,
            event.name,
            event.venue,
            event.starts_at,
            event.chart_id,
            event.chart_hash,
            event.currency,
            _encode_policy(event.policy),
        )
        kept = await self.event(event.id)
        assert kept is not None
        return kept

    async def event(self, event_id: str) -> EventRow | None:
        rows = await self._fetch(f"select {_EVENT_COLUMNS} from event where id = $1", event_id)
        return _event_row(rows[0]) if rows else None

    async def events(
        self, *, organizer_id: str | None, after: str | None, most: int
    ) -> list[EventRow]:
        """Events by start, soonest first: an organizer's own, or None: all that are on sale."""
        rows = await self._fetch(
            f"select {_EVENT_COLUMNS} from event"
            " where ($1::text is null and (policy->>'on_sale')::boolean or organizer_id = $1)"
            " and ($2::text is null"
            " or (starts_at, id) > (select starts_at, id from event where id = $2))"
            " order by starts_at, id limit $3",
            organizer_id,
            after,
            most,
        )
        return [_event_row(row) for row in rows]

    async def event_ids(self) -> list[EventId]:
        """Every event of this installation, soonest first."""
        rows = await self._fetch("select id from event order by starts_at, id")
        return [EventId(row["id"]) for row in rows]

    async def set_policy(self, event_id: EventId, policy: SalePolicy) -> None:
        await self._execute(
            "update event set policy = $2 where id = $1", event_id, _encode_policy(policy)
        )

    async def describe_event(
        self, event_id: EventId, name: str, venue: str, starts_at: datetime
    ) -> None:
        await self._execute(
            "update event set name = $2, venue = $3, starts_at = $4 where id = $1",
            event_id,
            name,
            venue,
            starts_at,
        )

    # Who booked.

    async def put_contact(self, event_id: EventId, booking: BookingId, contact: Contact) -> None:
        """Keep who books, before the booking is asked for. The same booking again replaces it."""
        await self._execute(
            "insert into booking_contact (event_id, booking_id, name, email)"
            " values ($1, $2, $3, $4) on conflict (event_id, booking_id)"
            " do update set name = excluded.name, email = excluded.email",
            event_id,
            booking,
            contact.name,
            contact.email,
        )

    async def contact(self, event_id: EventId, booking: BookingId) -> Contact | None:
        rows = await self._fetch(
            "select name, email from booking_contact where event_id = $1 and booking_id = $2",
            event_id,
            booking,
        )
        return Contact(*rows[0]) if rows else None

    async def drop_contact(self, event_id: EventId, booking: BookingId) -> None:
        """Forget who wanted to book, after the booking was refused."""
        await self._execute(
            "delete from booking_contact where event_id = $1 and booking_id = $2",
            event_id,
            booking,
        )

    async def read(self, doing: str, query: Callable[[Borrowed], Awaitable[T]]) -> T:
        """What `query` makes of one connection, for reads of more than one statement."""
        async with borrowed(self._pool, doing) as connection:
            return await query(connection)

    async def _fetch(self, query: str, *values: object) -> list[asyncpg.Record]:
        async with borrowed(self._pool, _DOING) as connection:
            return await connection.fetch(query, *values)

    async def _execute(self, query: str, *values: object) -> str:
        async with borrowed(self._pool, _DOING) as connection:
            return await connection.execute(query, *values)


def _encode_policy(policy: SalePolicy) -> str:
    return msgspec.json.encode(policy).decode()


def _event_row(row: asyncpg.Record) -> EventRow:
    values = dict(row.items())
    values["policy"] = msgspec.json.decode(values["policy"], type=SalePolicy)
    return EventRow(**values)
