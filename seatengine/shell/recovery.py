"""From the store to a running shard: fence, snapshot, replay, memory of answered commands."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Final

from seatengine.chart.seat_table import SeatTable
from seatengine.core import snapshot
from seatengine.core.entries import ChartBound, Entry, decode_frame
from seatengine.core.event_state import EventState
from seatengine.core.shard import Shard
from seatengine.errors import JournalGap, StoreUnavailable
from seatengine.ids import ChartHash, Epoch, EventId, Seq
from seatengine.limits import DEDUP_WINDOW_ENTRIES, JOURNAL_READ_FRAMES, SNAPSHOT_EVERY_ENTRIES
from seatengine.ports import ChartSource, Frame, Journal, Lease, SnapshotStore
from seatengine.shell.snapshot_keeping import keep

# How many entries are applied before other tasks of the loop get a turn: a few milliseconds.
_SLICE_ENTRIES: Final = 2_000

_log = logging.getLogger(__name__)


async def recover(
    event: EventId,
    owner: str,
    *,
    lease: Lease,
    journal: Journal,
    snapshots: SnapshotStore,
    charts: ChartSource,
) -> tuple[Shard, Epoch]:
    """Take `event` over as `owner` and rebuild its shard, which may append with the epoch.

    A snapshot that cannot be read costs time, not data: everything is replayed instead. Raises
    UnknownEvent, StoreUnavailable, BadChart, or JournalGap where the journal is damaged.
    """
    claim = await lease.claim(event, owner)
    tables: dict[ChartHash, SeatTable] = {}
    state = await _restored(event, claim.head_seq, snapshots, charts, tables)
    shard = Shard(event, tables, state)
    snapshot_seq = shard.seq
    # Retries may be of anything within the window, however old the snapshot.
    window_seq = max(0, claim.head_seq - DEDUP_WINDOW_ENTRIES)
    after_seq = Seq(min(snapshot_seq, window_seq))
    async with aclosing(_frames(event, after_seq, claim.head_seq, journal)) as frames:
        async for frame in frames:
            if frame.last_seq > window_seq:
                _remember(shard, frame)
            if frame.last_seq > snapshot_seq:
                entries = _entries(event, frame)
                if shard.state.table is None:
                    await _fetch_chart(entries, charts, tables)
                known = max(0, snapshot_seq - frame.first_seq + 1)
                shard.replay(entries[known:], remember=False)
    if shard.seq != claim.head_seq:
        raise JournalGap(
            f"the journal of event {event!r} ends at entry {shard.seq}, its head is "
            f"{claim.head_seq}. Restore the database from a backup"
        )
    if shard.seq - snapshot_seq >= SNAPSHOT_EVERY_ENTRIES:
        await _save(shard, snapshots)
    return shard, claim.epoch


async def _restored(
    event: EventId,
    head_seq: Seq,
    snapshots: SnapshotStore,
    charts: ChartSource,
    tables: dict[ChartHash, SeatTable],
) -> EventState | None:
    """The state of the latest snapshot, None where there is none to trust."""
    kept = await snapshots.latest(event)
    if kept is None:
        return None
    seq, data = kept
    try:
        bound = snapshot.decode(data).chart_hash
    except ValueError as error:
        _log.error(
            "event %s: its snapshot at %d cannot be read (%s); replaying all", event, seq, error
        )
        return None
    if bound:
        tables[bound] = await charts.seat_table(bound)
    try:
        state = snapshot.restore(data, tables)
    except Exception:
        _log.exception("event %s: broken snapshot at %d; replaying all", event, seq)
        return None
    if state.event != event or state.seq != seq or seq > head_seq:
        _log.error(
            "event %s: its snapshot at %d says event %s at %d, and the journal's head is %d; "
            "replaying all",
            event,
            seq,
            state.event,
            state.seq,
            head_seq,
        )
        return None
    return state


async def _frames(
    event: EventId, after_seq: Seq, head_seq: Seq, journal: Journal
) -> AsyncGenerator[Frame, None]:
    """The frames from the one with entry `after_seq + 1` to the head, read ahead of their use.

    Raises JournalGap where one does not follow the one before it.
    """
    seq, slice_entries = after_seq, 0
    read_ahead = asyncio.ensure_future(journal.read(event, seq, JOURNAL_READ_FRAMES))
    try:
        while seq < head_seq and (frames := await read_ahead):
            last_seq = frames[-1].last_seq
            if last_seq < head_seq:
                read_ahead = asyncio.ensure_future(
                    journal.read(event, last_seq, JOURNAL_READ_FRAMES)
                )
            for frame in frames:
                # Beyond the head is what a later owner has appended since.
                if frame.first_seq > head_seq:
                    return
                if frame.first_seq > seq + 1 or (frame.first_seq <= seq and seq != after_seq):
                    raise JournalGap(
                        f"the journal of event {event!r} goes from entry {seq} to "
                        f"{frame.first_seq}. Restore the database from a backup"
                    )
                seq = frame.last_seq
                yield frame
                slice_entries += frame.last_seq - frame.first_seq + 1
                if slice_entries >= _SLICE_ENTRIES:
                    slice_entries = 0
                    await asyncio.sleep(0)
    finally:
        read_ahead.cancel()
        await asyncio.gather(read_ahead, return_exceptions=True)


def _remember(shard: Shard, frame: Frame) -> None:
    try:
        shard.remember_frame(frame.first_seq, frame.frame)
    except ValueError as error:
        raise _unreadable(shard.state.event, frame, error) from error


def _entries(event: EventId, frame: Frame) -> list[Entry]:
    try:
        entries = decode_frame(frame.frame)
    except ValueError as error:
        raise _unreadable(event, frame, error) from error
    if len(entries) != frame.last_seq - frame.first_seq + 1:
        raise JournalGap(
            f"frame {frame.first_seq}..{frame.last_seq} of event {event!r} holds "
            f"{len(entries)} entries"
        )
    return entries


def _unreadable(event: EventId, frame: Frame, error: ValueError) -> JournalGap:
    return JournalGap(
        f"frame {frame.first_seq}..{frame.last_seq} of event {event!r} cannot be read: {error}"
    )


async def _fetch_chart(
    entries: list[Entry], charts: ChartSource, tables: dict[ChartHash, SeatTable]
) -> None:
    for entry in entries:
        if type(entry) is ChartBound:
            tables[entry.chart_hash] = await charts.seat_table(entry.chart_hash)


async def _save(shard: Shard, snapshots: SnapshotStore) -> None:
    """Spare the next recovery what this one had to replay."""
    try:
        await keep(snapshot.freeze(shard.state), snapshots)
    except StoreUnavailable as error:
        _log.warning("event %s: its snapshot was not saved: %s", shard.state.event, error)
