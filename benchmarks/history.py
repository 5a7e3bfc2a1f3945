"""A long history for one event, written the way a sale writes it: by the runner, through the real
journal, with the snapshots it takes on its way, and the relational tables behind it."""

from __future__ import annotations

import asyncio
import random
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Final

from gateway.app import SystemClock
from seatengine.core import commands
from seatengine.core.commands import AnyCommand
from seatengine.core.outputs import Accepted, Batch
from seatengine.core.shard import Shard
from seatengine.ids import BookingId, CommandId, Epoch, EventId, HolderId, HoldId
from seatengine.shell.followers import Follower
from seatengine.shell.postgres import Pool
from seatengine.shell.postgres_journal import PostgresJournal
from seatengine.shell.postgres_stores import PostgresCharts, PostgresLease, PostgresSnapshots
from seatengine.shell.recovery import recover
from seatengine.shell.runner import Outcome, Runner

_COMMANDS_PER_COMMIT: Final = 200
_HOLDERS: Final = 5_000
_STAFF: Final = HolderId("k_benchmark")
# How much of the venue is held and booked once the sale is under way.
_HELD_SHARE: Final = 0.05
_BOOKED_SHARE: Final = 0.4
_BOOKED_OF_TEN: Final = 3
_EXTENDED_OF_TEN: Final = 1


class _Nobody:
    """A Listener for an event that nobody watches."""

    def on_recovered(self, shard: Shard, epoch: Epoch) -> None:
        pass

    def on_batch(self, batch: Batch) -> None:
        pass

    def on_lost(self, event: EventId) -> None:
        raise AssertionError(f"event {event} was lost while its history was written")


class _Party:
    """Three seats, and where they are: free, in a hold, or in a booking."""

    def __init__(self, number: int, places: list[int]) -> None:
        self.places = places
        self.holder = HolderId(f"v_{number % _HOLDERS}")
        self.hold = HoldId(0)
        self.booking = BookingId("")


class Sale:
    """Buyers who hold, extend, release and book, and a box office that cancels bookings."""

    def __init__(self, seats: int) -> None:
        self._chance = random.Random(1)
        parties = [_Party(n, [3 * n, 3 * n + 1, 3 * n + 2]) for n in range(seats // 3)]
        self._chance.shuffle(parties)
        self._free = deque(parties)
        self._held: deque[_Party] = deque()
        self._booked: deque[_Party] = deque()
        self._most_held = int(len(parties) * _HELD_SHARE)
        self._most_booked = int(len(parties) * _BOOKED_SHARE)
        self._asked = 0

    def next(self) -> tuple[AnyCommand, Callable[[Outcome], None]]:
        """A command, and what to call with its outcome."""
        self._asked += 1
        if len(self._booked) >= self._most_booked:
            return self._cancel(self._booked.popleft())
        if len(self._held) < self._most_held:
            return self._hold(self._free.popleft())
        party = self._held.popleft()
        if self._chance.randrange(10) < _EXTENDED_OF_TEN:
            return self._extend(party)
        if self._chance.randrange(10) < _BOOKED_OF_TEN:
            return self._book(party)
        return self._release(party)

    def _id(self, holder: HolderId) -> CommandId:
        return CommandId(f"{holder}/{self._asked:08x}")

    def _hold(self, party: _Party) -> tuple[AnyCommand, Callable[[Outcome], None]]:
        def held(outcome: Outcome) -> None:
            party.hold = HoldId(_accepted(outcome).seq)
            self._held.append(party)

        holder = party.holder
        return commands.HoldSeats(id=self._id(holder), holder=holder, places=party.places), held

    def _extend(self, party: _Party) -> tuple[AnyCommand, Callable[[Outcome], None]]:
        def extended(_outcome: Outcome) -> None:
            # It may have been extended as often as it can be: the time it has is enough here.
            self._held.append(party)

        holder = party.holder
        return commands.ExtendHold(id=self._id(holder), holder=holder, hold=party.hold), extended

    def _release(self, party: _Party) -> tuple[AnyCommand, Callable[[Outcome], None]]:
        def released(outcome: Outcome) -> None:
            _accepted(outcome)
            self._free.append(party)

        holder = party.holder
        return commands.ReleaseHold(id=self._id(holder), holder=holder, hold=party.hold), released

    def _book(self, party: _Party) -> tuple[AnyCommand, Callable[[Outcome], None]]:
        def booked(outcome: Outcome) -> None:
            _accepted(outcome)
            self._booked.append(party)

        holder = party.holder
        party.booking = BookingId(f"B{self._asked:08x}")
        command = commands.BookHold(
            id=self._id(holder), holder=holder, hold=party.hold, booking=party.booking
        )
        return command, booked

    def _cancel(self, party: _Party) -> tuple[AnyCommand, Callable[[Outcome], None]]:
        def cancelled(outcome: Outcome) -> None:
            _accepted(outcome)
            self._free.append(party)

        command = commands.CancelBooking(
            id=self._id(_STAFF), holder=_STAFF, staff=True, booking=party.booking
        )
        return command, cancelled


def _accepted(outcome: Outcome) -> Accepted:
    assert isinstance(outcome, Accepted), f"refused: {outcome}"
    return outcome


async def write_history(
    url: str, pool: Pool, event: EventId, seats: int, entries: int, say: Callable[[str], None]
) -> int:
    """Sell until the journal of `event` has at least `entries`; returns how many it has then.

    Nothing else may serve the event meanwhile.
    """
    journal = PostgresJournal(url, pool)
    lease, snapshots, charts = PostgresLease(pool), PostgresSnapshots(pool), PostgresCharts(pool)
    shard: Shard | None = None

    async def rebuild(event: EventId) -> tuple[Shard, Epoch]:
        nonlocal shard
        shard, epoch = await recover(
            event, "history", lease=lease, journal=journal, snapshots=snapshots, charts=charts
        )
        return shard, epoch

    runner = Runner(
        clock=SystemClock(),
        journal=journal,
        snapshots=snapshots,
        recover=rebuild,
        listener=_Nobody(),
    )
    await runner.open(event)
    assert shard is not None
    sale = Sale(seats)
    told = 0
    while shard.seq < entries:
        await _one_commit(runner, event, sale, min(_COMMANDS_PER_COMMIT, seats // 100))
        if shard.seq >= told + entries // 5:
            told = shard.seq
            say(f"  {told:,} entries")
    await runner.close()
    journal.close()
    say("Writing the relational tables behind them")
    await Follower(pool, charts).catch_up(event)
    return shard.seq


async def _one_commit(runner: Runner, event: EventId, sale: Sale, size: int) -> None:
    done = asyncio.Event()
    waiting = size

    def answered(then: Callable[[Outcome], None], outcome: Outcome) -> None:
        nonlocal waiting
        then(outcome)
        waiting -= 1
        if not waiting:
            done.set()

    for _ in range(size):
        command, then = sale.next()
        runner.submit(event, command, partial(answered, then))
    await done.wait()
