"""How a bot sees a venue: which free seats appeal to it, and which lie side by side."""

from __future__ import annotations

from random import Random
from typing import Final

import msgspec
import numpy as np
import numpy.typing as npt

from gateway.live.chart_view import ChartView
from gateway.live.sight import TileIndex
from seatengine.chart.seat_table import RETIRED, GroupKind
from seatengine.chart.tiles import Box, tiles_of

# Appeal halves over this share of the way from the best seat to the worst.
_HALF_APPEAL: Final = 0.09
_TRIES: Final = 10
_LIKED: Final = 4.0
# The view's radius of a seat is this share of the distance of neighbours.
_RADIUS_SHARE: Final = 0.42

I32 = npt.NDArray[np.int32]
F64 = npt.NDArray[np.float64]


class VenueMap:
    """A chart as columns, from the same bytes that a browser draws from.

    `tiles` for the clients of all bots. x, y: float64 by place, chart units · zone: int32 by place,
    the last one for places of no section · appeal: float64 by place, how much people want it, by
    its distance from the focal point; 0 for places that are not sold by the seat · neighbours:
    uint8 by place, 1 where place i and i + 1 sit together. `areas` are (group, tile) of general
    admission, `wholes` (group, one of its places) of tables and boxes sold whole. `spacing` is the
    usual distance of neighbours, `zones` how many zones there are; `zone_has[z, c]` says whether
    zone z has places of category c.
    """

    def __init__(self, view: ChartView) -> None:
        self.size = view.size
        self.tiles = TileIndex(view)
        self.box = Box(0.0, 0.0, view.width, view.height)
        self.spacing = view.radius / _RADIUS_SHARE
        self.category = np.frombuffer(view.category, np.uint8)
        self.neighbours = np.frombuffer(view.link, np.uint8)
        self.categories = [category.label for category in view.categories]
        self.zones = len(view.sections) + 1
        kinds = np.array([group.kind for group in view.groups], np.int64)
        group = _columns(view.group)
        flags = np.frombuffer(view.flags, np.uint8)
        seated = (kinds == GroupKind.ROW) | (kinds == GroupKind.TABLE)
        by_seat = seated & ~np.array([group.whole for group in view.groups], np.bool_)
        seats = by_seat[group] & ((flags & RETIRED) == 0)
        sections = np.array([g.section for g in view.groups], np.int32)[group]
        self.zone: I32 = np.where(sections >= 0, sections, self.zones - 1)
        self.x = _columns(view.x) / view.scale
        self.y = _columns(view.y) / view.scale
        away = np.hypot(self.x - view.focal_point.x, self.y - view.focal_point.y)
        self.appeal = np.where(seats, _appeal(away, seats), 0.0)
        self.every_place = np.arange(self.size, dtype=np.int32)
        self._by_zone = np.argsort(self.zone, kind="stable").astype(np.int32)
        self._zone_starts = np.searchsorted(self.zone[self._by_zone], np.arange(self.zones + 1))
        self.zone_places = np.bincount(self.zone, minlength=self.zones)
        self.zone_has = np.zeros((self.zones, max(1, len(view.categories))), np.bool_)
        self.zone_has[self.zone, self.category] = True
        self.zone_appeal: F64 = np.bincount(self.zone, self.appeal, self.zones).astype(np.float64)
        groups = list(enumerate(view.groups))
        tile_of = self.tiles.tile_of
        self.areas = [
            (n, int(tile_of[g.runs[0][0]]))
            for n, g in groups
            if g.kind == GroupKind.AREA and not g.whole and g.runs
        ]
        self.wholes = [(n, g.runs[0][0]) for n, g in groups if g.whole and g.runs]

    def places_in_zone(self, zone: int) -> I32:
        """The places of a zone in order."""
        return self._by_zone[self._zone_starts[zone] : self._zone_starts[zone + 1]]

    def places_seen(self, mask: int) -> I32:
        """The places of watched tiles in order; those of areas are told by number only."""
        tiles = self.tiles
        if not mask:
            return self.every_place[:0]
        seen = [
            tiles.places[tiles.starts[tile] : tiles.starts[tile + 1]]
            for tile in tiles_of(mask)
            if not tiles.counted[tile]
        ]
        return np.sort(np.concatenate([self.every_place[:0], *seen]))

    def inside(self, places: I32, box: Box) -> I32:
        """Those of `places` that lie in a box."""
        x, y = self.x[places], self.y[places]
        return places[(x >= box.x0) & (x <= box.x1) & (y >= box.y0) & (y <= box.y1)]

    def pick(
        self,
        statuses: npt.NDArray[np.uint8],
        party: int,
        liking: int,
        random: Random,
        among: I32 | None = None,
    ) -> list[int]:
        """Up to `party` free seats side by side; fewer where nothing longer was found soon.

        `liking` is the category index this bot prefers, `among` the places it sees, in order.
        """
        places = self.every_place if among is None else among
        wanted = self.appeal[places] * (statuses[places] == 0)
        wanted[self.category[places] == liking] *= _LIKED
        summed = np.cumsum(wanted)
        if not summed.size or summed[-1] <= 0:
            return []
        best: list[int] = []
        for _ in range(_TRIES):
            at = int(np.searchsorted(summed, random.random() * summed[-1], side="right"))
            run = self._run(places, wanted, min(at, len(places) - 1), party)
            if len(run) == party:
                return run
            best = max(best, run, key=len)
        return best

    def pick_whole(
        self, statuses: npt.NDArray[np.uint8], random: Random, mask: int = -1
    ) -> int | None:
        """The group of a free table or box in the watched tiles; None where all are gone."""
        tile_of = self.tiles.tile_of
        free = [
            group
            for group, place in self.wholes
            if not statuses[place] and mask >> int(tile_of[place]) & 1
        ]
        return random.choice(free) if free else None

    def _run(self, places: I32, wanted: F64, at: int, party: int) -> list[int]:
        if wanted[at] <= 0:
            return []
        left = right = at
        end = len(places) - 1
        while right - left < party - 1 and right < end and self._together(places, right):
            if wanted[right + 1] <= 0:
                break
            right += 1
        while right - left < party - 1 and left and self._together(places, left - 1):
            if wanted[left - 1] <= 0:
                break
            left -= 1
        return [int(place) for place in places[left : right + 1]]

    def _together(self, places: I32, at: int) -> bool:
        """Whether the place at `at` and the next of `places` are neighbours."""
        place = places[at]
        return bool(places[at + 1] == place + 1 and self.neighbours[place])


def read_map(data: bytes) -> VenueMap:
    """The map of an uncompressed chart view. Raises msgspec.DecodeError."""
    return VenueMap(msgspec.msgpack.decode(data, type=ChartView))


def _columns(data: bytes) -> npt.NDArray[np.int64]:
    return np.cumsum(np.frombuffer(data, "<i4"), dtype=np.int64)


def _appeal(distance: F64, seats: npt.NDArray[np.bool_]) -> F64:
    if not seats.any():
        return np.zeros(len(distance))
    near, far = float(distance[seats].min()), float(distance[seats].max())
    share = (distance - near) / max(far - near, 1e-9)
    return np.exp2(-share / _HALF_APPEAL)
