"""Reports from the relational tables that followers write behind the sale."""

from __future__ import annotations

from typing import Final, Literal

from gateway.http.resources import BookingRow, Report, ReportRow
from gateway.sale.catalog import Catalog
from seatengine.ids import EventId
from seatengine.shell.postgres import Borrowed

By = Literal["status", "category", "section"]

# Every report counts the same rows, so that its parts always add up to the event. A booked place
# is worth what its booking's price says, not what it would cost today.
_COUNTS: Final = """
    count(*) filter (where p.status = 'free'),
    count(*) filter (where p.status = 'held'),
    count(*) filter (where p.status = 'booked'),
    count(*) filter (where p.status = 'blocked'),
    count(*),
    coalesce(sum(b.price), 0)::bigint
"""
_PLACES: Final = """
    from place p
    left join booking_place b
        on b.event_id = p.event_id and b.booking_id = p.booking_id and b.place = p.place
"""
_LIVE: Final = "where p.event_id = $1 and p.status <> 'retired'"

_QUERIES: Final[dict[By, str]] = {
    "status": f"select p.status, p.status, {_COUNTS} {_PLACES} {_LIVE}"
    " group by p.status order by p.status",
    "category": f"select p.category, coalesce(c.label, p.category), {_COUNTS} {_PLACES}"
    " left join sales_by_category c on c.event_id = p.event_id and c.category = p.category"
    f" {_LIVE} group by p.category, c.label order by p.category",
    "section": f"select p.section, p.section, {_COUNTS} {_PLACES} {_LIVE}"
    " group by p.section order by p.section",
}

_BOOKINGS: Final = """
select b.booking_id, coalesce(c.name, ''), coalesce(c.email, ''),
    array(select p.label from booking_place bp
        join place p on p.event_id = bp.event_id and p.place = bp.place
        where bp.event_id = b.event_id and bp.booking_id = b.booking_id order by p.place),
    b.total, b.currency, b.booked_at
from booking b
left join booking_contact c on c.event_id = b.event_id and c.booking_id = b.booking_id
where b.event_id = $1 and b.cancelled_at is null
    and ($2::text is null or (b.booked_at, b.booking_id) > (
        select booked_at, booking_id from booking where event_id = $1 and booking_id = $2))
order by b.booked_at, b.booking_id limit $3
"""

REPORTS: Final = tuple(_QUERIES)
COLUMNS: Final = ("key", "label", "free", "held", "booked", "blocked", "total", "sold")


async def report(catalog: Catalog, event_id: EventId, currency: str, by: By) -> Report:
    """The event's places counted by status, category or section. Raises StoreUnavailable."""

    async def read(connection: Borrowed) -> Report:
        # One snapshot for both, so that `seq` is what the counts stand at.
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            seq = await connection.fetchval(
                "select min(seq) from follower_cursor where event_id = $1", event_id
            )
            rows = await connection.fetch(_QUERIES[by], event_id)
        return Report(event_id, by, seq or 0, currency, [ReportRow(*row) for row in rows])

    return await catalog.read("making a report", read)


async def bookings(
    catalog: Catalog, event_id: EventId, *, after: str | None, most: int
) -> list[BookingRow]:
    """Live bookings in the order they were made, from the one behind `after`."""

    async def read(connection: Borrowed) -> list[BookingRow]:
        rows = await connection.fetch(_BOOKINGS, event_id, after, most)
        return [BookingRow(*row) for row in rows]

    return await catalog.read("listing bookings", read)
