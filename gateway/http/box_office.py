"""What every route that sells shares: an event, its places by name, and its engine."""

from __future__ import annotations

import re
import secrets
from collections import OrderedDict
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Final, TypeVar

from gateway.http.problems import Problem, ProblemPlace, refused
from gateway.http.resources import BookingInfo, HoldInfo, LabelledPlace, PricedPlace, Step
from gateway.live.contacts import Contact
from gateway.live.engine_client import EngineClient
from gateway.live.fanout import LiveEvent
from gateway.sale.auth import Caller, Organizer
from gateway.sale.catalog import Catalog, EventRow
from gateway.sale.place_directory import PlaceDirectory, UnknownName
from seatengine.chart.seat_table import SeatTable
from seatengine.core.commands import AnyCommand
from seatengine.core.outputs import (
    Accepted,
    Answer,
    BestStep,
    BookingView,
    Code,
    HoldView,
    Refusal,
)
from seatengine.ids import ChartHash, CommandId
from seatengine.limits import MAX_CACHED_CHARTS, MAX_ID_CHARS

E = TypeVar("E")

STEPS: Final[dict[Step, BestStep]] = {
    "together": BestStep.TOGETHER,
    "together-leaves-one": BestStep.TOGETHER_LEAVES_ONE,
    "nearby": BestStep.NEARBY,
    "scattered": BestStep.SCATTERED,
}
_ID: Final = re.compile(f"[A-Za-z0-9_-]{{1,{MAX_ID_CHARS}}}")
_STEP_NAMES: Final = {int(step): name for name, step in STEPS.items()}


class BoxOffice:
    """Opens events for one request at a time; keeps a bounded number of charts' names at hand."""

    def __init__(self, catalog: Catalog, engine: EngineClient) -> None:
        self.catalog = catalog
        self.engine = engine
        self._directories: OrderedDict[ChartHash, PlaceDirectory] = OrderedDict()

    async def event(self, event_id: str) -> EventRow:
        """The event, or a Problem: unknown-event."""
        row = await self.catalog.event(event_id) if is_id(event_id) else None
        if row is None:
            raise refused(Code.UNKNOWN_EVENT)
        return row

    async def own_event(self, event_id: str, organizer: Organizer) -> EventRow:
        """The organizer's event, or a Problem: unknown-event, forbidden."""
        row = await self.event(event_id)
        if row.organizer_id != organizer.organizer_id:
            raise Problem("forbidden", "This event belongs to another organizer.")
        return row

    async def sale(self, event_id: str, caller: Caller | None) -> Sale:
        """The event open for business, as `caller` may use it."""
        row = await self.event(event_id)
        await self.engine.open(row.id)
        table = self.engine.live(row.id).table
        if table is None:
            raise refused(Code.NO_CHART)
        return Sale(self.engine, row, self.directory(table), caller)

    async def own_sale(self, event_id: str, organizer: Organizer) -> Sale:
        """The organizer's event open for business, or a Problem."""
        await self.own_event(event_id, organizer)
        return await self.sale(event_id, organizer)

    def directory(self, table: SeatTable) -> PlaceDirectory:
        """The names in `table`; built on first use, kept while the chart is among the last used."""
        directory = self._directories.pop(table.chart_hash, None) or PlaceDirectory(table)
        self._directories[table.chart_hash] = directory
        if len(self._directories) > MAX_CACHED_CHARTS:
            self._directories.popitem(last=False)
        return directory


class Sale:
    """One event during one request. `staff` says that the caller is its organizer."""

    def __init__(
        self,
        engine: EngineClient,
        row: EventRow,
        directory: PlaceDirectory,
        caller: Caller | None,
    ) -> None:
        self._engine = engine
        self.row = row
        self.directory = directory
        self.caller = caller
        self.staff = isinstance(caller, Organizer) and caller.organizer_id == row.organizer_id

    @property
    def live(self) -> LiveEvent:
        """The durable state; a recovery may have replaced it since the request began."""
        return self._engine.live(self.row.id)

    async def command(self, command: AnyCommand, *entry_types: type[E]) -> tuple[Accepted, E]:
        """Have `command` done; its entry, one of `entry_types`, or the refusal as a Problem."""
        return self.accepted(await self._engine.ask(self.row.id, command), *entry_types)

    async def answer(self, command: AnyCommand) -> Answer:
        """The answer to a Read command, or the refusal as a Problem."""
        outcome = await self._engine.ask(self.row.id, command)
        if isinstance(outcome, Refusal):
            raise self.refused(outcome)
        if isinstance(outcome, Accepted):
            raise _key_used_before()
        return outcome

    def accepted(
        self, outcome: Accepted | Refusal | Answer, *entry_types: type[E]
    ) -> tuple[Accepted, E]:
        """`outcome` with its entry, which a re-used idempotency key may make another's."""
        if isinstance(outcome, Refusal):
            raise self.refused(outcome)
        if isinstance(outcome, Answer) or not isinstance(outcome.entry, entry_types):
            raise _key_used_before()
        return outcome, outcome.entry

    def refused(self, refusal: Refusal) -> Problem:
        """The refusal with the labels of what stood in the way, and free places beside them."""
        beside: list[int] = []
        if refusal.code is Code.PLACES_TAKEN:
            beside = self.live.beside(refusal.places, len(refusal.places))
        return refused(
            refusal.code,
            [
                ProblemPlace(p, label)
                for p, label in zip(
                    refusal.places, self.directory.labels(refusal.places), strict=True
                )
            ],
            self.directory.labels(beside),
            refusal.detail,
        )

    def places(self, refs: Iterable[int | str]) -> list[int]:
        """SeatIndexes of indexes and labels; a Problem names the first unknown one."""
        try:
            return self.directory.places(refs)
        except UnknownName as error:
            raise unknown_name(error) from None

    def priced(self, places: list[int], tariff: int) -> list[PricedPlace]:
        directory = self.directory
        return [
            PricedPlace(place, label, directory.category_key(place), price)
            for place, label, price in zip(
                places, directory.labels(places), self.live.prices(places, tariff), strict=True
            )
        ]

    def labelled(self, places: list[int]) -> list[LabelledPlace]:
        labels = self.directory.labels(places)
        return [LabelledPlace(p, label) for p, label in zip(places, labels, strict=True)]

    def hold_info(self, view: HoldView, step: int = 0) -> HoldInfo:
        places = self.priced(view.places, view.tariff)
        return HoldInfo(
            hold=view.hold,
            places=places,
            total=sum(p.price for p in places),
            currency=self.row.currency,
            expires_at=moment(view.expires_at_ms),
            extensions_left=view.extensions_left,
            step=_STEP_NAMES.get(step),
        )

    def booking_info(self, view: BookingView, contact: Contact | None) -> BookingInfo:
        places = self.priced(view.places, view.tariff)
        return BookingInfo(
            booking=view.booking,
            event=self.row.id,
            places=places,
            total=sum(p.price for p in places),
            currency=self.row.currency,
            booked_at=moment(view.at_ms),
            name=contact.name if contact else "",
            email=contact.email if contact else "",
        )


def read_id() -> CommandId:
    """An id for a Read command: a read is never repeated from memory."""
    return CommandId(f"read/{secrets.token_urlsafe(12)}")


def is_id(text: str) -> bool:
    """Whether `text` could be an id of ours at all, so that nothing stranger reaches SQL."""
    return _ID.fullmatch(text) is not None


def moment(at_ms: int) -> datetime:
    """Unix milliseconds as a time in UTC."""
    return datetime.fromtimestamp(at_ms / 1000, UTC)


def unknown_name(error: UnknownName) -> Problem:
    """The problem that says which name is not in the chart."""
    code = "unknown-place" if error.kind == "place" else "unknown-group"
    if error.kind in ("section", "category"):
        code = "invalid"
    return Problem(code, str(error))


def _key_used_before() -> Problem:
    return Problem(
        "idempotency-conflict",
        "This Idempotency-Key was used for another request. Use a new key for a new request.",
        path="Idempotency-Key",
    )
