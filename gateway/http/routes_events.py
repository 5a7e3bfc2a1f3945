"""Events: put a show on sale, change how it sells, and see how it stands."""

from __future__ import annotations

from typing import Annotated, Final

import msgspec
import numpy as np
from msgspec import UNSET, Meta, Struct
from starlette.responses import Response

from gateway.http.box_office import BoxOffice, Sale
from gateway.http.endpoints import (
    Access,
    Answers,
    Call,
    Endpoint,
    Nothing,
    json_answer,
    json_response,
)
from gateway.http.problems import Problem, refused
from gateway.http.resources import (
    CategoryCounts,
    Counts,
    EventChange,
    EventDetail,
    EventInfo,
    Events,
    EventState,
    Id,
    NewEvent,
    PlacesByStatus,
    Policy,
    PolicyChange,
    PricedCategory,
)
from gateway.http.routes_charts import minted_id
from gateway.live.chart_shelf import chart_view_url
from gateway.sale.auth import Organizer
from gateway.sale.catalog import EventRow
from seatengine.chart.seat_table import RETIRED, SeatTable
from seatengine.core import commands, entries
from seatengine.core.outputs import Code, Refusal
from seatengine.core.policy import SalePolicy, Tariff
from seatengine.core.seating import BLOCKED, BOOKED, FREE, HELD
from seatengine.ids import EventId
from seatengine.limits import MAX_PAGE_EVENTS

_EVENT_ID: Final = {"event_id": "The event's id"}


class EventsQuery(Struct, forbid_unknown_fields=True):
    """`mine` lists the organizer's own events, on sale or not."""

    after: Id | None = None
    limit: Annotated[int, Meta(ge=1, le=MAX_PAGE_EVENTS)] = 50
    mine: bool = False


class StateQuery(Struct, forbid_unknown_fields=True):
    """`places` adds the SeatIndexes by status."""

    places: bool = False


class EventRoutes:
    def __init__(self, box_office: BoxOffice) -> None:
        self._box_office = box_office
        self._catalog = box_office.catalog
        self._engine = box_office.engine

    def endpoints(self) -> list[Endpoint]:
        path = "/api/v1/events/{event_id}"
        return [
            Endpoint(
                method="POST",
                path="/api/v1/events",
                operation="createEvent",
                tag="Events",
                summary="Put a show on sale",
                description="Binds a chart to a new event, with prices and rules of sale.",
                access=Access.ORGANIZER,
                handle=self.create_event,
                answers=[json_answer(201, "The event.", EventDetail)],
                idempotent=True,
                problems=("unknown-chart", "out-of-range"),
            ),
            Endpoint(
                method="GET",
                path="/api/v1/events",
                operation="listEvents",
                tag="Events",
                summary="List the events on sale, soonest first",
                access=Access.PUBLIC,
                handle=self.list_events,
                answers=[json_answer(200, "One page of events.", Events)],
                parameters={
                    "after": "The `next` of the page before",
                    "limit": "How many events at most",
                    "mine": "With an API key: the organizer's own events, on sale or not",
                },
            ),
            Endpoint(
                method="GET",
                path=path,
                operation="getEvent",
                tag="Events",
                summary="Get an event with its prices and rules",
                access=Access.PUBLIC,
                handle=self.get_event,
                answers=[json_answer(200, "The event.", EventDetail)],
                problems=("no-chart",),
                parameters=_EVENT_ID,
            ),
            Endpoint(
                method="PATCH",
                path=path,
                operation="changeEvent",
                tag="Events",
                summary="Change an event's description, prices or rules",
                description="Holds made before keep the prices they were made at.",
                access=Access.ORGANIZER,
                handle=self.change_event,
                answers=[json_answer(200, "The event as it is now.", EventDetail)],
                idempotent=True,
                problems=("out-of-range", "no-chart"),
                parameters=_EVENT_ID,
            ),
            Endpoint(
                method="GET",
                path=path + "/state",
                operation="getEventState",
                tag="Events",
                summary="Count an event's places by status and category",
                access=Access.PUBLIC,
                handle=self.get_state,
                answers=[
                    json_answer(200, "Everything as of one moment.", EventState),
                    Answers(304, "Nothing has changed since the ETag you have.", {}),
                ],
                problems=("no-chart",),
                parameters=_EVENT_ID | {"places": "Add the SeatIndexes by status"},
            ),
        ]

    async def create_event(self, call: Call[NewEvent, Nothing]) -> Response:
        organizer, body = call.organizer, call.body
        chart = await self._catalog.chart(body.chart_id)
        if chart is None or chart.organizer_id != organizer.organizer_id:
            raise refused(Code.UNKNOWN_CHART)
        content = await self._catalog.chart_content(chart.hash)
        assert content is not None
        prices = {c.key: c.price for c in content.categories}
        tariff = Tariff(body.currency, _priced(prices, body.prices))
        policy = _changed(SalePolicy(on_sale=body.on_sale), body.policy)
        row = await self._catalog.add_event(
            EventRow(
                id=EventId(minted_id("ev", call.command_id if call.key_given else "")),
                organizer_id=organizer.organizer_id,
                name=body.name,
                venue=body.venue,
                starts_at=body.starts_at,
                chart_id=chart.id,
                chart_hash=chart.hash,
                currency=body.currency,
                # Not listed until the engine has taken the chart.
                policy=msgspec.structs.replace(policy, on_sale=False),
            )
        )
        if (row.name, row.chart_id, row.currency) != (body.name, chart.id, body.currency):
            raise Problem(
                "idempotency-conflict",
                "This Idempotency-Key was used for another event. Use a new key for a new event.",
                path="Idempotency-Key",
            )
        await self._bind(call, row, policy, tariff)
        row = await self._box_office.event(row.id)
        detail = self._detail(await self._box_office.sale(row.id, organizer))
        return json_response(detail, 201, {"Location": f"/api/v1/events/{row.id}"})

    async def _bind(
        self, call: Call[NewEvent, Nothing], row: EventRow, policy: SalePolicy, tariff: Tariff
    ) -> None:
        await self._engine.open(row.id)
        bind = commands.BindChart(
            id=call.command_id,
            holder=call.identity.holder,
            staff=True,
            chart_hash=row.chart_hash,
            policy=policy,
            tariff=tariff,
        )
        outcome = await self._engine.ask(row.id, bind)
        if isinstance(outcome, Refusal) and outcome.code is not Code.ALREADY_BOUND:
            raise refused(outcome.code, why=outcome.detail)
        await self._catalog.set_policy(row.id, self._engine.live(row.id).policy)

    async def list_events(self, call: Call[Nothing, EventsQuery]) -> Response:
        query = call.query
        organizer_id = None
        if query.mine:
            if not isinstance(call.caller, Organizer):
                raise Problem("unauthorized", "Your own events need your API key.", path="mine")
            organizer_id = call.caller.organizer_id
        rows = await self._catalog.events(
            organizer_id=organizer_id, after=query.after, most=query.limit + 1
        )
        page = rows[: query.limit]
        more = page[-1].id if len(rows) > query.limit else None
        return json_response(Events([_info(row) for row in page], more))

    async def get_event(self, call: Call[Nothing, Nothing]) -> Response:
        sale = await self._box_office.sale(call.path["event_id"], call.caller)
        return json_response(self._detail(sale), headers={"Cache-Control": "no-cache"})

    async def change_event(self, call: Call[EventChange, Nothing]) -> Response:
        sale = await self._box_office.own_sale(call.path["event_id"], call.organizer)
        row, body = sale.row, call.body
        tariff = self._changed_tariff(sale, body)
        policy = None
        if body.policy is not UNSET or body.on_sale is not UNSET:
            change = body.policy if body.policy is not UNSET else PolicyChange()
            policy = _changed(sale.live.policy, change)
            if body.on_sale is not UNSET:
                policy = msgspec.structs.replace(policy, on_sale=body.on_sale)
        if tariff is not None or policy is not None:
            configure = commands.ConfigureSale(
                id=call.command_id,
                holder=call.identity.holder,
                staff=True,
                policy=policy,
                tariff=tariff,
            )
            _, entry = await sale.command(configure, entries.SaleConfigured)
            await self._catalog.set_policy(row.id, entry.policy)
        await self._catalog.describe_event(
            row.id,
            row.name if body.name is UNSET else body.name,
            row.venue if body.venue is UNSET else body.venue,
            row.starts_at if body.starts_at is UNSET else body.starts_at,
        )
        return json_response(self._detail(await self._box_office.sale(row.id, call.caller)))

    def _changed_tariff(self, sale: Sale, body: EventChange) -> Tariff | None:
        if body.prices is UNSET:
            return None
        now = sale.live.tariffs[-1]
        keys = [c.key for c in sale.directory.table.categories]
        return Tariff(now.currency, _priced(dict(zip(keys, now.prices, strict=True)), body.prices))

    async def get_state(self, call: Call[Nothing, StateQuery]) -> Response:
        sale = await self._box_office.sale(call.path["event_id"], call.caller)
        live = sale.live
        tag = f'"{live.epoch}.{live.seq}{".places" if call.query.places else ""}"'
        headers = {"Cache-Control": "no-cache", "ETag": tag}
        if call.request.headers.get("if-none-match") == tag:
            return Response(status_code=304, headers=headers)
        state = event_state(live.seq, live.statuses, sale.directory.table, call.query.places)
        return json_response(state, headers=headers)

    def _detail(self, sale: Sale) -> EventDetail:
        row, live = sale.row, sale.live
        policy = live.policy
        prices = live.tariffs[-1].prices
        return EventDetail(
            id=row.id,
            name=row.name,
            venue=row.venue,
            starts_at=row.starts_at,
            on_sale=policy.on_sale,
            currency=live.tariffs[-1].currency,
            chart_hash=row.chart_hash,
            chart_view_url=chart_view_url(row.chart_hash),
            categories=[
                PricedCategory(c.key, c.label, c.color, price)
                for c, price in zip(sale.directory.table.categories, prices, strict=True)
            ],
            policy=Policy(
                hold_ttl_ms=policy.hold_ttl_ms,
                max_per_hold=policy.max_per_hold,
                max_per_holder=policy.max_per_holder,
                max_holds_per_holder=policy.max_holds_per_holder,
                max_extensions=policy.max_extensions,
            ),
        )


def event_state(seq: int, statuses: bytes, table: SeatTable, with_places: bool) -> EventState:
    """Counts over the places that exist; a retired place counts nowhere."""
    status = np.frombuffer(statuses, np.uint8)
    live = (table.flags & RETIRED) == 0
    kinds = (FREE, HELD, BOOKED, BLOCKED)
    categories = len(table.categories)
    by_kind = [
        np.bincount(table.category[live & (status == kind)], minlength=categories).tolist()
        for kind in kinds
    ]
    free, held, booked, blocked = (sum(part) for part in by_kind)
    places = None
    if with_places:
        places = PlacesByStatus(*(np.flatnonzero(live & (status == k)).tolist() for k in kinds))
    return EventState(
        seq=seq,
        counts=Counts(free, held, booked, blocked, free + held + booked + blocked),
        categories=[
            CategoryCounts(c.key, c.label, f, h, b, x, f + h + b + x)
            for c, f, h, b, x in zip(table.categories, *by_kind, strict=True)
        ],
        places=places,
    )


def _priced(prices: dict[str, int], changed: dict[str, int]) -> tuple[int, ...]:
    """`prices` by category key with `changed` put over them; a Problem names an unknown key."""
    for key in changed:
        if key not in prices:
            raise Problem("invalid", f"The chart has no category {key!r}.", path="$.prices")
    return tuple((prices | changed).values())


def _changed(policy: SalePolicy, change: PolicyChange) -> SalePolicy:
    given = {k: v for k, v in msgspec.structs.asdict(change).items() if v is not UNSET}
    return msgspec.structs.replace(policy, **given)


def _info(row: EventRow) -> EventInfo:
    return EventInfo(
        id=row.id,
        name=row.name,
        venue=row.venue,
        starts_at=row.starts_at,
        on_sale=row.policy.on_sale,
        currency=row.currency,
        chart_hash=row.chart_hash,
        chart_view_url=chart_view_url(row.chart_hash),
    )
