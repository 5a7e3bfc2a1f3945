"""The venue as a load sees it: where places are, what a screen shows, and where it moves to."""

from __future__ import annotations

from random import Random
from typing import Final

import msgspec
import numpy as np
import numpy.typing as npt

from gateway.live import wire
from gateway.live.chart_view import ChartView
from gateway.load.told_tiles import TileTable
from seatengine.chart.seat_table import RETIRED, GroupKind

F64 = npt.NDArray[np.float64]

# The map's part of a desktop window and of a phone, in CSS pixels, and how many have which.
_SCREENS: Final = ((1_060.0, 820.0), (390.0, 560.0))
_DESKTOPS: Final = 0.4
# How far apart seats are on the screens of those who look at seats, in CSS pixels.
_SEAT_PX: Final = (11.0, 24.0)
_JUMP_SHARE: Final = 0.1
_ZOOM_SHARE: Final = 0.2
_CELLS: Final = 40


class Screen(msgspec.Struct):
    """What one viewer looks at: a window of `wide` x `high` CSS pixels around (x, y) in chart
    units, at `zoom` CSS pixels per chart unit."""

    wide: float
    high: float
    x: float
    y: float
    zoom: float

    def look(self) -> wire.Look:
        """The message that says so."""
        half_x, half_y = self.wide / self.zoom / 2, self.high / self.zoom / 2
        return wire.Look(
            self.x - half_x, self.y - half_y, self.x + half_x, self.y + half_y, self.zoom
        )


class Ground:
    """x, y: float64 by place, chart units · seated: the places that are sold one by one ·
    link: uint8, 1 where place i and i + 1 are neighbours · sections: int64 by place, the zone ·
    category: uint8 by place · spacing: of neighbours, chart units."""

    def __init__(self, view: ChartView) -> None:
        self.size = view.size
        self.tiles = TileTable(view)
        self.x: F64 = _column(view.x) / view.scale
        self.y: F64 = _column(view.y) / view.scale
        self.spacing = view.radius / 0.42
        group = _column(view.group)
        flags = np.frombuffer(view.flags, np.uint8)
        by_seat = [g.kind in (GroupKind.ROW, GroupKind.TABLE) and not g.whole for g in view.groups]
        self.present = (flags & RETIRED) == 0
        self.seated = np.array([*by_seat, False], np.bool_)[group] & self.present
        self.flags = flags
        sections = np.array([*(g.section for g in view.groups), -1], np.int64)[group]
        self.zones = len(view.sections) + 1
        self.zone: npt.NDArray[np.int64] = np.where(sections >= 0, sections, self.zones - 1)
        self.category = np.frombuffer(view.category, np.uint8)
        self.categories = len(view.categories)
        self.link = view.link
        self.seats: list[int] = np.flatnonzero(self.seated).tolist()
        # One seat of each square of the venue that has any.
        self._cell_size = max(view.width, view.height) / _CELLS
        self._inhabited: dict[tuple[int, int], int] = {
            self._cell(float(self.x[seat]), float(self.y[seat])): seat for seat in self.seats
        }
        away = np.hypot(self.x - view.focal_point.x, self.y - view.focal_point.y)
        self.best: list[int] = [
            int(place)
            for place in np.argsort(np.where(self.seated, away, np.inf), kind="stable")[
                : len(self.seats)
            ]
        ]

    def screen(self, random: Random) -> Screen:
        """A new viewer's screen over seats anywhere."""
        wide, high = _SCREENS[0] if random.random() < _DESKTOPS else _SCREENS[1]
        place = random.choice(self.seats)
        seat_px = random.uniform(*_SEAT_PX)
        return Screen(
            wide, high, float(self.x[place]), float(self.y[place]), seat_px / self.spacing
        )

    def move(self, screen: Screen, random: Random) -> None:
        """Pan most often, zoom now and then, and sometimes look elsewhere altogether."""
        what = random.random()
        if what < _JUMP_SHARE:
            place = random.choice(self.seats)
            screen.x, screen.y = float(self.x[place]), float(self.y[place])
        elif what < _JUMP_SHARE + _ZOOM_SHARE:
            seat_px = screen.zoom * self.spacing * random.choice((0.67, 1.5))
            screen.zoom = min(max(seat_px, _SEAT_PX[0]), _SEAT_PX[1]) / self.spacing
        else:
            screen.x += random.uniform(-0.7, 0.7) * screen.wide / screen.zoom
            screen.y += random.uniform(-0.7, 0.7) * screen.high / screen.zoom
            # Nobody pans off the venue for long.
            if self._cell(screen.x, screen.y) not in self._inhabited:
                near = self._nearest_cell(screen.x, screen.y)
                place = self._inhabited[near]
                screen.x, screen.y = float(self.x[place]), float(self.y[place])

    def _cell(self, x: float, y: float) -> tuple[int, int]:
        return int(x / self._cell_size), int(y / self._cell_size)

    def _nearest_cell(self, x: float, y: float) -> tuple[int, int]:
        column, row = self._cell(x, y)
        return min(self._inhabited, key=lambda at: abs(at[0] - column) + abs(at[1] - row))

    def run(self, place: int, count: int, busy: bytes | bytearray) -> list[int]:
        """Up to `count` neighbours from `place` on that are not busy."""
        places: list[int] = []
        link = self.link
        while len(places) < count and not busy[place]:
            places.append(place)
            if not link[place]:
                break
            place += 1
        return places


def _column(data: bytes) -> npt.NDArray[np.int64]:
    return np.cumsum(np.frombuffer(data, "<i4"), dtype=np.int64)
