from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import pytest

from gateway.live.contacts import Contact
from gateway.sale.auth import mint_api_key
from gateway.sale.catalog import Catalog, EventRow
from seatengine.core.policy import SalePolicy
from seatengine.errors import StoreUnavailable
from seatengine.ids import BookingId, ChartHash, EventId
from seatengine.shell.postgres import open_pool
from tests import venues

EVENT = EventId("ev_1")


def on_catalog(url: str, work: Callable[[Catalog], Awaitable[None]]) -> None:
    async def run() -> None:
        async with open_pool(url) as pool:
            await work(Catalog(pool))

    asyncio.run(run())


async def with_chart(catalog: Catalog) -> ChartHash:
    await catalog.add_organizer("house", "House")
    row = await catalog.add_chart("ch_1", "house", "Pocket", venues.pocket_chart(), venues.pocket())
    return row.hash


def event_row(chart_hash: ChartHash, event_id: EventId = EVENT, **changes: object) -> EventRow:
    values: dict[str, object] = {
        "id": event_id,
        "organizer_id": "house",
        "name": "An evening",
        "venue": "Pocket",
        "starts_at": datetime(2031, 1, 1, tzinfo=UTC),
        "chart_id": "ch_1",
        "chart_hash": chart_hash,
        "currency": "EUR",
        "policy": SalePolicy(max_per_hold=3),
    }
    return EventRow(**(values | changes))  # type: ignore[arg-type]


def test_organizers_and_keys(postgres_url: str) -> None:
    async def work(catalog: Catalog) -> None:
        await catalog.add_organizer("house", "House")
        await catalog.add_organizer("house", "Another name")
        assert [o.name for o in await catalog.organizers()] == ["House"]
        key = mint_api_key()
        await catalog.add_api_key(key.key_id, "house", "till", key.secret_hash)
        stored = await catalog.api_key(key.key_id)
        assert stored is not None
        assert (stored.secret_hash, stored.revoked_at) == (key.secret_hash, None)
        assert await catalog.api_key("none") is None
        assert await catalog.revoke_api_key(key.key_id)
        assert not await catalog.revoke_api_key(key.key_id)
        (listed,) = await catalog.api_keys("house")
        assert listed.name == "till"
        assert listed.revoked_at is not None

    on_catalog(postgres_url, work)


def test_content_is_kept_once_and_comes_back_equal(postgres_url: str) -> None:
    async def work(catalog: Catalog) -> None:
        chart_hash = await with_chart(catalog)
        again = await catalog.add_chart(
            "ch_2", "house", "Again", venues.pocket_chart(), venues.pocket()
        )
        assert again.hash == chart_hash
        assert await catalog.chart_content(chart_hash) == venues.pocket_chart()
        assert await catalog.chart_content(ChartHash("0" * 32)) is None
        assert {c.id for c in await catalog.charts("house", 10)} == {"ch_1", "ch_2"}
        assert await catalog.chart("ch_3") is None

        async def contents(connection: object) -> object:
            return await connection.fetchval(  # type: ignore[attr-defined]
                "select count(*) from chart_content"
            )

        assert await catalog.read("counting", contents) == 1

    on_catalog(postgres_url, work)


def test_an_event_is_kept_once(postgres_url: str) -> None:
    async def work(catalog: Catalog) -> None:
        row = event_row(await with_chart(catalog))
        assert await catalog.add_event(row) == row
        assert await catalog.add_event(event_row(row.chart_hash, name="Other")) == row
        assert await catalog.event("ev_2") is None
        await catalog.set_policy(EVENT, SalePolicy(on_sale=False))
        await catalog.describe_event(EVENT, "Renamed", "", row.starts_at)
        changed = await catalog.event(EVENT)
        assert changed is not None
        assert (changed.name, changed.venue, changed.policy.on_sale) == ("Renamed", "", False)

    on_catalog(postgres_url, work)


def test_events_by_page_and_by_owner(postgres_url: str) -> None:
    async def work(catalog: Catalog) -> None:
        chart_hash = await with_chart(catalog)
        for number, day in enumerate((3, 1, 2, 2)):
            await catalog.add_event(
                event_row(
                    chart_hash,
                    EventId(f"ev_{number}"),
                    starts_at=datetime(2031, 1, day, tzinfo=UTC),
                    policy=SalePolicy(on_sale=number != 0),
                )
            )
        everything = await catalog.events(organizer_id="house", after=None, most=10)
        assert [e.id for e in everything] == ["ev_1", "ev_2", "ev_3", "ev_0"]
        public = await catalog.events(organizer_id=None, after=None, most=10)
        assert [e.id for e in public] == ["ev_1", "ev_2", "ev_3"]
        rest = await catalog.events(organizer_id="house", after="ev_2", most=1)
        assert [e.id for e in rest] == ["ev_3"]
        assert await catalog.events(organizer_id="rival", after=None, most=10) == []

    on_catalog(postgres_url, work)


def test_contacts(postgres_url: str) -> None:
    async def work(catalog: Catalog) -> None:
        await catalog.add_event(event_row(await with_chart(catalog)))
        booking = BookingId("B1")
        await catalog.put_contact(EVENT, booking, Contact("Ada", "ada@example.org"))
        await catalog.put_contact(EVENT, booking, Contact("Ada L", "ada@example.org"))
        assert await catalog.contact(EVENT, booking) == Contact("Ada L", "ada@example.org")
        await catalog.drop_contact(EVENT, booking)
        assert await catalog.contact(EVENT, booking) is None

    on_catalog(postgres_url, work)


def test_trouble_is_store_unavailable(postgres_url: str) -> None:
    async def work(catalog: Catalog) -> None:
        await catalog.ping()
        with pytest.raises(StoreUnavailable):
            await catalog.put_contact(EventId("none"), BookingId("B"), Contact("a", "b"))

    on_catalog(postgres_url, work)
