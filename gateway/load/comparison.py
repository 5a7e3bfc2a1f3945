"""What every viewer holds to be so, against what the engine says: who has diverged."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import msgspec
import numpy as np
import numpy.typing as npt

from gateway.live import wire
from gateway.live.tile_forms import BadForm
from gateway.live.zone_forms import ZoneLeft
from gateway.load.ground import Ground
from gateway.load.told_zones import ZonesTold
from gateway.load.viewer import Viewer
from seatengine.chart.seat_table import ACCESSIBLE, COMPANION
from seatengine.limits import MAX_FINDINGS_NAMED

_PARTY_SIZES: Final = 8

U8 = npt.NDArray[np.uint8]


class PlacesByStatus(msgspec.Struct):
    """As `GET /api/v1/events/{id}/state?places=true` has them."""

    free: list[int]
    held: list[int]
    booked: list[int]
    blocked: list[int]


class EventState(msgspec.Struct):
    seq: int
    places: PlacesByStatus


class Comparison(msgspec.Struct):
    """`compared` viewers, of whom `diverged` know something that is not so, or lack something."""

    compared: int = 0
    diverged: int = 0
    findings: list[str] = []

    def find(self, viewer: Viewer, what: str) -> None:
        self.diverged += 1
        if len(self.findings) < MAX_FINDINGS_NAMED:
            self.findings.append(f"viewer {viewer.number} {what}")


def statuses_of(state: EventState, size: int) -> U8:
    """A status for each place; what is in no list is blocked or gone."""
    statuses = np.full(size, 3, np.uint8)
    for status, places in enumerate((state.places.free, state.places.held, state.places.booked)):
        statuses[places] = status
    return statuses


def zones_of(statuses: U8, ground: Ground) -> dict[int, ZoneLeft]:
    """What is left by zone, counted place by place from the chart, as the server must have it."""
    free = (statuses == 0) & ground.present
    alone = (ground.flags & (ACCESSIBLE | COMPANION)) != 0
    seats = free & ground.seated & ~alone
    together = np.zeros(len(free), np.bool_)
    if len(free):
        together[:-1] = np.frombuffer(ground.link, np.uint8)[:-1] != 0
    fits = np.zeros((ground.zones, _PARTY_SIZES), np.int64)
    # runs[k] has a place for each k free neighbours that begin there; a run of at least k is where
    # no such place comes right before.
    runs = seats.copy()
    for k in range(_PARTY_SIZES):
        if k:
            runs = seats & together & np.append(runs[1:], False)
        starts = runs.copy()
        starts[1:] &= ~(seats[:-1] & together[:-1])
        fits[:, k] = np.bincount(ground.zone[starts], minlength=ground.zones)
    pairs = ground.zone * 256 + ground.category
    zones: dict[int, ZoneLeft] = {}
    left = np.bincount(pairs[free], minlength=ground.zones * 256)
    for pair in np.unique(pairs[ground.present]).tolist():
        zone = pair >> 8
        if zone not in zones:
            zones[zone] = ZoneLeft(zone, [], fits[zone].tolist())
        zones[zone].left.append(int(left[pair]))
    return zones


class Comparer:
    """Holds what viewers were told of their tiles, of zones and of totals against `statuses`."""

    def __init__(self, statuses: U8, ground: Ground) -> None:
        self.found = Comparison()
        self._ground = ground
        self._tiles = ground.tiles.told(statuses)
        self._zones = zones_of(statuses, ground)
        free = ground.category[(statuses == 0) & ground.present]
        self._totals: list[int] = np.bincount(free, minlength=ground.categories).tolist()
        # By state of zones, which many share: kept, so that no other takes its place in memory.
        self._judged: dict[int, tuple[ZonesTold, str]] = {}

    def compare(self, viewers: Iterable[Viewer]) -> None:
        """Count these in. They must have heard of everything that has happened."""
        for viewer in viewers:
            self.found.compared += 1
            wrong = _tiles_wrong(viewer, self._tiles, self._ground)
            if not wrong:
                wrong = self._far_wrong(viewer)
            if wrong:
                self.found.find(viewer, wrong)

    def _far_wrong(self, viewer: Viewer) -> str:
        if not viewer.told_zones:
            return _totals_wrong(viewer, self._totals)
        told = viewer.zones
        judged = self._judged.get(id(told))
        if judged is None:
            judged = self._judged[id(told)] = told, _zones_wrong(told, self._zones)
        return judged[1]


def _tiles_wrong(viewer: Viewer, tiles: list[bytes | int], ground: Ground) -> str:
    """What is wrong with what it knows of its tiles; "" when nothing is."""
    mask = viewer.log.mask
    try:
        known = viewer.log.statuses(ground.tiles)
    except (BadForm, msgspec.DecodeError) as error:
        return f"was told what cannot be: {error}"
    wrong = []
    for tile, told in enumerate(tiles):
        if mask >> tile & 1:
            has = known.left.get(tile) if isinstance(told, int) else known.seats.get(tile)
            if has != told:
                wrong.append(tile)
    return f"knows {len(wrong)} tiles wrongly, the first is {wrong[0]}" if wrong else ""


def _zones_wrong(told: ZonesTold, zones: dict[int, ZoneLeft]) -> str:
    wrong = [zone for zone, left in zones.items() if told.zones.get(zone) != left]
    return f"knows {len(wrong)} zones wrongly, the first is {wrong[0]}" if wrong else ""


def _totals_wrong(viewer: Viewer, totals: list[int]) -> str:
    if not viewer.totals:
        return "was told of no zones and no totals"
    message = wire.decode_server_message(viewer.totals)
    if not isinstance(message, wire.Totals) or message.left != totals:
        return f"has {getattr(message, 'left', None)} left by category, not {totals}"
    return ""
