"""In-memory makers of every port in `ports`, with faults to order.

They keep the promises of the real ones, fencing included, so a test against them means something;
the contract suites in tests/shell run on both. A store of one process, whole:

    journal = MemoryJournal()
    journal.create(event)
    ports = MemoryLease(journal), journal, MemorySnapshots(), MemoryCharts([table])
"""

from __future__ import annotations

import asyncio
import enum
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from seatengine.chart.seat_table import SeatTable
from seatengine.errors import BadChart, StoreUnavailable, UnknownEvent
from seatengine.ids import ChartHash, Epoch, EventId, Seq
from seatengine.ports import Append, Claim, Frame


class ManualClock:
    """A Clock that stands still until it is moved."""

    def __init__(self, now_ms: int = 1_700_000_000_000) -> None:
        self._now_ms = now_ms

    def now_ms(self) -> int:
        return self._now_ms

    def advance(self, ms: int) -> int:
        """Go on by `ms` milliseconds and return the new time. Raises ValueError on the way back."""
        if ms < 0:
            raise ValueError(f"a clock does not go back by {-ms} ms")
        self._now_ms += ms
        return self._now_ms


class AppendFault(enum.Enum):
    """What goes wrong with one append."""

    FAIL_BEFORE = "nothing is written, then StoreUnavailable"
    FAIL_AFTER = "everything is written, then StoreUnavailable"
    STALL_BEFORE = "waits for `MemoryJournal.resume`, then is checked and written as usual"
    STALL_AFTER = "is checked and written, then waits for `MemoryJournal.resume` to return"


@dataclass(slots=True)
class _ShardRow:
    """What the table `shard` knows of an event, and the event's frames in order."""

    epoch: int = 0
    head_seq: int = 0
    owner: str = ""
    frames: list[Frame] = field(default_factory=list)


class MemoryJournal:
    """A Journal in a dict. While `down` is True every call raises StoreUnavailable."""

    def __init__(self) -> None:
        self.down = False
        self.appends_seen = 0
        self._rows: dict[EventId, _ShardRow] = {}
        self._faults: deque[AppendFault | None] = deque()
        self._go_on = asyncio.Event()
        self._stalled = 0

    def create(self, event: EventId) -> None:
        """Make the event known, with an empty journal. Known already: nothing happens."""
        self._rows.setdefault(event, _ShardRow())

    def order(self, *faults: AppendFault | None) -> None:
        """The next appends, one each, meet these faults; None lets one through."""
        self._faults.extend(faults)

    def resume(self) -> None:
        """Let every stalled append go on."""
        self._go_on.set()
        self._go_on = asyncio.Event()

    def calm(self) -> None:
        """Forget the faults that were ordered and not met, and let stalled appends go on."""
        self._faults.clear()
        self.resume()

    @property
    def stalled(self) -> int:
        """How many appends are waiting for `resume`."""
        return self._stalled

    def head_seq(self, event: EventId) -> Seq:
        """The seq of the last durable entry, 0 for none."""
        return Seq(self._row(event).head_seq)

    def epoch(self, event: EventId) -> Epoch:
        """The epoch of the last claim, 0 before the first."""
        return Epoch(self._row(event).epoch)

    async def append(self, appends: Sequence[Append]) -> frozenset[EventId]:
        self.appends_seen += 1
        fault = self._faults.popleft() if self._faults else None
        if fault is AppendFault.STALL_BEFORE:
            await self._stall()
        if self.down or fault is AppendFault.FAIL_BEFORE:
            raise StoreUnavailable("the in-memory journal was told to fail before writing")
        fenced = self._write(appends)
        if fault is AppendFault.STALL_AFTER:
            await self._stall()
        if fault is AppendFault.FAIL_AFTER:
            raise StoreUnavailable("the in-memory journal was told to fail after writing")
        return fenced

    async def read(self, event: EventId, after_seq: Seq, max_frames: int) -> list[Frame]:
        if self.down:
            raise StoreUnavailable("the in-memory journal is down")
        frames = self._row(event).frames if event in self._rows else []
        return [f for f in frames if f.last_seq > after_seq][:max_frames]

    def claim(self, event: EventId, owner: str) -> Claim:
        """What MemoryLease does: the row of an event is the journal's."""
        if self.down:
            raise StoreUnavailable("the in-memory journal is down")
        row = self._row(event)
        row.epoch += 1
        row.owner = owner
        return Claim(epoch=Epoch(row.epoch), head_seq=Seq(row.head_seq))

    def _row(self, event: EventId) -> _ShardRow:
        row = self._rows.get(event)
        if row is None:
            raise UnknownEvent(f"event {event!r} was never created in this in-memory journal")
        return row

    def _write(self, appends: Sequence[Append]) -> frozenset[EventId]:
        fenced = set()
        for append in appends:
            row = self._rows.get(append.event)
            if row is None or row.epoch != append.epoch or row.head_seq != append.first_seq - 1:
                fenced.add(append.event)
                continue
            row.frames.append(Frame(append.first_seq, append.last_seq, append.frame))
            row.head_seq = append.last_seq
        return frozenset(fenced)

    async def _stall(self) -> None:
        self._stalled += 1
        try:
            await self._go_on.wait()
        finally:
            self._stalled -= 1


class MemoryLease:
    """A Lease on the events of a MemoryJournal."""

    def __init__(self, journal: MemoryJournal) -> None:
        self._journal = journal

    async def claim(self, event: EventId, owner: str) -> Claim:
        return self._journal.claim(event, owner)


class MemorySnapshots:
    """A SnapshotStore that keeps the newest of each event."""

    def __init__(self) -> None:
        self.down = False
        self._newest: dict[EventId, tuple[Seq, bytes]] = {}

    async def save(self, event: EventId, seq: Seq, data: bytes) -> None:
        if self.down:
            raise StoreUnavailable("the in-memory snapshot store is down")
        kept = self._newest.get(event)
        if kept is None or kept[0] <= seq:
            self._newest[event] = (seq, data)

    async def latest(self, event: EventId) -> tuple[Seq, bytes] | None:
        if self.down:
            raise StoreUnavailable("the in-memory snapshot store is down")
        return self._newest.get(event)


class MemoryCharts:
    """A ChartSource of the tables it was given."""

    def __init__(self, tables: Iterable[SeatTable] = ()) -> None:
        self.down = False
        self._tables = {table.chart_hash: table for table in tables}

    def add(self, table: SeatTable) -> None:
        self._tables[table.chart_hash] = table

    async def seat_table(self, chart_hash: ChartHash) -> SeatTable:
        if self.down:
            raise StoreUnavailable("the in-memory chart store is down")
        table = self._tables.get(chart_hash)
        if table is None:
            raise BadChart("chart_hash", f"no chart {chart_hash} in this in-memory store")
        return table
