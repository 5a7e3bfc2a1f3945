"""What viewers were told of zones: one state shared by all who were told the same."""

from __future__ import annotations

from gateway.live.sight import Tiling
from gateway.live.zone_forms import ZoneLeft, read_zones


class ZonesTold:
    """What is left by zone after a row of Zones; never changed.

    Thousands of viewers hear the same bytes: each step from one state by one payload is decoded
    once, and then costs a lookup.
    """

    __slots__ = ("_after", "_tiles", "zones")

    def __init__(self, tiles: Tiling, zones: dict[int, ZoneLeft] | None = None) -> None:
        self._tiles = tiles
        self.zones: dict[int, ZoneLeft] = zones or {}
        self._after: dict[bytes, ZonesTold] = {}

    def after(self, packed: bytes) -> ZonesTold:
        """The state that follows when `packed` is told. Raises BadForm."""
        known = self._after.get(packed)
        if known is None:
            told = {z.zone: z for z in read_zones(packed, self._tiles.zone_categories)}
            known = self._after[packed] = ZonesTold(self._tiles, self.zones | told)
        return known
