"""What is left of the zones of one event, as its viewers far out were told last. Pure."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from gateway.live.zone_forms import ZoneLeft, pack_zones
from seatengine.chart.seat_table import SeatTable
from seatengine.chart.tiles import TileMap
from seatengine.core.party_fit import PartyFit

Bools = npt.NDArray[np.bool_]
I64 = npt.NDArray[np.int64]


class ZoneWatch:
    """`told_seq` is the seq of the picture that viewers have; 0 before the first tick."""

    def __init__(self, table: SeatTable, tiles: TileMap) -> None:
        self._party_fit = PartyFit(table, tiles.zone_of, tiles.zones)
        pairs = self._party_fit.pair_zone
        self._pair_starts = np.searchsorted(pairs, np.arange(tiles.zones + 1))
        self._left = np.full(len(pairs), -1, np.int32)
        self._fit = np.zeros((tiles.zones, 0), np.int32)
        self._changed_seq: I64 = np.zeros(tiles.zones, np.int64)
        self._empty: Bools = np.diff(self._pair_starts) == 0
        self.told_seq = 0
        self._whole = b""

    @property
    def categories(self) -> I64:
        """How many categories each zone has places of."""
        return np.diff(self._pair_starts)

    def tick(self, seq: int, free: Bools) -> bytes:
        """Count anew; the zones that changed since the last tick, packed."""
        if seq == self.told_seq:
            return b""
        left = self._party_fit.left(free)
        fit = self._party_fit.fit(free)
        if self.told_seq:
            changed = np.zeros(len(fit), np.bool_)
            changed[self._party_fit.pair_zone[left != self._left]] = True
            changed |= (fit != self._fit).any(axis=1)
        else:
            changed = ~self._empty
        self._left, self._fit = left, fit
        self._changed_seq[changed] = seq
        self.told_seq = seq
        self._whole = b""
        return self._packed(np.flatnonzero(changed))

    def since(self, seq: int) -> bytes:
        """The zones that changed after `seq` as told last, packed; -1 gives every zone."""
        if seq >= 0:
            return self._packed(np.flatnonzero((self._changed_seq > seq) & ~self._empty))
        if not self._whole:
            self._whole = self._packed(np.flatnonzero(~self._empty))
        return self._whole

    def _packed(self, zones: I64) -> bytes:
        left, fit, starts = self._left.tolist(), self._fit, self._pair_starts.tolist()
        return pack_zones(
            ZoneLeft(zone, left[starts[zone] : starts[zone + 1]], fit[zone].tolist())
            for zone in zones.tolist()
        )
