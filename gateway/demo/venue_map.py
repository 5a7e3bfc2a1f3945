"""How a bot sees a venue: which free seats appeal to it, and which lie side by side."""

from __future__ import annotations

from random import Random
from typing import Final

import msgspec
import numpy as np
import numpy.typing as npt

from gateway.chart_view import ChartView
from seatengine.chart.seat_table import RETIRED, GroupKind

# Appeal halves over this share of the way from the best seat to the worst.
_HALF_APPEAL: Final = 0.09
_TRIES: Final = 10


class VenueMap:
    """A chart as columns, from the same bytes that a browser draws from.

    `appeal` is how much people want a place, by its distance from the focal point; 0 for places
    that are not sold by the seat. `areas` are the groups of general admission, `wholes` are
    (group, one of its places) of tables and boxes sold whole, `neighbours` is 1 where place i and
    i + 1 sit together.
    """

    def __init__(self, view: ChartView) -> None:
        self.size = view.size
        self.category = np.frombuffer(view.category, np.uint8)
        self.neighbours = np.frombuffer(view.link, np.uint8)
        self.categories = [category.label for category in view.categories]
        kinds = np.array([group.kind for group in view.groups], np.int64)
        group = _columns(view.group)
        flags = np.frombuffer(view.flags, np.uint8)
        seated = (kinds == GroupKind.ROW) | (kinds == GroupKind.TABLE)
        by_seat = seated & ~np.array([group.whole for group in view.groups], np.bool_)
        seats = by_seat[group] & ((flags & RETIRED) == 0)
        x = _columns(view.x) / view.scale - view.focal_point.x
        y = _columns(view.y) / view.scale - view.focal_point.y
        self.appeal = np.where(seats, _appeal(np.hypot(x, y), seats), 0.0)
        groups = list(enumerate(view.groups))
        self.areas = [n for n, g in groups if g.kind == GroupKind.AREA and not g.whole]
        self.wholes = [(n, g.runs[0][0]) for n, g in groups if g.whole and g.runs]

    def pick(
        self, statuses: npt.NDArray[np.uint8], party: int, liking: int, random: Random
    ) -> list[int]:
        """Up to `party` free seats side by side; fewer where nothing longer was found soon.

        `liking` is the category index this bot prefers.
        """
        wanted = self.appeal * (statuses == 0) * np.where(self.category == liking, 4.0, 1.0)
        summed = np.cumsum(wanted)
        if not summed.size or summed[-1] <= 0:
            return []
        best: list[int] = []
        for _ in range(_TRIES):
            at = int(np.searchsorted(summed, random.random() * summed[-1], side="right"))
            run = self._run(wanted, min(at, self.size - 1), party)
            if len(run) == party:
                return run
            best = max(best, run, key=len)
        return best

    def pick_whole(self, statuses: npt.NDArray[np.uint8], random: Random) -> int | None:
        """The group of a free table or box; None where all are gone."""
        free = [group for group, place in self.wholes if not statuses[place]]
        return random.choice(free) if free else None

    def _run(self, wanted: npt.NDArray[np.float64], at: int, party: int) -> list[int]:
        left = right = at
        while right - left + 1 < party and self.neighbours[right] and wanted[right + 1] > 0:
            right += 1
        while right - left + 1 < party and left and self.neighbours[left - 1] and wanted[left - 1]:
            left -= 1
        return list(range(left, right + 1)) if wanted[at] > 0 else []


def read_map(data: bytes) -> VenueMap:
    """The map of an uncompressed chart view. Raises msgspec.DecodeError."""
    return VenueMap(msgspec.msgpack.decode(data, type=ChartView))


def _columns(data: bytes) -> npt.NDArray[np.int64]:
    return np.cumsum(np.frombuffer(data, "<i4"), dtype=np.int64)


def _appeal(
    distance: npt.NDArray[np.float64], seats: npt.NDArray[np.bool_]
) -> npt.NDArray[np.float64]:
    if not seats.any():
        return np.zeros(len(distance))
    near, far = float(distance[seats].min()), float(distance[seats].max())
    share = (distance - near) / max(far - near, 1e-9)
    return np.exp2(-share / _HALF_APPEAL)
