"""What travels over HTTP as JSON: requests and answers, as the organizers' programs see them.

Places are given by SeatIndex or by full label and are answered with both. Money is in minor units
of the event's currency, times are RFC 3339 with a zone. Requests with an unknown field are refused.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from seatengine import limits

NO_CONTROLS = r"^[^\x00-\x1f\x7f]*$"

Text = Annotated[str, Meta(min_length=1, max_length=limits.MAX_NAME_CHARS, pattern=NO_CONTROLS)]
OptionalText = Annotated[str, Meta(max_length=limits.MAX_NAME_CHARS, pattern=NO_CONTROLS)]
Reason = Annotated[str, Meta(max_length=limits.MAX_REASON_CHARS, pattern=NO_CONTROLS)]
Id = Annotated[str, Meta(pattern=f"^[A-Za-z0-9_-]{{1,{limits.MAX_ID_CHARS}}}$")]
Price = Annotated[int, Meta(ge=0, le=limits.MAX_PRICE_MINOR)]
Zoned = Annotated[datetime, Meta(tz=True, examples=["2027-05-06T19:30:00+02:00"])]
Currency = Annotated[str, Meta(pattern="^[A-Z]{3}$", description="ISO 4217, such as EUR")]
FullLabel = Annotated[
    str, Meta(min_length=1, max_length=3 * limits.MAX_LABEL_CHARS, examples=["Stalls-B-12"])
]
PlaceRef = FullLabel | Annotated[int, Meta(ge=0, lt=limits.MAX_PLACES)]
"""A SeatIndex or a full label such as "Stalls-B-12"."""
Places = Annotated[list[PlaceRef], Meta(min_length=1, max_length=limits.MAX_PLACES_PER_COMMAND)]
Prices = Annotated[
    dict[str, Price],
    Meta(max_length=limits.MAX_CATEGORIES, description="All-in price by category key"),
]
Name = Annotated[str, Meta(min_length=1, max_length=limits.MAX_LABEL_CHARS)]
Names = Annotated[list[Name], Meta(max_length=limits.MAX_SECTIONS)]
Step = Literal["together", "together-leaves-one", "nearby", "scattered"]


# Viewers.


class ViewerGiven(Struct):
    """`token` proves the identity: `Authorization: Viewer <token>`, or in the websocket's Hello."""

    viewer: str
    token: str
    expires_at: Zoned


# Charts.


class CategoryInfo(Struct):
    """`places` is how many the category has in the chart; `price` the chart's list price."""

    key: str
    label: str
    color: str
    price: int
    places: int


class ChartInfo(Struct):
    id: str
    name: str
    hash: str
    created_at: Zoned
    updated_at: Zoned


class ChartDetail(Struct):
    """`chart_view_url` leads to the drawing the buyer's page uses."""

    id: str
    name: str
    hash: str
    created_at: Zoned
    updated_at: Zoned
    places: int
    categories: list[CategoryInfo]
    sections: list[str]
    chart_view_url: str


class Charts(Struct):
    charts: list[ChartInfo]


class Finding(Struct):
    """A kind of thing a file has and the other side cannot say. `place` is where it stood first,
    `count` how often it was found."""

    code: str
    text: str
    place: str
    count: int


class ImportReport(Struct):
    """What was read from a chart file. `chart` is None for a dry run."""

    format: str
    name: str
    places: int
    findings: list[Finding]
    chart: ChartDetail | None


# Events.


class Policy(Struct):
    """How an event sells. Times in milliseconds."""

    hold_ttl_ms: int
    max_per_hold: int
    max_per_holder: int
    max_holds_per_holder: int
    max_extensions: int


class PolicyChange(Struct, frozen=True, forbid_unknown_fields=True):
    """Only what is given changes."""

    hold_ttl_ms: (
        Annotated[int, Meta(ge=limits.MIN_HOLD_TTL_MS, le=limits.MAX_HOLD_TTL_MS)] | UnsetType
    ) = UNSET
    max_per_hold: Annotated[int, Meta(ge=1, le=limits.CEILING_PER_HOLD)] | UnsetType = UNSET
    max_per_holder: Annotated[int, Meta(ge=1, le=limits.CEILING_PER_HOLDER)] | UnsetType = UNSET
    max_holds_per_holder: (
        Annotated[int, Meta(ge=1, le=limits.CEILING_HOLDS_PER_HOLDER)] | UnsetType
    ) = UNSET
    max_extensions: Annotated[int, Meta(ge=0, le=limits.CEILING_EXTENSIONS)] | UnsetType = UNSET


class NewEvent(Struct, forbid_unknown_fields=True):
    """`prices` by category key; a category left out costs the chart's list price."""

    name: Text
    starts_at: Zoned
    chart_id: Id
    venue: OptionalText = ""
    currency: Currency = "EUR"
    prices: Prices = {}
    policy: PolicyChange = PolicyChange()
    on_sale: bool = True


class EventChange(Struct, forbid_unknown_fields=True):
    """Only what is given changes. Holds made before keep the prices they were made at."""

    name: Text | UnsetType = UNSET
    venue: OptionalText | UnsetType = UNSET
    starts_at: Zoned | UnsetType = UNSET
    prices: Prices | UnsetType = UNSET
    policy: PolicyChange | UnsetType = UNSET
    on_sale: bool | UnsetType = UNSET


class EventInfo(Struct):
    id: str
    name: str
    venue: str
    starts_at: Zoned
    on_sale: bool
    currency: str
    chart_hash: str
    chart_view_url: str


class Events(Struct):
    """One page of events, soonest first. `next` is the next page's `after`, None at the end."""

    events: list[EventInfo]
    next: str | None


class PricedCategory(Struct):
    key: str
    label: str
    color: str
    price: int


class EventDetail(Struct):
    id: str
    name: str
    venue: str
    starts_at: Zoned
    on_sale: bool
    currency: str
    chart_hash: str
    chart_view_url: str
    categories: list[PricedCategory]
    policy: Policy


class Counts(Struct):
    """Places by status, the whole of them in `total`."""

    free: int
    held: int
    booked: int
    blocked: int
    total: int


class CategoryCounts(Struct):
    key: str
    label: str
    free: int
    held: int
    booked: int
    blocked: int
    total: int


class PlacesByStatus(Struct):
    """SeatIndexes by status."""

    free: list[int]
    held: list[int]
    booked: list[int]
    blocked: list[int]


class EventState(Struct):
    """Committed state as of `seq`."""

    seq: int
    counts: Counts
    categories: list[CategoryCounts]
    places: PlacesByStatus | None = None


# Holds.


class PickSeats(Struct, forbid_unknown_fields=True, tag_field="kind", tag="seats"):
    """Exactly these places, all or none. A seat of a table sold whole takes the table."""

    places: Places


class PickBest(Struct, forbid_unknown_fields=True, tag_field="kind", tag="best"):
    """The best free places together. Categories by key, sections by label; empty means any.

    `accessible` of them are accessible seats. `max_price` 0 means any. `worst` is the last
    resort that is still welcome.
    """

    quantity: Annotated[int, Meta(ge=1, le=limits.MAX_BEST_QUANTITY)]
    categories: Names = []
    sections: Names = []
    accessible: Annotated[int, Meta(ge=0, le=limits.MAX_BEST_QUANTITY)] = 0
    max_price: Price = 0
    worst: Step = "scattered"


class PickArea(Struct, forbid_unknown_fields=True, tag_field="kind", tag="area"):
    """Any free places of a general-admission area, by the area's full label."""

    area: FullLabel
    quantity: Annotated[int, Meta(ge=1, le=limits.MAX_PLACES_PER_COMMAND)]


class PickWhole(Struct, forbid_unknown_fields=True, tag_field="kind", tag="whole"):
    """A whole table, booth or area, by its full label."""

    object: FullLabel


Pick = PickSeats | PickBest | PickArea | PickWhole


class NewHold(Struct, forbid_unknown_fields=True):
    """`ttl_ms` 0 is the event's own; only an organizer may ask for another."""

    pick: Pick
    ttl_ms: Annotated[int, Meta(ge=0, le=limits.MAX_STAFF_HOLD_TTL_MS)] = 0


class HoldAdd(Struct, forbid_unknown_fields=True, tag_field="change", tag="add"):
    pick: Pick


class HoldDrop(Struct, forbid_unknown_fields=True, tag_field="change", tag="drop"):
    places: Places


class HoldExtend(Struct, forbid_unknown_fields=True, tag_field="change", tag="extend"):
    """Start the hold's time again."""


HoldChange = HoldAdd | HoldDrop | HoldExtend


class LabelledPlace(Struct):
    place: int
    label: str


class PricedPlace(Struct):
    place: int
    label: str
    category: str
    price: int


class HoldInfo(Struct):
    """A live hold. `step` says how far a search for the best had to fall back."""

    hold: int
    places: list[PricedPlace]
    total: int
    currency: str
    expires_at: Zoned
    extensions_left: int
    step: Step | None = None


class Holds(Struct):
    holds: list[HoldInfo]


class HoldOver(Struct):
    """The hold has ended; its places are free again."""

    hold: int
    seq: int


# Bookings.


class BookFromHold(Struct, forbid_unknown_fields=True, tag_field="from", tag="hold"):
    """Turn a hold into a booking, to be paid at the venue."""

    hold: Annotated[int, Meta(ge=1, lt=1 << 53)]
    name: str
    email: str


class BookPlaces(Struct, forbid_unknown_fields=True, tag_field="from", tag="places"):
    """Book free places at once; organizers only. Name and email may be left out together."""

    places: Places
    name: str = ""
    email: str = ""


NewBooking = BookFromHold | BookPlaces


class BookingInfo(Struct):
    """`name` and `email` are shown to the organizer and to the browser that booked, else empty."""

    booking: str
    event: str
    places: list[PricedPlace]
    total: int
    currency: str
    booked_at: Zoned
    name: str = ""
    email: str = ""


class BookingRow(Struct):
    """One line of the list at the door. `places` are full labels."""

    booking: str
    name: str
    email: str
    places: list[str]
    total: int
    currency: str
    booked_at: Zoned


class Bookings(Struct):
    """One page of bookings in the order they were made. `next` is the next page's `after`."""

    bookings: list[BookingRow]
    next: str | None


class BookingCancel(Struct, forbid_unknown_fields=True):
    """The places to give up; none given means the whole booking."""

    places: Annotated[list[PlaceRef], Meta(max_length=limits.MAX_PLACES_PER_COMMAND)] = []


class BookingOver(Struct):
    """What was cancelled, and what is left of the booking (None: nothing)."""

    booking: str
    cancelled: list[LabelledPlace]
    left: BookingInfo | None


class BookingMove(Struct, forbid_unknown_fields=True, rename={"from_": "from"}):
    """`from[i]` becomes `to[i]`."""

    from_: Places
    to: Places


# Blocks.


class NewBlock(Struct, forbid_unknown_fields=True):
    places: Places
    reason: Reason = ""


class BlockRemoval(Struct, forbid_unknown_fields=True):
    places: Places


class BlockInfo(Struct):
    places: list[LabelledPlace]
    seq: int


# Reports.


class ReportRow(Struct):
    """One status, category or section. `sold` is what its booked places cost, minor units."""

    key: str
    label: str
    free: int
    held: int
    booked: int
    blocked: int
    total: int
    sold: int


class Report(Struct):
    """Counts from the reporting tables, which follow the sale: they stand at `seq`."""

    event: str
    by: Literal["status", "category", "section"]
    seq: int
    currency: str
    rows: list[ReportRow]


# The service itself.


class Health(Struct):
    status: Literal["ok"]
