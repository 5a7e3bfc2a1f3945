"""Sets of tiles that viewers watch, shared by all who watch the same. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from operator import itemgetter

from seatengine.chart.tiles import tiles_of
from seatengine.limits import MAX_SHARED_TILE_SETS

Pick = Callable[[list[bytes]], Iterable[bytes]]


class TileSet:
    """`mask` are its tiles as bits of an integer; `pick` takes from a list by tile what stands
    there for each of them, in order."""

    __slots__ = ("mask", "pick")

    def __init__(self, mask: int, numbers: list[int]) -> None:
        self.mask = mask
        self.pick: Pick
        # The numbers of one map are shared: fresh ones for each set would be most of what it takes.
        tiles = [numbers[tile] for tile in tiles_of(mask)]
        if len(tiles) > 1:
            self.pick = itemgetter(*tiles)
        else:
            self.pick = lambda entries: [entries[tile] for tile in tiles]


NO_TILES = TileSet(0, [])


class TileSets:
    """The sets of one event's tiles that were asked for last: equal ones are the same object."""

    def __init__(self, tiles: int) -> None:
        self._numbers = list(range(tiles))
        self._by_mask: dict[int, TileSet] = {}

    def of(self, mask: int) -> TileSet:
        """The set with these tiles."""
        if not mask:
            return NO_TILES
        known = self._by_mask.get(mask)
        if known is None:
            if len(self._by_mask) >= MAX_SHARED_TILE_SETS:
                self._by_mask.pop(next(iter(self._by_mask)))
            known = self._by_mask[mask] = TileSet(mask, self._numbers)
        return known
