"""Reads and writes the relational tables of an event's sale, a slice of rows at a time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, Final, TypeVar

import msgspec
import numpy as np

from seatengine.chart.seat_table import RETIRED, SeatTable
from seatengine.core.policy import SalePolicy, Tariff
from seatengine.core.seating import FREE, STATUS_NAMES
from seatengine.core.seating import RETIRED as RETIRED_STATUS
from seatengine.errors import JournalGap
from seatengine.ids import BookingId, EventId, HoldId
from seatengine.ports import ChartSource
from seatengine.shell.postgres import Borrowed
from seatengine.shell.projection import (
    ProjectedBooking,
    ProjectedHold,
    Projection,
    Sale,
)

# Rows that go into one statement, and rows of table place that are made between two turns of the
# event loop: about a millisecond's work each.
_SLICE_ROWS: Final = 1_000
_PLACES_A_TURN: Final = 200

_SALE: Final = "select chart_hash, policy, tariffs from sale where event_id = $1"

_WRITE_SALE: Final = """
insert into sale (event_id, chart_hash, policy, tariffs) values ($1, $2, $3, $4)
on conflict (event_id) do update set policy = excluded.policy, tariffs = excluded.tariffs
"""

_PLACE_COLUMNS: Final = ("event_id", "place", "label", "section", "category", "status")

_OPEN_CATEGORIES: Final = """
insert into sales_by_category (event_id, category, label, currency, places)
select $1, * from unnest($2::text[], $3::text[], $4::text[], $5::int[])
"""

_HOLDS: Final = """
select hold_id, holder, places, tariff, (extract(epoch from held_at) * 1000)::bigint as held_at_ms,
    (extract(epoch from expires_at) * 1000)::bigint as expires_at_ms
from hold where event_id = $1 and hold_id = any($2)
"""

_BOOKINGS: Final = """
select b.booking_id, b.holder, b.tariff,
    (extract(epoch from booked_at) * 1000)::bigint as booked_at_ms,
    array(select place from booking_place p
        where p.event_id = b.event_id and p.booking_id = b.booking_id) as places
from booking b where event_id = $1 and booking_id = any($2)
"""

_WRITE_PLACES: Final = """
update place p set status = c.status, hold_id = c.hold_id, booking_id = c.booking_id
from unnest($2::int[], $3::text[], $4::bigint[], $5::text[])
    as c (place, status, hold_id, booking_id)
where p.event_id = $1 and p.place = c.place
"""

_END_HOLDS: Final = "delete from hold where event_id = $1 and hold_id = any($2)"

# Postgres has no ragged arrays: the places of a hold travel as the text of one.
_WRITE_HOLDS: Final = """
insert into hold (event_id, hold_id, holder, places, tariff, held_at, expires_at)
select $1, h.hold_id, h.holder, h.places::int[], h.tariff,
    to_timestamp(h.held_at_ms / 1000.0), to_timestamp(h.expires_at_ms / 1000.0)
from unnest($2::bigint[], $3::text[], $4::text[], $5::int[], $6::bigint[], $7::bigint[])
    as h (hold_id, holder, places, tariff, held_at_ms, expires_at_ms)
on conflict (event_id, hold_id) do update
set places = excluded.places, expires_at = excluded.expires_at
"""

_WRITE_BOOKINGS: Final = """
insert into booking (event_id, booking_id, holder, tariff, places, total, currency, booked_at,
    cancelled_at)
select $1, b.booking_id, b.holder, b.tariff, b.places, b.total, b.currency,
    to_timestamp(b.booked_at_ms / 1000.0), to_timestamp(b.cancelled_at_ms / 1000.0)
from unnest($2::text[], $3::text[], $4::int[], $5::int[], $6::bigint[], $7::text[], $8::bigint[],
    $9::bigint[])
    as b (booking_id, holder, tariff, places, total, currency, booked_at_ms, cancelled_at_ms)
on conflict (event_id, booking_id) do update
set holder = excluded.holder, tariff = excluded.tariff, places = excluded.places,
    total = excluded.total, currency = excluded.currency, booked_at = excluded.booked_at,
    cancelled_at = excluded.cancelled_at
"""

_DROP_BOOKING_PLACES: Final = """
delete from booking_place p using unnest($2::text[], $3::int[]) as c (booking_id, place)
where p.event_id = $1 and p.booking_id = c.booking_id and p.place = c.place
"""

_ADD_BOOKING_PLACES: Final = """
insert into booking_place (event_id, booking_id, place, price)
select $1, * from unnest($2::text[], $3::int[], $4::bigint[])
on conflict (event_id, booking_id, place) do update set price = excluded.price
"""

_COUNT: Final = """
update sales_by_category s set held = s.held + c.held, booked = s.booked + c.booked,
    blocked = s.blocked + c.blocked, revenue = s.revenue + c.revenue
from unnest($2::text[], $3::int[], $4::int[], $5::int[], $6::bigint[])
    as c (category, held, booked, blocked, revenue)
where s.event_id = $1 and s.category = c.category
"""

_Row = TypeVar("_Row")


async def open_sale(connection: Borrowed, event: EventId, sale: Sale) -> None:
    """The first rows of an event: its places, all free, and its categories."""
    await connection.copy_records_to_table(
        "place", records=_place_rows(event, sale.table), columns=_PLACE_COLUMNS
    )
    on_chart = sale.table.category[(sale.table.flags & RETIRED) == 0]
    sizes = np.bincount(on_chart, minlength=len(sale.table.categories)).tolist()
    names = sale.table.categories
    await connection.execute(
        _OPEN_CATEGORIES,
        event,
        [c.key for c in names],
        [c.label for c in names],
        [sale.tariffs[0].currency] * len(names),
        sizes,
    )
    await _write_sale(connection, event, sale)


async def _write_sale(connection: Borrowed, event: EventId, sale: Sale) -> None:
    await connection.execute(
        _WRITE_SALE,
        event,
        sale.table.chart_hash,
        msgspec.json.encode(sale.policy).decode(),
        msgspec.json.encode(sale.tariffs).decode(),
    )


async def read_sale(connection: Borrowed, event: EventId, charts: ChartSource) -> Sale:
    """What the event sells by. Raises JournalGap where there is nothing."""
    row = await connection.fetchrow(_SALE, event)
    if row is None:
        raise JournalGap(f"event {event!r} has entries behind it but no chart in its tables")
    return Sale(
        await charts.seat_table(row["chart_hash"]),
        msgspec.json.decode(row["policy"], type=SalePolicy),
        msgspec.json.decode(row["tariffs"], type=list[Tariff]),
    )


async def read_holds(
    connection: Borrowed, event: EventId, numbers: Iterable[HoldId]
) -> dict[HoldId, ProjectedHold]:
    """Those of the holds that live."""
    holds = {}
    for some in _slices(numbers):
        for row in await connection.fetch(_HOLDS, event, some):
            number, holder, places, tariff, held_at_ms, expires_at_ms = row
            holds[HoldId(number)] = ProjectedHold(
                holder, places, tariff, held_at_ms, expires_at_ms, set(places)
            )
    return holds


async def read_bookings(
    connection: Borrowed, event: EventId, numbers: Iterable[BookingId]
) -> dict[BookingId, ProjectedBooking]:
    """Those of the bookings that there are."""
    bookings = {}
    for some in _slices(numbers):
        for row in await connection.fetch(_BOOKINGS, event, some):
            number, holder, tariff, booked_at_ms, places = row
            bookings[BookingId(number)] = ProjectedBooking(
                holder, places, tariff, booked_at_ms, stored=set(places)
            )
    return bookings


async def write(connection: Borrowed, event: EventId, projection: Projection) -> None:
    """Everything that a finished projection changes."""
    if projection.sale_changed:
        await _write_sale(connection, event, projection.sale)
    # In order, so that neighbours on a page are written together.
    for places in _slices(sorted(projection.places.items())):
        await connection.execute(
            _WRITE_PLACES,
            event,
            [place for place, _ in places],
            [status for _, (status, _, _) in places],
            [hold for _, (_, hold, _) in places],
            [booking for _, (_, _, booking) in places],
        )
    for ended in _slices(projection.ended):
        await connection.execute(_END_HOLDS, event, ended)
    for holds in _slices(
        (n, h) for n, h in projection.holds.items() if h.changed or h.stored is None
    ):
        await connection.execute(
            _WRITE_HOLDS,
            event,
            [number for number, _ in holds],
            [hold.holder for _, hold in holds],
            [f"{{{','.join(map(str, hold.places))}}}" for _, hold in holds],
            [hold.tariff for _, hold in holds],
            [hold.held_at_ms for _, hold in holds],
            [hold.expires_at_ms for _, hold in holds],
        )
    for bookings in _slices(projection.bookings.items()):
        await _write_bookings(connection, event, projection, bookings)
    counts = [
        (c.key, n.held, n.booked, n.blocked, n.revenue)
        for c, n in zip(projection.sale.table.categories, projection.counts, strict=True)
        if n.held or n.booked or n.blocked or n.revenue
    ]
    if counts:
        await connection.execute(_COUNT, event, *map(list, zip(*counts, strict=True)))


async def _write_bookings(
    connection: Borrowed,
    event: EventId,
    projection: Projection,
    bookings: Sequence[tuple[BookingId, ProjectedBooking]],
) -> None:
    gone = [(n, place) for n, b in bookings for place in b.stored.difference(b.places)]
    if gone:
        await connection.execute(
            _DROP_BOOKING_PLACES, event, [n for n, _ in gone], [place for _, place in gone]
        )
    sold = [(n, p, projection.price(b, p)) for n, b in bookings for p in b.places]
    await connection.execute(
        _ADD_BOOKING_PLACES,
        event,
        [n for n, _, _ in sold],
        [place for _, place, _ in sold],
        [price for _, _, price in sold],
    )
    await connection.execute(
        _WRITE_BOOKINGS,
        event,
        [n for n, _ in bookings],
        [b.holder for _, b in bookings],
        [b.tariff for _, b in bookings],
        [len(b.places) for _, b in bookings],
        [sum(projection.price(b, p) for p in b.places) for _, b in bookings],
        [projection.sale.tariffs[b.tariff].currency for _, b in bookings],
        [b.booked_at_ms for _, b in bookings],
        [b.cancelled_at_ms for _, b in bookings],
    )


async def _place_rows(event: EventId, table: SeatTable) -> AsyncIterator[tuple[Any, ...]]:
    flags, categories = table.flags.tobytes(), table.category.tobytes()
    sections, groups = table.section.tolist(), table.group.tolist()
    for place in range(table.size):
        section = sections[place]
        yield (
            event,
            place,
            table.label(place) if groups[place] >= 0 else "",
            table.sections[section].label if section >= 0 else "",
            table.categories[categories[place]].key,
            STATUS_NAMES[RETIRED_STATUS if flags[place] & RETIRED else FREE],
        )
        if place % _PLACES_A_TURN == 0:
            await asyncio.sleep(0)


def _slices(rows: Iterable[_Row]) -> Iterator[list[_Row]]:
    left = iter(rows)
    while some := list(islice(left, _SLICE_ROWS)):
        yield some
