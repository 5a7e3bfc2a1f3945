"""What the viewers of one event must hear. Pure: the hub writes the bytes.

Holds the durable status of every place, and for each the seq at which it last changed: so what a
viewer missed since any seq is one vector comparison, whether it was away for a tick or an hour.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from gateway import wire
from gateway.frames import BINARY, server_frame
from seatengine.chart.seat_table import SeatTable
from seatengine.core import entries
from seatengine.core.outputs import Batch, HoldView
from seatengine.core.policy import SalePolicy, Tariff
from seatengine.core.seating import BLOCKED, FREE, RETIRED
from seatengine.ids import ChartHash, Epoch, EventId

# Free places named beside those that were lost, and how far by index they are looked for.
_BESIDE_MAX = 4
_BESIDE_REACH = 400
# Stands where it is not known what every viewer was told of a place last.
_UNSURE = 255


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
    ) -> None:
        self.event = event
        self.epoch = epoch
        self.seq = seq
        self.base_seq = seq
        self.tariffs = list(tariffs)
        self.policy = policy
        self._tables = tables
        self._show(table, statuses)
        self._told_seq = seq
        self._shown_seq = seq
        self._dirty: dict[int, None] = {}
        self._view_frame: tuple[int, bytes] | None = None

    def _show(self, table: SeatTable | None, statuses: bytes) -> None:
        self.table = table
        self._category = table.category.tobytes() if table is not None else b""
        self._status = bytearray(_told(np.frombuffer(statuses, np.uint8)).tobytes())
        self._view = np.frombuffer(self._status, np.uint8)
        self._changed_seq: npt.NDArray[np.int64] = np.full(len(statuses), self.seq, np.int64)
        self._told_last = np.full(len(statuses), _UNSURE, np.uint8)

    @property
    def statuses(self) -> bytes:
        """One byte a place, as of `seq`: 0 free, 1 held, 2 booked, 3 blocked or gone."""
        return bytes(self._status)

    @property
    def dirty(self) -> bool:
        """Whether `take_delta` has something to tell."""
        return self.seq != self._told_seq

    def apply(self, batch: Batch) -> bool:
        """Take a batch in; True when prices or rules changed. Raises ValueError on a gap."""
        if batch.after_seq != self.seq:
            raise ValueError(f"at seq {self.seq}, got a batch after {batch.after_seq}")
        changed_rules = False
        for entry in batch.entries:
            if isinstance(entry, entries.ChartBound):
                table = self._tables[entry.chart_hash]
                self._show(table, bytes(table.size))
                self.policy, self.tariffs = entry.policy, [entry.tariff]
                changed_rules = True
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
            self._view[at] = _told(np.frombuffer(batch.statuses, np.uint8))
            changed_seq[at] = seq
        else:
            for place, new in zip(places, batch.statuses, strict=True):
                status[place] = BLOCKED if new == RETIRED else new
                changed_seq[place] = seq
        self._dirty.update(dict.fromkeys(places))
        return changed_rules

    def take_delta(self) -> bytes:
        """The framed Delta of everything since the last call; the same bytes for every viewer.

        A place that changed and changed back is left out: on a busy event those are the most.
        """
        dirty = self._dirty_places()
        now = self._view[dirty]
        message = self._delta(self._told_seq, dirty[now != self._told_last[dirty]])
        self._told_last[dirty] = now
        self._told_seq = self.seq
        self._dirty = {}
        return message

    def _dirty_places(self) -> npt.NDArray[np.int64]:
        return np.fromiter(self._dirty, np.int64, len(self._dirty))

    def _show_between_ticks(self) -> None:
        """Someone is shown the state as of now, so what changes back until the next tick is to be
        told all the same."""
        if self._shown_seq != self.seq:
            self._shown_seq = self.seq
            self._told_last[self._dirty_places()] = _UNSURE

    def view(self) -> bytes:
        """The framed View as of `seq`, made once per seq."""
        self._show_between_ticks()
        known = self._view_frame
        if known is None or known[0] != self.seq:
            message = wire.View(self.epoch, self.seq, len(self._status), pack_statuses(self._view))
            known = (self.seq, server_frame(BINARY, wire.encode_message(message)))
            self._view_frame = known
        return known[1]

    def since(self, epoch: int, seq: int) -> bytes:
        """What a viewer that was last at (epoch, seq) missed: a Delta, or a View if that is less
        or if this process cannot know (it took over after that seq)."""
        if epoch != self.epoch or not self.base_seq <= seq <= self.seq:
            return self.view()
        self._show_between_ticks()
        missed = np.flatnonzero(self._changed_seq > seq)
        if len(missed) * 5 > len(self._status) // 4:
            return self.view()
        return self._delta(seq, missed)

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
        near = np.flatnonzero(self._view[low:high] == FREE) + low
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

    def _delta(self, after_seq: int, places: npt.NDArray[np.int64]) -> bytes:
        message = wire.Delta(
            after_seq, self.seq, places.astype("<u4").tobytes(), self._view[places].tobytes()
        )
        return server_frame(BINARY, wire.encode_message(message))


def pack_statuses(statuses: npt.NDArray[np.uint8]) -> bytes:
    """Two bits a place, four places to a byte, lowest bits first; the last byte padded with 0."""
    quads = np.zeros((-(-len(statuses) // 4), 4), np.uint8)
    quads.reshape(-1)[: len(statuses)] = statuses
    return (quads[:, 0] | quads[:, 1] << 2 | quads[:, 2] << 4 | quads[:, 3] << 6).tobytes()


def _told(statuses: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Statuses as viewers are told them: a retired place looks blocked."""
    return np.where(statuses == RETIRED, np.uint8(BLOCKED), statuses)
