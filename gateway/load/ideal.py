"""What a viewer near by must be told at least: exactly the places inside its viewport.

Of each payload that a sampled viewer got, the places inside its viewport alone are packed again in
the same forms, as if they made up the tile; a place's status counts once when it comes into view,
then its changes. What is over that is told of places outside: the rest of a tile that the viewport
cuts, and tiles sent ahead.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from gateway.live import wire
from gateway.live.frames import BINARY, server_frame
from gateway.live.sight import UNKNOWN
from gateway.live.tile_forms import smallest_entry, whole_entry
from gateway.load.ground import Ground
from gateway.load.told_tiles import TileStatuses

Bools = npt.NDArray[np.bool_]


class Diary:
    """Everything one sampled viewer said and was told, in order. `told_bytes` are those of frames
    that tell of tiles, Watching among them."""

    def __init__(self) -> None:
        self.pages: list[wire.Look | int | bytes] = []
        self.told_bytes = 0
        self.counted_from = 0

    def begin(self) -> None:
        """Count from here on: what was told before counts on neither side."""
        self.told_bytes = 0
        self.counted_from = len(self.pages)

    def look(self, look: wire.Look) -> None:
        self.pages.append(look)

    def watch(self, mask: int, size: int) -> None:
        self.pages.append(mask)
        self.told_bytes += size

    def tell(self, payload: bytes, size: int) -> None:
        self.pages.append(payload)
        self.told_bytes += size


def ideal_bytes(diary: Diary, ground: Ground) -> int:
    """What the frames of a diary would have come to."""
    reader = _Reader(ground)
    sizes = list(map(reader.read, diary.pages))
    return sum(sizes[diary.counted_from :])


class _Reader:
    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._statuses = np.full(ground.size, UNKNOWN, np.uint8)
        self._inside: Bools = np.zeros(ground.size, np.bool_)
        self._owed: Bools = np.zeros(ground.size, np.bool_)
        self._known = TileStatuses()
        self._mask = 0

    def read(self, page: wire.Look | int | bytes) -> int:
        if isinstance(page, int):
            self._mask = page
            self._known.keep(page)
            return 0
        if isinstance(page, bytes):
            return self._told(page)
        ground = self._ground
        inside = (ground.x > page.x0) & (ground.x < page.x1)
        inside &= (ground.y > page.y0) & (ground.y < page.y1)
        inside &= ground.present
        self._owed = (self._owed | ~self._inside) & inside
        self._inside = inside
        return self._frame(self._pay())

    def _told(self, payload: bytes) -> int:
        changed: dict[int, list[int]] = {}
        tiles = self._ground.tiles

        def change(tile: int, offset: int, status: int) -> None:
            place = tiles.places[tile][offset]
            self._statuses[place] = status
            if self._inside[place] and not self._owed[place]:
                changed.setdefault(tile, []).append(place)

        had = set(self._known.seats)
        self._known.take(payload, tiles, self._mask, change)
        for tile in self._known.seats.keys() - had:
            self._statuses[tiles.places[tile]] = np.frombuffer(self._known.seats[tile], np.uint8)
        entries = [self._changed_entry(tile, places) for tile, places in changed.items()]
        return self._frame(entries + self._pay())

    def _changed_entry(self, tile: int, places: list[int]) -> bytes:
        whole = [place for place in self._ground.tiles.places[tile] if self._inside[place]]
        at = {place: number for number, place in enumerate(whole)}
        listed = bytes(at[place] | int(self._statuses[place]) << 6 for place in places)
        return smallest_entry(tile, self._statuses[whole], listed)

    def _pay(self) -> list[bytes]:
        """Entries for the places that have come into view and whose tile has been told."""
        entries: list[bytes] = []
        tiles = self._ground.tiles
        owed = np.flatnonzero(self._owed)
        for tile in np.unique(tiles.index.tile_of[owed]).tolist():
            if tile not in self._known.seats and not tiles.counted[tile]:
                continue
            places = owed[tiles.index.tile_of[owed] == tile]
            self._owed[places] = False
            if tiles.counted[tile]:
                entries.append(bytes(3))
            else:
                entries.append(whole_entry(tile, self._statuses[places]))
        return entries

    def _frame(self, entries: list[bytes]) -> int:
        if not entries:
            return 0
        message = wire.Tiles(1 << 20, b"".join(entries))
        return len(server_frame(BINARY, wire.encode_message(message)))
