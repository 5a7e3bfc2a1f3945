"""What the viewers of one event must hear. Pure: the hub writes the bytes.

Two pictures of the places stand here. The *known* one is what is durable, as of `seq`. The *told*
one is what every viewer near by has been told, as of `told_seq`; `tick` brings it up to date and
says the difference, so a place that changed and changed back costs nothing. Who begins to look
between two ticks is shown the told picture and goes on with the others.

For each place stands the seq at which it last changed: what a viewer missed since any seq is one
vector comparison, whether it was away for a tick or an hour.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from gateway.live import wire
from gateway.live.frames import BINARY, server_frame
from gateway.live.tile_encoder import TileEncoder
from gateway.live.tile_forms import pack_statuses, tile_runs
from gateway.live.tile_maps import TileMaps
from gateway.live.tile_sets import TileSet, TileSets
from gateway.live.zone_watch import ZoneWatch
from seatengine.chart.seat_table import RETIRED as GONE
from seatengine.chart.seat_table import SeatTable
from seatengine.chart.tiles import TileMap, tiles_of
from seatengine.core import entries
from seatengine.core.outputs import Batch, HoldView
from seatengine.core.policy import SalePolicy, Tariff
from seatengine.core.seating import BLOCKED, FREE, RETIRED
from seatengine.ids import ChartHash, Epoch, EventId

I64 = npt.NDArray[np.int64]

# Free places named beside those that were lost, and how far by index they are looked for.
_BESIDE_MAX = 4
_BESIDE_REACH = 400
# What was missed since one seq serves everyone who was cut off at it; so many are kept.
_MISSED_KEPT = 16


class TileTick:
    """Entries of some tiles as of `seq`, and the frames made of them: for each set of tiles that
    someone watches, the same bytes."""

    __slots__ = ("_entries", "frames", "mask", "seq")

    def __init__(self, seq: int, entries: Mapping[int, bytes], tiles: int) -> None:
        self.seq = seq
        # By tile, empty where nothing is told: thousands pick theirs from it.
        self._entries = [b""] * tiles
        self.frames: dict[int, bytes] = {}
        self.mask = 0
        for tile, entry in entries.items():
            self._entries[tile] = entry
            self.mask |= 1 << tile

    def frame(self, mask: int, within: TileSet | None = None) -> bytes:
        """The framed Tiles for a viewer of the tiles in `mask`; empty when it concerns none.

        `within` may be given where it is at hand: the viewer's tiles.
        """
        mask &= self.mask
        frame = self.frames.get(mask)
        if frame is None:
            entries = self._entries
            told = within.pick(entries) if within else [entries[tile] for tile in tiles_of(mask)]
            packed = b"".join(told)
            frame = _framed(wire.Tiles(self.seq, packed)) if mask else b""
            self.frames[mask] = frame
        return frame


class LiveEvent:
    """One event as its viewers may know it: everything here is durable."""

    def __init__(
        self,
        event: EventId,
        epoch: Epoch,
        seq: int,
        table: SeatTable | None,
        statuses: bytes,
        policy: SalePolicy,
        tariffs: list[Tariff],
        tables: Mapping[ChartHash, SeatTable],
        tile_maps: TileMaps | None = None,
    ) -> None:
        self.event = event
        self.epoch = epoch
        self.seq = seq
        self.base_seq = seq
        self.tariffs = list(tariffs)
        self.policy = policy
        # Nobody watches zones: they are counted when someone does.
        self.zones_idle = True
        self._tables = tables
        self._tile_maps = tile_maps or TileMaps()
        self._show(table, statuses)

    def _show(self, table: SeatTable | None, statuses: bytes) -> None:
        self.table = table
        self._category = table.category.tobytes() if table is not None else b""
        self._status = bytearray(_shown(np.frombuffer(statuses, np.uint8)).tobytes())
        self._known = np.frombuffer(self._status, np.uint8)
        self._changed_seq: I64 = np.full(len(statuses), self.seq, np.int64)
        self.told_seq = self.seq
        self._told = self._known.copy()
        self._dirty: dict[int, None] = {}
        self._view_frame: tuple[int, bytes] | None = None
        self._whole: dict[int, bytes] = {}
        self._missed: dict[int, TileTick] = {}
        self._totals_frame: tuple[int, bytes] | None = None
        self.tiles: TileMap | None = None
        self._encoder: TileEncoder | None = None
        self.tile_sets = TileSets(0)
        self.zones: ZoneWatch | None = None
        if table is not None:
            self.tiles = self._tile_maps.of(table)
            self._encoder = TileEncoder(self.tiles)
            self.tile_sets = TileSets(self.tiles.count)
            self.zones = ZoneWatch(table, self.tiles)
            self._present = (table.flags & GONE) == 0

    @property
    def statuses(self) -> bytes:
        """One byte a place, as of `seq`: 0 free, 1 held, 2 booked, 3 blocked or gone."""
        return bytes(self._status)

    @property
    def dirty(self) -> bool:
        """Whether `tick` has something to look at."""
        return bool(self._dirty)

    def apply(self, batch: Batch) -> bool:
        """Take a batch in; True when prices or rules changed. Raises ValueError on a gap.

        A batch that binds a chart moves `base_seq`: whatever a viewer knew is no use any more.
        """
        if batch.after_seq != self.seq:
            raise ValueError(f"at seq {self.seq}, got a batch after {batch.after_seq}")
        changed_rules = rebound = False
        for entry in batch.entries:
            if isinstance(entry, entries.ChartBound):
                table = self._tables[entry.chart_hash]
                self._show(table, bytes(table.size))
                self.policy, self.tariffs = entry.policy, [entry.tariff]
                changed_rules = rebound = True
            elif isinstance(entry, entries.SaleConfigured):
                changed_rules = True
                self.policy = entry.policy
                if entry.tariff is not None:
                    self.tariffs.append(entry.tariff)
        self.seq = batch.seq
        status = self._status
        seq = self.seq
        changed_seq = self._changed_seq
        places = batch.places
        if len(places) > 64:
            at = np.array(places, np.int64)
            self._known[at] = _shown(np.frombuffer(batch.statuses, np.uint8))
            changed_seq[at] = seq
        else:
            for place, new in zip(places, batch.statuses, strict=True):
                status[place] = BLOCKED if new == RETIRED else new
                changed_seq[place] = seq
        self._dirty.update(dict.fromkeys(places))
        if rebound:
            self.base_seq = seq
            self.tick()
        return changed_rules

    def tick(self) -> TileTick:
        """Everything since the last tick, for those who watch tiles."""
        dirty = np.fromiter(self._dirty, np.int64, len(self._dirty))
        self._dirty = {}
        self.told_seq = self.seq
        now = self._known[dirty]
        changed = dirty[now != self._told[dirty]]
        self._told[changed] = self._known[changed]
        entries = self._entries(changed)
        for tile in entries:
            self._whole.pop(tile, None)
        self._missed = {}
        return self._tile_tick(self.seq, entries)

    def whole(self, mask: int) -> bytes:
        """The framed statuses of every place of some tiles, as told; View where it is all tiles."""
        tiles = self.tiles
        if tiles is None or not mask:
            return b""
        if mask == tiles.all_mask:
            return self.view()
        wanted = tiles_of(mask)
        known = self._whole
        if self._encoder is not None:
            missing = [tile for tile in wanted if tile not in known]
            known.update(self._encoder.whole(self._told, missing))
        packed = b"".join([known[tile] for tile in wanted])
        return _framed(wire.Tiles(self.told_seq, packed))

    def view(self) -> bytes:
        """The framed View of every place, as told; made once per tick."""
        known = self._view_frame
        if known is None or known[0] != self.told_seq:
            message = wire.View(
                self.epoch, self.told_seq, len(self._told), pack_statuses(self._told)
            )
            known = (self.told_seq, _framed(message))
            self._view_frame = known
        return known[1]

    def since(self, epoch: int, seq: int, known: int, mask: int) -> bytes:
        """Framed: what a viewer that was last at (epoch, seq), and then knew the tiles `known`,
        is to hear of the tiles `mask`. All of them where this process cannot tell what it missed
        (it took over after that seq), or where that is as much."""
        if epoch != self.epoch or not self.base_seq <= seq <= self.told_seq:
            return self.whole(mask)
        missed = self._missed.get(seq)
        if missed is None:
            changed = np.flatnonzero(self._changed_seq > seq)
            missed = self._tile_tick(self.told_seq, self._entries(changed))
            if len(self._missed) >= _MISSED_KEPT:
                self._missed.pop(next(iter(self._missed)))
            self._missed[seq] = missed
        # At least this much is said, so that the viewer knows what its tiles are as of.
        told = missed.frame(known & mask) or _framed(wire.Tiles(self.told_seq, b""))
        fresh = self.whole(mask & ~known)
        everything = self.whole(mask)
        return told + fresh if len(told) + len(fresh) < len(everything) else everything

    def watching(self, mask: int, zones: bool) -> bytes:
        """The framed Watching."""
        return _framed(wire.Watching(tile_runs(mask), zones))

    def totals(self) -> bytes:
        """The framed Totals as of `seq`; empty before there is a chart."""
        table = self.table
        if table is None:
            return b""
        known = self._totals_frame
        if known is None or known[0] != self.seq:
            free = table.category[self._present & (self._known == FREE)]
            left = np.bincount(free, minlength=len(table.categories))
            known = (self.seq, _framed(wire.Totals(self.seq, left.tolist())))
            self._totals_frame = known
        return known[1]

    def zones_tick(self) -> bytes:
        """The framed Zones of everything since the last call; empty when no zone has changed."""
        zones = self.zones
        if zones is None:
            return b""
        packed = zones.tick(self.seq, self._known == FREE)
        return _framed(wire.Zones(self.seq, packed)) if packed else b""

    def zones_since(self, epoch: int, seq: int) -> bytes:
        """The framed Zones that a viewer last at (epoch, seq) misses; 0 misses all of them."""
        zones = self.zones
        if zones is None:
            return b""
        if self.zones_idle or not zones.told_seq:
            zones.tick(self.seq, self._known == FREE)
        if epoch != self.epoch or not self.base_seq <= seq <= zones.told_seq:
            seq = -1
        return _framed(wire.Zones(zones.told_seq, zones.since(seq)))

    def prices(self, places: list[int], tariff: int) -> list[int]:
        """What each place costs at tariff number `tariff`, minor units."""
        prices = self.tariffs[tariff].prices
        category = self._category
        return [prices[category[p]] for p in places]

    def hold_state(self, view: HoldView) -> wire.HoldState:
        """A live hold as its viewer is told of it."""
        return wire.HoldState(
            view.hold,
            view.places,
            self.prices(view.places, view.tariff),
            view.expires_at_ms,
            view.extensions_left,
        )

    def beside(self, taken: list[int], wanted: int) -> list[int]:
        """Free places near those that were lost: same section, nearest first."""
        table = self.table
        if table is None or not taken or not 0 <= taken[0] < table.size:
            return []
        place = taken[0]
        low, high = max(0, place - _BESIDE_REACH), min(table.size, place + _BESIDE_REACH)
        near = np.flatnonzero(self._known[low:high] == FREE) + low
        near = near[
            (table.section[near] == table.section[place])
            & (table.category[near] == table.category[place])
        ]
        if not len(near):
            return []
        away = np.hypot(table.x[near] - table.x[place], table.y[near] - table.y[place])
        # A seat in the same row is beside; one as near in the next row is not.
        away = np.where(table.group[near] == table.group[place], away, away * 3)
        best = away.argsort(kind="stable")[: min(max(wanted, 2), _BESIDE_MAX)]
        return [int(p) for p in near[best]]

    def labels(self, places: list[int]) -> list[str]:
        """Full labels of places that exist."""
        table = self.table
        if table is None:
            return []
        return [table.label(p) for p in places if 0 <= p < table.size]

    def _tile_tick(self, seq: int, entries: Mapping[int, bytes]) -> TileTick:
        return TileTick(seq, entries, self.tiles.count if self.tiles is not None else 0)

    def _entries(self, places: I64) -> dict[int, bytes]:
        """The told statuses of `places`, by tile in order."""
        return self._encoder.changed(self._told, places) if self._encoder else {}


def _framed(message: wire.ServerMessage) -> bytes:
    return server_frame(BINARY, wire.encode_message(message))


def _shown(statuses: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Statuses as viewers are told them: a retired place looks blocked."""
    return np.where(statuses == RETIRED, np.uint8(BLOCKED), statuses)
