"""The three shows of the demo, and how they are put on sale: through the HTTP API."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Final, Literal

import msgspec
import numpy as np

from gateway.client.api import ApiClient, ApiRefused
from gateway.demo.venue_map import VenueMap, read_map
from seatengine.chart.exporters import write_chart
from seatengine.chart.generate import generate

_HOLD_TTL_MS: Final = 4 * 60_000
_GROUP: Final = 10
_BLOCK: Final = 6
_MOST_PRESALES: Final = 400

Kind = Literal["theatre", "arena", "stadium"]


class SampleShow(msgspec.Struct, frozen=True):
    """`bots` of 200 watch it; `presold` is the share sold to groups beforehand, `sold_share` the
    most that the demo lets be sold; `first_in_days` is when the show is."""

    kind: Kind
    seats: int
    name: str
    venue: str
    first_in_days: int
    bots: int
    presold: float
    sold_share: float


SHOWS: Final = (
    SampleShow("theatre", 900, "The Winter's Tale", "Lantern Theatre", 12, 32, 0.20, 0.62),
    SampleShow("arena", 9_000, "Northern Lights, live", "Harbour Arena", 30, 74, 0.16, 0.45),
    SampleShow("stadium", 60_000, "Cup final", "Riverside Stadium", 55, 94, 0.10, 0.30),
)


class ShowOnSale(msgspec.Struct, frozen=True):
    kind: str
    event: str
    name: str
    venue: str
    view_path: str
    places: int


class _ImportedChart(msgspec.Struct):
    id: str


class _Imported(msgspec.Struct):
    chart: _ImportedChart


class _Event(msgspec.Struct):
    id: str
    chart_view_url: str


class _Counts(msgspec.Struct):
    total: int


class _State(msgspec.Struct):
    counts: _Counts


def put_on_sale(
    api: ApiClient, shows: tuple[SampleShow, ...], kept: Path, say: Callable[[str], None]
) -> list[ShowOnSale]:
    """The shows on sale, made where they are not there yet; `kept` remembers them between runs."""
    known: dict[str, ShowOnSale] = {}
    if kept.exists():
        known = {s.kind: s for s in msgspec.json.decode(kept.read_bytes(), type=list[ShowOnSale])}
    on_sale = []
    for show in shows:
        there = known.get(show.kind)
        if there is None or not _is_there(api, there):
            there = _make(api, show, say)
        on_sale.append(there)
    kept.parent.mkdir(parents=True, exist_ok=True)
    kept.write_bytes(msgspec.json.encode(on_sale))
    return on_sale


def _is_there(api: ApiClient, show: ShowOnSale) -> bool:
    try:
        api.get(f"/api/v1/events/{show.event}", _Event)
    except ApiRefused as refused:
        if refused.status == 404:
            return False
        raise
    return True


def _make(api: ApiClient, show: SampleShow, say: Callable[[str], None]) -> ShowOnSale:
    say(f"Building the {show.kind}, {show.seats:,} seats")
    file, _ = write_chart(generate(show.kind, show.seats), "native")
    imported = msgspec.json.decode(api.exchange("POST", "/api/v1/charts", file), type=_Imported)
    starts_at = (datetime.now(UTC) + timedelta(days=show.first_in_days)).replace(
        hour=19, minute=30, second=0, microsecond=0
    )
    event = api.post(
        "/api/v1/events",
        {
            "name": show.name,
            "venue": show.venue,
            "starts_at": starts_at,
            "chart_id": imported.chart.id,
            "policy": {"hold_ttl_ms": _HOLD_TTL_MS},
        },
        _Event,
    )
    _sell_to_groups(api, event, show, say)
    total = api.get(f"/api/v1/events/{event.id}/state", _State).counts.total
    return ShowOnSale(show.kind, event.id, show.name, show.venue, event.chart_view_url, total)


def _sell_to_groups(
    api: ApiClient, event: _Event, show: SampleShow, say: Callable[[str], None]
) -> None:
    """Season tickets, clubs and school classes booked before; a few seats kept for the cameras."""
    venue: VenueMap = read_map(api.exchange("GET", event.chart_view_url))
    say(f"Selling {show.presold:.0%} of the {show.kind} to groups")
    random = Random(show.seats)
    statuses = np.zeros(venue.size, np.uint8)
    cameras = venue.pick(statuses, _BLOCK, -1, random)
    statuses[cameras] = 3
    path = f"/api/v1/events/{event.id}"
    api.exchange(
        "POST", f"{path}/blocks", msgspec.json.encode({"places": cameras, "reason": "camera"})
    )
    left = int(venue.size * show.presold)
    size = max(_GROUP, left // _MOST_PRESALES)
    for _ in range(_MOST_PRESALES):
        if left <= 0:
            return
        places: list[int] = []
        while len(places) < min(size, left):
            run = venue.pick(statuses, _GROUP, -1, random)
            if not run:
                return
            statuses[run] = 2
            places += run
        booking = {"from": "places", "places": places}
        api.exchange("POST", f"{path}/bookings", msgspec.json.encode(booking))
        left -= len(places)
