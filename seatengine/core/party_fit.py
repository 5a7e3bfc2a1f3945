"""What is left of each zone: places by category, and how many parties of k would find room.

*Party fit* of a zone for k is the number of its runs of at least k free places side by side, by
shift-and on the bitmaps of best_available: with F the free places and L the links, the places
where k + 1 together begin are `R(k+1) = F & L & (R(k) >> 1)`, and a run begins where the place
before does not begin one too.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from seatengine.chart.seat_table import ACCESSIBLE, COMPANION, RETIRED, GroupKind, SeatTable

PARTY_SIZES: Final = 8
"""Party fit is told for parties of 1 to so many."""

I32 = npt.NDArray[np.int32]
Bools = npt.NDArray[np.bool_]


class PartyFit:
    """Counts over one SeatTable. `zone_of` is int32 by place, of `zones` zones.

    pair_zone, pair_category: int32, one pair for each category that a zone has places of, in order
    of zone and category. Areas, booths, tables sold whole and places kept for people who need them
    (accessible, companion) count as left, but seat no party of their own.
    """

    def __init__(self, table: SeatTable, zone_of: I32, zones: int) -> None:
        self.zones = zones
        self._zone_of = zone_of
        present = (table.flags & RETIRED) == 0
        pair = zone_of.astype(np.int64) * 256 + table.category
        pairs, number = np.unique(pair[present], return_inverse=True)
        self.pair_zone: I32 = (pairs >> 8).astype(np.int32)
        self.pair_category: I32 = (pairs & 255).astype(np.int32)
        self._pair_of = np.full(table.size, len(pairs), np.int32)
        self._pair_of[present] = number
        by_seat = np.array(
            [g.kind in (GroupKind.ROW, GroupKind.TABLE) and not g.whole for g in table.groups]
            + [False],
            np.bool_,
        )
        kept = (table.flags & (RETIRED | ACCESSIBLE | COMPANION)) != 0
        self._seated: Bools = by_seat[table.group] & ~kept
        self._link = _bits(table.link != 0)

    def left(self, free: Bools) -> I32:
        """Free places by pair; `free` is by place."""
        counts = np.bincount(self._pair_of[free], minlength=len(self.pair_zone) + 1)
        return counts[:-1].astype(np.int32)

    def fit(self, free: Bools) -> I32:
        """Party fit, shape (zones, PARTY_SIZES); along a row it never grows."""
        fit = np.zeros((self.zones, PARTY_SIZES), np.int32)
        seats = _bits(free & self._seated)
        linked = seats & self._link
        starts = seats
        for k in range(PARTY_SIZES):
            if not starts:
                break
            runs = starts & ~((starts & self._link) << 1)
            fit[:, k] = np.bincount(self._zone_of[_places(runs)], minlength=self.zones)
            starts = linked & (starts >> 1)
        return fit


def _bits(chosen: Bools) -> int:
    return int.from_bytes(np.packbits(chosen, bitorder="little").tobytes(), "little")


def _places(bits: int) -> npt.NDArray[np.int64]:
    data = bits.to_bytes((bits.bit_length() + 7) // 8, "little")
    return np.flatnonzero(np.unpackbits(np.frombuffer(data, np.uint8), bitorder="little"))
