"""What one viewer was told of its tiles: kept as it came, and made out when somebody asks.

Ten thousand viewers hear a million tile entries a second; to read them all at once would measure
the reader. So a viewer keeps the payloads since its tiles came into view, drops them as tiles go,
and folds them into statuses when they are many, and at the end, in the order they came.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
import numpy.typing as npt

from gateway.live import wire
from gateway.live.chart_view import ChartView
from gateway.live.sight import UNKNOWN, TileIndex
from gateway.live.tile_forms import BITMAP, LIST, RUNS, BadForm, unpack_statuses
from seatengine.limits import LOAD_LOG_BYTES

_QUADS: Final = [bytes((b & 3, b >> 2 & 3, b >> 4 & 3, b >> 6)) for b in range(256)]
_BITS: Final = [bytes(bit for bit in range(8) if b >> bit & 1) for b in range(256)]
VIEW_TAG: Final = 2
TILES_TAG: Final = 11

OnChange = Callable[[int, int, int], None]
"""Called with tile, offset and status where a place that was known has another status now."""


class TileTable:
    """The tiles of a chart as plain lists, for a reader that goes byte by byte."""

    def __init__(self, view: ChartView) -> None:
        self.index = TileIndex(view)
        self.sizes: list[int] = self.index.sizes.tolist()
        self.counted: list[bool] = self.index.counted.tolist()
        self.places: list[list[int]] = [
            self.index.places[start:end].tolist()
            for start, end in zip(self.index.starts[:-1], self.index.starts[1:], strict=True)
        ]
        self.tile_of: list[int] = self.index.tile_of.tolist()

    def told(self, statuses: npt.NDArray[np.uint8]) -> list[bytes | int]:
        """What a viewer should know of each tile where `statuses` are so: a status for each place
        of it, or for an area how many are free."""
        return [
            int(np.count_nonzero(statuses[places] == 0)) if counted else statuses[places].tobytes()
            for places, counted in zip(self.places, self.counted, strict=True)
        ]


class TileStatuses:
    """`seats`: a status for each place of a tile by offset, UNKNOWN where nothing was told;
    `left`: free places of counted tiles."""

    __slots__ = ("left", "seats")

    def __init__(self) -> None:
        self.seats: dict[int, bytearray] = {}
        self.left: dict[int, int] = {}

    def keep(self, mask: int) -> None:
        """Forget tiles that are not in `mask`."""
        for tile in [tile for tile in self.seats if not mask >> tile & 1]:
            del self.seats[tile]
        for tile in [tile for tile in self.left if not mask >> tile & 1]:
            del self.left[tile]

    def take(
        self, payload: bytes, tiles: TileTable, mask: int, on_change: OnChange | None = None
    ) -> None:
        """Take in an encoded Tiles or View, as far as it concerns `mask`. Raises BadForm."""
        message = wire.decode_server_message(payload)
        if isinstance(message, wire.Tiles):
            try:
                self._take_entries(message.packed, tiles, mask, on_change)
            except IndexError:
                raise BadForm("the bytes end too early") from None
        elif isinstance(message, wire.View):
            self._take_view(message, tiles, mask)
        else:
            raise BadForm(f"{type(message).__name__} says nothing of tiles")

    def _take_entries(
        self, packed: bytes, tiles: TileTable, mask: int, on_change: OnChange | None
    ) -> None:
        sizes, counted, seats = tiles.sizes, tiles.counted, self.seats
        at, end = 0, len(packed)
        while at < end:
            tile, at = _varint(packed, at)
            if counted[tile]:
                self.left[tile], at = _varint(packed, at)
                continue
            size, head = sizes[tile], packed[at]
            at += 1
            form, n = head & 3, (head >> 2) + 1
            known = seats.get(tile)
            first = known is None
            if known is None:
                known = bytearray((UNKNOWN,)) * size
                if mask >> tile & 1:
                    seats[tile] = known
            before = bytes(known) if on_change is not None and not first else None
            if form == LIST:
                for entry in packed[at : at + n]:
                    known[entry & 0x3F] = entry >> 6
                at += n
            elif form == RUNS:
                runs = packed[at : at + n]
                known[:] = b"".join([bytes((e >> 6,)) * ((e & 0x3F) + 1) for e in runs])
                at += n
            elif form == BITMAP:
                width = (size + 7) // 8
                offsets = [
                    8 * index + bit
                    for index, byte in enumerate(packed[at : at + width])
                    for bit in _BITS[byte]
                ]
                at += width
                width = (len(offsets) + 3) // 4
                told = b"".join([_QUADS[b] for b in packed[at : at + width]])
                for offset, status in zip(offsets, told, strict=False):
                    known[offset] = status
                at += width
            else:
                width = (size + 3) // 4
                known[:] = b"".join([_QUADS[b] for b in packed[at : at + width]])[:size]
                at += width
            if len(known) != size or at > end:
                raise BadForm(f"tile {tile} has {size} places")
            if before is not None and on_change is not None and before != known:
                for offset in range(size):
                    if before[offset] not in (UNKNOWN, known[offset]):
                        on_change(tile, offset, known[offset])

    def _take_view(self, view: wire.View, tiles: TileTable, mask: int) -> None:
        for tile, told in enumerate(tiles.told(unpack_statuses(view.statuses, view.count))):
            if not mask >> tile & 1:
                continue
            if isinstance(told, int):
                self.left[tile] = told
            else:
                self.seats[tile] = bytearray(told)


class TileLog:
    """The payloads a viewer was told since its tiles came into view.

    `mask` are the tiles it is told of, as bits. A *stay* is the tiles that came into view together
    and the payloads from then on, up to the next stay.
    """

    __slots__ = ("_base", "_bytes", "_stays", "mask", "payloads")

    def __init__(self) -> None:
        self.mask = 0
        self._base: TileStatuses | None = None
        self._bytes = 0
        self.payloads: list[bytes] = []
        self._stays: list[tuple[int, list[bytes]]] = [(0, self.payloads)]

    def watch(self, mask: int) -> None:
        """The server says that these tiles are told from now on."""
        came = mask & ~self.mask
        self.mask = mask
        self.payloads = []
        stays = [(stay & mask, payloads) for stay, payloads in self._stays]
        stays.append((came, self.payloads))
        while len(stays) > 1 and not stays[0][0]:
            self._bytes -= sum(map(len, stays[0][1]))
            del stays[0]
            self._base = None
        self._stays = stays
        if self._base is not None:
            self._base.keep(mask)

    @property
    def known(self) -> int:
        """Those of `mask` that something was told of, as bits."""
        came, payloads = self._stays[-1]
        return self.mask if payloads else self.mask & ~came

    @property
    def last(self) -> bytes:
        """The payload that came last; b"" after none."""
        return next((payloads[-1] for _, payloads in reversed(self._stays) if payloads), b"")

    def tell(self, payload: bytes, tiles: TileTable) -> None:
        """An encoded Tiles or View came."""
        self.payloads.append(payload)
        self._bytes += len(payload)
        if self._bytes > LOAD_LOG_BYTES:
            self._base = self.statuses(tiles)
            self._bytes = 0
            self.payloads = []
            self._stays = [(self.mask, self.payloads)]

    def statuses(self, tiles: TileTable) -> TileStatuses:
        """What the viewer knows of the tiles in `mask`. Raises BadForm."""
        known, self._base = self._base or TileStatuses(), None
        for _, payloads in self._stays:
            for payload in payloads:
                known.take(payload, tiles, self.mask)
        known.keep(self.mask)
        self._base = known
        self.payloads = []
        self._bytes = 0
        self._stays = [(self.mask, self.payloads)]
        return known


def _varint(data: bytes, at: int) -> tuple[int, int]:
    byte = data[at]
    if byte < 0x80:
        return byte, at + 1
    value = byte & 0x7F
    shift = 7
    while byte >= 0x80:
        at += 1
        byte = data[at]
        value |= (byte & 0x7F) << shift
        shift += 7
    return value, at + 1
