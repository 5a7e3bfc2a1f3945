"""Tile entries of many tiles at once: what a tick or a Look costs the server. Pure.

Gives the same bytes as changed_entry, whole_entry and smallest_entry of tile_forms.py one tile at
a time, but the bodies of LIST and RUNS of all tiles come from a few vector operations.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from gateway.live.tile_forms import (
    LIST,
    RUNS,
    WHOLE,
    Statuses,
    changed_entry,
    counted_entry,
    pack_few_statuses,
    varint,
)
from seatengine.chart.tiles import TileMap
from seatengine.core.seating import FREE

I32 = npt.NDArray[np.int32]
I64 = npt.NDArray[np.int64]


class TileEncoder:
    """Entries of the tiles of one TileMap; `statuses` given to its methods are by place."""

    def __init__(self, tiles: TileMap) -> None:
        self._tiles = tiles
        self._heads = [varint(tile) for tile in range(tiles.count)]
        self._sizes: list[int] = tiles.sizes.tolist()
        self._counted: list[bool] = tiles.counted.tolist()

    def changed(self, statuses: Statuses, places: I64) -> dict[int, bytes]:
        """By tile in order, the smallest entry that tells `places`, or all of its tile."""
        tiles = self._tiles
        tile = tiles.tile_of[places]
        order = np.lexsort((tiles.offset_of[places], tile))
        order = order[int(np.searchsorted(tile[order], 0)) :]
        if not len(order):
            return {}
        places, tile = places[order], tile[order]
        # An area's offsets do not fit, and its list is not used.
        offsets = tiles.offset_of[places] & 0x3F
        listed = (offsets | statuses[places].astype(np.int32) << 6).astype(np.uint8).tobytes()
        begins = np.flatnonzero(np.diff(tile, prepend=-1))
        dirty = tile[begins]
        told, told_ends, runs, run_ends = self._runs(statuses, dirty)
        entries: dict[int, bytes] = {}
        told_at = run_at = at = 0
        ends = [*begins[1:].tolist(), len(tile)]
        for number, end, told_end, run_end in zip(
            dirty.tolist(), ends, told_ends, run_ends, strict=True
        ):
            count = end - at
            if self._counted[number]:
                entries[number] = self._counted_entry(statuses, number)
            elif count <= run_end - run_at and count * 8 <= self._sizes[number]:
                head = self._heads[number] + bytes((LIST | count - 1 << 2,))
                entries[number] = head + listed[at:end]
            else:
                entries[number] = self._smallest(
                    number, told[told_at:told_end], runs[run_at:run_end], listed[at:end]
                )
            at, told_at, run_at = end, told_end, run_end
        return entries

    def whole(self, statuses: Statuses, wanted: list[int]) -> dict[int, bytes]:
        """By tile, the smallest entry that tells every place of each wanted tile."""
        if not wanted:
            return {}
        told, told_ends, runs, run_ends = self._runs(statuses, np.array(wanted, np.int64))
        entries: dict[int, bytes] = {}
        told_at = run_at = 0
        for number, told_end, run_end in zip(wanted, told_ends, run_ends, strict=True):
            if self._counted[number]:
                entries[number] = self._counted_entry(statuses, number)
            else:
                entries[number] = self._whole(number, told[told_at:told_end], runs[run_at:run_end])
            told_at, run_at = told_end, run_end
        return entries

    def _smallest(self, tile: int, told: bytes, runs: bytes, listed: bytes) -> bytes:
        size = self._sizes[tile]
        count = len(listed)
        changed_bytes = min(count, (size + 7) // 8 + (count + 3) // 4)
        if min(len(runs), (size + 3) // 4) < changed_bytes:
            return self._whole(tile, told, runs)
        return changed_entry(tile, size, listed)

    def _whole(self, tile: int, told: bytes, runs: bytes) -> bytes:
        if len(runs) <= (self._sizes[tile] + 3) // 4:
            return self._heads[tile] + bytes((RUNS | len(runs) - 1 << 2,)) + runs
        return self._heads[tile] + bytes((WHOLE,)) + pack_few_statuses(told)

    def _counted_entry(self, statuses: Statuses, tile: int) -> bytes:
        left = int(np.count_nonzero(statuses[self._tiles.places_of(tile)] == FREE))
        return counted_entry(tile, left)

    def _runs(
        self, statuses: Statuses, wanted: npt.NDArray[np.integer]
    ) -> tuple[bytes, list[int], bytes, list[int]]:
        """The statuses of the wanted tiles, a byte each, and where each tile's end; the bodies of
        their RUNS forms, joined, and where each ends. An area has none of either."""
        tiles = self._tiles
        sizes = np.where(tiles.counted[wanted], 0, tiles.sizes[wanted])
        ends = np.cumsum(sizes)
        begins = ends - sizes
        total = int(ends[-1])
        at = np.repeat(tiles.starts[wanted] - begins, sizes) + np.arange(total)
        told = statuses[tiles.places[at]]
        first = np.empty(total, np.bool_)
        first[1:] = told[1:] != told[:-1]
        first[begins[sizes > 0]] = True
        starts = np.flatnonzero(first)
        lengths = np.diff(starts, append=total)
        bodies = (lengths - 1 | told[starts].astype(np.int64) << 6).astype(np.uint8).tobytes()
        run_ends = np.searchsorted(starts, ends).tolist()
        return told.tobytes(), ends.tolist(), bodies, run_ends
