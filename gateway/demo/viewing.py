"""Where a visitor looks on its screen: at the whole venue, at a part of it, at a list."""

from __future__ import annotations

from random import Random
from typing import Final

import msgspec
import numpy as np

from gateway.demo.venue_map import F64, I32, VenueMap
from gateway.live.sight import Sight
from gateway.live.wire import Look
from seatengine.chart.tiles import Box

_LISTS: Final = 0.12
# How large a seat is on the screen of someone who picks one.
_SEAT_PX: Final = (12.0, 22.0)
_PAN_SHARE: Final = (0.25, 0.7)
_LIKED: Final = 4.0


class Screen(msgspec.Struct, frozen=True):
    """What the map has of it, in CSS pixels."""

    width: int
    height: int


SCREENS: Final = (Screen(390, 640), Screen(820, 900), Screen(1_280, 640), Screen(1_600, 820))
_SCREEN_WEIGHTS: Final = (45, 8, 32, 15)


class Viewing:
    """One visitor's eyes: what it looks at now, and which places it sees there."""

    def __init__(self, venue: VenueMap, random: Random) -> None:
        self._venue = venue
        self._random = random
        self._screen = random.choices(SCREENS, _SCREEN_WEIGHTS)[0]
        self._zone = -1
        self.look = self.whole()

    @property
    def seat_px(self) -> float:
        """How large a seat is on the screen; a list names its seats, so they are large enough."""
        return _SEAT_PX[1] if self._zone >= 0 else self.look.zoom * self._venue.spacing

    def whole(self) -> Look:
        """The venue from end to end, as the page begins."""
        box, screen = self._venue.box, self._screen
        zoom = min(screen.width / max(box.x1, 1.0), screen.height / max(box.y1, 1.0))
        return self._around(box.x1 / 2, box.y1 / 2, zoom)

    def step_back(self) -> Look:
        """Look at the whole venue again."""
        self._zone = -1
        self.look = self.whole()
        return self.look

    def go_near(self, sight: Sight, party: int, liking: int) -> Look:
        """Zoom to where this party would like to sit, by what is left there."""
        venue, random = self._venue, self._random
        zone = self._choose_zone(sight, party, liking)
        if zone < venue.zones - 1 and random.random() < _LISTS:
            self._zone = zone
            self.look = Look(0, 0, 0, 0, 0, sections=[zone])
            return self.look
        self._zone = -1
        place = self._choose_place(zone)
        zoom = random.uniform(*_SEAT_PX) / venue.spacing
        self.look = self._around(float(venue.x[place]), float(venue.y[place]), zoom)
        return self.look

    def move(self) -> Look:
        """Pan by a part of the screen; who sees a list lists another section."""
        venue, random, look = self._venue, self._random, self.look
        if self._zone >= 0:
            self._zone = random.randrange(max(1, venue.zones - 1))
            self.look = msgspec.structs.replace(look, sections=[self._zone])
            return self.look
        dx = (look.x1 - look.x0) * random.uniform(*_PAN_SHARE) * random.choice((-1, 0, 1))
        dy = (look.y1 - look.y0) * random.uniform(*_PAN_SHARE) * random.choice((-1, 0, 1))
        x = min(max((look.x0 + look.x1) / 2 + dx, venue.box.x0), venue.box.x1)
        y = min(max((look.y0 + look.y1) / 2 + dy, venue.box.y0), venue.box.y1)
        self.look = self._around(x, y, look.zoom)
        return self.look

    def seen(self, sight: Sight) -> I32:
        """The places it sees the statuses of, in order."""
        venue, look = self._venue, self.look
        places = venue.places_seen(sight.mask)
        if self._zone >= 0:
            listed: I32 = places[venue.zone[places] == self._zone]
            return listed
        return venue.inside(places, Box(look.x0, look.y0, look.x1, look.y1))

    def _around(self, x: float, y: float, zoom: float) -> Look:
        half_width = self._screen.width / zoom / 2
        half_height = self._screen.height / zoom / 2
        return Look(x - half_width, y - half_height, x + half_width, y + half_height, zoom)

    def _choose_zone(self, sight: Sight, party: int, liking: int) -> int:
        """A zone by its appeal and by what is left in it; one where the party fits, if any."""
        venue = self._venue
        weights: F64 = venue.zone_appeal.copy()
        if sight.zones_told:
            left = np.zeros(venue.zones)
            for zone in sight.zones.values():
                fits = not zone.fit or zone.fit[min(party, len(zone.fit)) - 1] > 0
                left[zone.zone] = sum(zone.left) if fits else 0
            told = weights * left / np.maximum(venue.zone_places, 1)
            weights = told if told.any() else weights
        weights[venue.zone_has[:, liking]] *= _LIKED
        return _drawn(weights, self._random)

    def _choose_place(self, zone: int) -> int:
        places = self._venue.places_in_zone(zone)
        return int(places[_drawn(self._venue.appeal[places], self._random)]) if len(places) else 0


def _drawn(weights: F64, random: Random) -> int:
    """An index by weight; any index where no weight is above 0."""
    summed = np.cumsum(weights)
    if summed[-1] <= 0:
        return random.randrange(len(weights))
    at = np.searchsorted(summed, random.random() * summed[-1], side="right")
    return min(int(at), len(weights) - 1)
