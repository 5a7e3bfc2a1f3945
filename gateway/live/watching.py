"""What one viewer is told of: its Look turned into tiles and zones, and what it then must hear.

Pure. A Watch belongs to a connection; hub.py serves it at every tick.
"""

from __future__ import annotations

from math import isfinite
from typing import Final

from gateway.live import wire
from gateway.live.fanout import LiveEvent
from gateway.live.tile_forms import BadForm, read_tile_runs
from gateway.live.tile_sets import NO_TILES
from seatengine.chart.tiles import Box, mask_of
from seatengine.limits import MAX_COORDINATE, MAX_PLACES_IN_VIEW

# A seat smaller than this on the screen is not worth telling; below the second, the page still
# writes on zones what is left of them.
_SEAT_FROM_PX: Final = 2.5
_ZONES_BELOW_PX: Final = 9.0
# Nothing of a chart is further out; single precision, which tiles are measured in, ends later.
_EDGE: Final = 4 * MAX_COORDINATE
# Tiles sent ahead may cost half as much again as what is in the viewport itself.
_AHEAD_FACTOR: Final = 1.5


class Watch:
    """`tiles` are the watched tiles; `zones` says whether zones are told."""

    __slots__ = ("look", "tiles", "zones")

    def __init__(self) -> None:
        self.look: wire.Look | None = None
        self.tiles = NO_TILES
        self.zones = False

    @property
    def mask(self) -> int:
        """The watched tiles as bits of an integer."""
        return self.tiles.mask

    def _see(self, live: LiveEvent) -> None:
        """Turn `look` into what is watched."""
        mask, self.zones = _chosen(live, self.look)
        self.tiles = live.tile_sets.of(mask)

    def begin(self, live: LiveEvent, hello: wire.Hello) -> bytes:
        """Watch what `look` says; without one what the viewer knows by its Hello, or from far out.
        Frames that tell everything of it that it does not know."""
        known = _known(live, hello)
        if self.look is None and known:
            # Its Look is on the way: to look from far out now would tell it everything twice.
            self.tiles, self.zones = live.tile_sets.of(known), hello.zones_seq > 0
        else:
            self._see(live)
        told = live.watching(self.mask, self.zones)
        if self.mask:
            told += live.since(hello.epoch, hello.seq, known, self.mask)
        if self.zones:
            return told + live.zones_since(hello.epoch, hello.zones_seq)
        return told + live.totals()

    def turn(self, live: LiveEvent, look: wire.Look) -> bytes:
        """Watch what `look` says from now on. Frames that tell what is new by that; maybe none."""
        had_mask, had_zones = self.mask, self.zones
        self.look = look
        self._see(live)
        if (self.mask, self.zones) == (had_mask, had_zones):
            return b""
        told = live.watching(self.mask, self.zones) + live.whole(self.mask & ~had_mask)
        if self.zones == had_zones:
            return told
        return told + (live.zones_since(0, 0) if self.zones else live.totals())

    def afresh(self, live: LiveEvent) -> bytes:
        """Watch what `look` says. Frames that tell all of it, for a viewer that lost some."""
        self._see(live)
        rest = live.zones_since(0, 0) if self.zones else live.totals()
        return live.watching(self.mask, self.zones) + live.whole(self.mask) + rest

    def end(self) -> None:
        """Watch nothing until the next `begin`."""
        self.tiles, self.zones = NO_TILES, False


def is_sound(look: wire.Look) -> bool:
    """Whether its numbers are numbers."""
    return all(map(isfinite, (look.x0, look.y0, look.x1, look.y1, look.zoom)))


def _chosen(live: LiveEvent, look: wire.Look | None) -> tuple[int, bool]:
    """(tiles as a mask, whether zones too) that serve this look best."""
    tiles = live.tiles
    if tiles is None:
        return 0, False
    if look is None:
        return 0, True
    if Box(look.x0, look.y0, look.x1, look.y1).empty:
        listed = tiles.of_sections(look.sections)
        return (mask_of(listed) if tiles.places_in(listed) <= MAX_PLACES_IN_VIEW else 0), True
    seat_px = tiles.spacing * look.zoom
    if seat_px < _SEAT_FROM_PX:
        return 0, True
    box = Box(*(max(-_EDGE, min(at, _EDGE)) for at in (look.x0, look.y0, look.x1, look.y1)))
    seen = tiles.in_view(box, look.floor)
    if tiles.places_in(seen) > MAX_PLACES_IN_VIEW:
        return 0, True
    ahead = tiles.ahead(seen, box, look.floor, _AHEAD_FACTOR)
    return mask_of(ahead), seat_px < _ZONES_BELOW_PX


def _known(live: LiveEvent, hello: wire.Hello) -> int:
    """The tiles that a Hello says are known; none where that makes no sense here."""
    if live.tiles is None or hello.epoch != live.epoch:
        return 0
    try:
        return read_tile_runs(hello.tiles, live.tiles.count)
    except BadForm:
        return 0
