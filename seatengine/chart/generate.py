"""Parametric venues: theatres, arenas and stadiums of any size that look like real ones.

The same kind and size always give the same chart, whose count of places is exactly the one asked.
"""

from __future__ import annotations

from typing import Final, Literal, get_args

from seatengine.chart.chart import Chart
from seatengine.chart.parametric.arena import arena
from seatengine.chart.parametric.stadium import stadium
from seatengine.chart.parametric.theatre import theatre
from seatengine.errors import BadChart
from seatengine.limits import MAX_GENERATED_SEATS, MIN_GENERATED_SEATS

VenueKind = Literal["theatre", "arena", "stadium"]
VENUE_KINDS: Final[tuple[VenueKind, ...]] = get_args(VenueKind)

_MAKERS: Final = {"theatre": theatre, "arena": arena, "stadium": stadium}


def generate(kind: VenueKind, seats: int) -> Chart:
    """A venue of `kind` with `seats` places.

    Raises BadChart for an unknown kind or a size outside
    MIN_GENERATED_SEATS..MAX_GENERATED_SEATS.
    """
    if kind not in _MAKERS:
        raise BadChart("kind", f"{kind!r} is none of {', '.join(_MAKERS)}")
    if not MIN_GENERATED_SEATS <= seats <= MAX_GENERATED_SEATS:
        raise BadChart(
            "seats", f"{seats} is not between {MIN_GENERATED_SEATS} and {MAX_GENERATED_SEATS}"
        )
    return _MAKERS[kind](seats)
