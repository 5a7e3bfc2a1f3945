"""`seatengine event` and `seatengine key`: shows on sale, and the keys that programs call with."""

from __future__ import annotations

import asyncio
import re
import secrets
from datetime import datetime
from typing import Annotated, Final

import msgspec
from cyclopts import App, Parameter

from gateway.cli.charts import DEFAULT_ORGANIZER, UnknownChart
from gateway.cli.options import StoreOptions
from gateway.cli.store import open_catalog
from gateway.sale.auth import mint_api_key
from gateway.sale.catalog import Catalog, EventRow
from seatengine.core.commands import BindChart
from seatengine.core.outputs import Refusal
from seatengine.core.policy import SalePolicy, Tariff, policy_problem
from seatengine.errors import SeatEngineError
from seatengine.ids import CommandId, EventId, HolderId
from seatengine.limits import DEFAULT_HOLD_TTL_MS, DEFAULT_MAX_PER_HOLDER, MAX_PAGE_EVENTS
from seatengine.shell.embedded import database_url
from seatengine.shell.migrate import migrate

event = App(name="event", help="Put shows on sale, and list them.")
key = App(name="key", help="API keys for organizers' programs.")

_STAFF: Final = HolderId("k_command-line")
_CURRENCY: Final = re.compile("[A-Z]{3}")


class BadEvent(SeatEngineError):
    """An event cannot be made as asked."""

    code = "bad-event"


class _Show(msgspec.Struct, frozen=True):
    """What was asked for. `prices` by category key, minor units."""

    chart_id: str
    name: str
    starts_at: datetime
    venue: str
    currency: str
    prices: dict[str, int]
    policy: SalePolicy


@event.command
def create(
    chart: str,
    name: str,
    /,
    *,
    starts_at: str,
    venue: str = "",
    currency: str = "EUR",
    price: Annotated[list[str] | None, Parameter(name="--price", negative=())] = None,
    hold_minutes: float = DEFAULT_HOLD_TTL_MS / 60_000,
    most_per_buyer: int = DEFAULT_MAX_PER_HOLDER,
    store: StoreOptions | None = None,
) -> int:
    """Put a show on sale: a chart, a name, a time, and what its categories cost.

    A running server on the same store sells it at once.

    For example:

        seatengine event create ch_5b1e0c2a Gala --starts-at 2027-03-01T19:30Z
        seatengine event create ch_5b1e0c2a Gala --starts-at 2027-03-01T19:30Z \\
            --price stalls=4500 --price balcony=1950 --currency GBP

    Parameters
    ----------
    chart
        A chart's id, as import printed it.
    name
        What buyers see.
    starts_at
        When it begins, with the offset from UTC or Z.
    venue
        Where it is; the chart's name if not given.
    currency
        ISO 4217, such as EUR.
    price
        KEY=PRICE for a category, all-in and in minor units (4500 is 45.00 EUR); the chart's list
        price if not given. May be repeated.
    hold_minutes
        How long a buyer may think.
    most_per_buyer
        How many places one buyer may have.
    """
    show = _Show(
        chart,
        name,
        _moment(starts_at),
        venue,
        currency,
        dict(map(_priced, price or ())),
        SalePolicy(
            hold_ttl_ms=round(hold_minutes * 60_000),
            max_per_hold=most_per_buyer,
            max_per_holder=most_per_buyer,
        ),
    )
    row = asyncio.run(_create(show, store or StoreOptions()))
    print(f"On sale as {row.id}. With the server running (seatengine serve), open /e/{row.id}")
    return 0


async def _create(show: _Show, options: StoreOptions) -> EventRow:
    from gateway.app import assembled

    if not _CURRENCY.fullmatch(show.currency):
        raise BadEvent(f"currency {show.currency!r} is not three capital letters, such as EUR")
    if problem := policy_problem(show.policy):
        raise BadEvent(problem)
    settings = options.settings()
    with database_url(settings) as url:
        await migrate(url)
        async with assembled(settings, url) as parts:
            catalog = parts.catalog
            row, tariff = await _described(catalog, show)
            await catalog.add_event(row)
            bind = BindChart(
                id=CommandId(f"{_STAFF}/{row.id}"),
                holder=_STAFF,
                staff=True,
                chart_hash=row.chart_hash,
                policy=show.policy,
                tariff=tariff,
            )
            said = await parts.engine.ask(row.id, bind)
            if isinstance(said, Refusal):
                raise BadEvent(f"the event was refused: {said.code.name.lower()} {said.detail}")
            await catalog.set_policy(row.id, show.policy)
    return row


async def _described(catalog: Catalog, show: _Show) -> tuple[EventRow, Tariff]:
    """The event's row, not listed yet, and its first tariff."""
    chart = await catalog.chart(show.chart_id)
    content = await catalog.chart_content(chart.hash) if chart else None
    if chart is None or content is None:
        raise UnknownChart(
            f"there is no chart {show.chart_id!r} here; `seatengine import` prints a chart's id"
        )
    known = {category.key: category.price for category in content.categories}
    for category in show.prices.keys() - known.keys():
        raise BadEvent(f"the chart has no category {category!r}; it has {', '.join(known)}")
    row = EventRow(
        id=EventId(f"ev_{secrets.token_hex(8)}"),
        organizer_id=chart.organizer_id,
        name=show.name,
        venue=show.venue or chart.name,
        starts_at=show.starts_at,
        chart_id=chart.id,
        chart_hash=chart.hash,
        currency=show.currency,
        # Nothing lists it before its chart is bound.
        policy=SalePolicy(on_sale=False),
    )
    return row, Tariff(show.currency, tuple((known | show.prices).values()))


@event.command(name="list")
def list_(*, store: StoreOptions | None = None) -> int:
    """List the events on sale, soonest first.

    For example:

        seatengine event list
    """
    rows = asyncio.run(_events(store or StoreOptions()))
    for row in rows:
        when = f"{row.starts_at:%Y-%m-%d %H:%M}"
        print(f"{row.id}  {when}  {row.name}" + (f" · {row.venue}" if row.venue else ""))
    if not rows:
        print("Nothing is on sale. `seatengine event create` puts a show on sale.")
    return 0


async def _events(options: StoreOptions) -> list[EventRow]:
    async with open_catalog(options.settings()) as catalog:
        rows: list[EventRow] = []
        while True:
            after = rows[-1].id if rows else None
            page = await catalog.events(organizer_id=None, after=after, most=MAX_PAGE_EVENTS)
            rows += page
            if len(page) < MAX_PAGE_EVENTS:
                return rows


@key.command(name="create")
def create_key(
    *,
    organizer: str = DEFAULT_ORGANIZER,
    name: str = "command line",
    store: StoreOptions | None = None,
) -> int:
    """Make an API key for an organizer, and the organizer where there is none.

    It is shown once; only a fingerprint of it is kept. Send it as `Authorization: Bearer KEY`.

    For example:

        seatengine key create --organizer house --name "box office"

    Parameters
    ----------
    organizer
        Whose charts and events it may work on.
    name
        What it is for.
    """
    print(asyncio.run(_create_key(organizer, name, store or StoreOptions())))
    return 0


async def _create_key(organizer: str, name: str, options: StoreOptions) -> str:
    minted = mint_api_key()
    async with open_catalog(options.settings()) as catalog:
        await catalog.add_organizer(organizer, organizer)
        await catalog.add_api_key(minted.key_id, organizer, name, minted.secret_hash)
    return minted.text


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise BadEvent(f"--starts-at {text!r} is no time; write 2027-03-01T19:30+01:00") from None
    if moment.tzinfo is None:
        raise BadEvent(f"--starts-at {text!r} lacks its offset from UTC, such as +01:00")
    return moment


def _priced(text: str) -> tuple[str, int]:
    """ "stalls=4500" as its key and minor units."""
    category, _, amount = text.rpartition("=")
    if not category or not re.fullmatch(r"\d{1,10}", amount):
        raise BadEvent(
            f"--price {text!r} should be KEY=PRICE in minor units, such as stalls=4500 for 45.00"
        )
    return category, int(amount)
