"""What is left of each zone: places by category, and how many parties of k would find room.

*Party fit* of a zone for k is the number of its runs of at least k free places side by side. All
runs of the event are measured at once: where one begins, where it ends, and a count of lengths by
zone; on 100,000 places that takes a quarter of what shift-and on bitmaps takes for k = 1 to 8,
because their popcounts by zone cost more than the shifts.
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
        # Places by pair, and where each pair begins among them.
        self._by_pair = np.flatnonzero(present)[np.argsort(number, kind="stable")]
        self._pair_starts = np.flatnonzero(np.diff(np.sort(number), prepend=-1))
        by_seat = np.array(
            [g.kind in (GroupKind.ROW, GroupKind.TABLE) and not g.whole for g in table.groups]
            + [False],
            np.bool_,
        )
        kept = (table.flags & (RETIRED | ACCESSIBLE | COMPANION)) != 0
        self._seated: Bools = by_seat[table.group] & ~kept
        self._linked: Bools = (table.link[:-1] != 0) if table.size else table.link != 0

    def left(self, free: Bools) -> I32:
        """Free places by pair; `free` is by place."""
        if not len(self._pair_starts):
            return np.zeros(0, np.int32)
        return np.add.reduceat(free[self._by_pair], self._pair_starts, dtype=np.int32)

    def fit(self, free: Bools) -> I32:
        """Party fit, shape (zones, PARTY_SIZES); along a row it never grows."""
        seats = free & self._seated
        together = seats[:-1] & seats[1:] & self._linked
        begins, ends = seats.copy(), seats
        begins[1:] &= ~together
        ends[:-1] &= ~together
        first = np.flatnonzero(begins)
        length = np.flatnonzero(ends) - first + 1
        kind = self._zone_of[first] * PARTY_SIZES + np.minimum(length, PARTY_SIZES) - 1
        exactly = np.bincount(kind, minlength=self.zones * PARTY_SIZES)
        by_zone = exactly.reshape(self.zones, PARTY_SIZES)
        return by_zone[:, ::-1].cumsum(axis=1)[:, ::-1].astype(np.int32)
