"""Bugs that real systems have had. Each function plants one and says how to build a World with it;
its decorator names the promises of tests/SPEC.md, one of which must be found broken; a letter
alone stands for all promises that begin with it, where a damaged state may show anywhere."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import msgspec
import pytest

from seatengine.core import best_available, commands, decide, entries, evolve, snapshot
from seatengine.core.commands import AnyCommand
from seatengine.core.entries import Entry
from seatengine.core.event_state import EventState, Hold
from seatengine.core.outputs import Batch, BestStep, Code, Refusal
from seatengine.core.policy import SalePolicy
from seatengine.core.seating import FREE, HELD
from seatengine.core.shard import Shard
from seatengine.ids import CommandId, EventId, HolderId, HoldId, Seq
from seatengine.ports import Append
from seatengine.testing import MemoryJournal
from tests.sim.desk import Desk, at_once
from tests.sim.listener import Listener
from tests.sim.world import VENUES, World

Patch = pytest.MonkeyPatch
MakeWorld = Callable[[int], World]
Plant = Callable[[Patch], MakeWorld]

BUGS: dict[str, tuple[tuple[str, ...], Plant]] = {}


def breaks(*promises: str) -> Callable[[Plant], Plant]:
    """Enter a bug under its function's name."""

    def enter(plant: Plant) -> Plant:
        BUGS[plant.__name__] = (promises, plant)
        return plant

    return enter


def plain(seed: int) -> World:
    return World(seed, VENUES["pocket"]())


def with_desk(desk: type[Desk]) -> MakeWorld:
    return lambda seed: World(seed, VENUES["pocket"](), desk=desk)


def decides(patch: Patch, kind: type, instead: Callable[..., Entry | Refusal]) -> MakeWorld:
    """`instead(original, state, command, now_ms)` decides commands of `kind`."""
    table: dict[type, Any] = decide._DECIDE
    original = table[kind]

    def decision(state: EventState, command: AnyCommand, now_ms: int) -> Entry | Refusal:
        return instead(original, state, command, now_ms)

    patch.setitem(table, kind, decision)
    return plain


# The owner of an event.


@breaks("D1")
def told_before_durable(patch: Patch) -> MakeWorld:
    class Hasty(Desk):
        def land(self) -> None:
            parcel = self.in_flight
            if parcel is not None:
                self.tell(parcel)
                self.commit(parcel.batch)
                self.in_flight = None

    return with_desk(Hasty)


@breaks("D1")
def refusals_overtake_the_commit_they_rest_on(patch: Patch) -> MakeWorld:
    class Impatient(Desk):
        def collect(self, inspect: Callable[[Batch], None]) -> None:
            if self.in_flight is not None and not self.shard.uncommitted:
                batch = self.shard.take_ready()
                if batch is not None:
                    inspect(batch)
                    self._audience.on_batch(batch)
            super().collect(inspect)

    return with_desk(Impatient)


@breaks("D3", "D5")
def shard_kept_after_a_failed_append(patch: Patch) -> MakeWorld:
    class Stubborn(World):
        def _replaced(self, desk: Desk) -> Desk:
            desk.in_flight = None
            return desk

    return lambda seed: Stubborn(seed, VENUES["pocket"]())


@breaks("D4")
def stale_owner_can_append(patch: Patch) -> MakeWorld:
    class Unfenced(MemoryJournal):
        def _write(self, appends: Sequence[Append]) -> frozenset[EventId]:
            now = [
                Append(a.event, self.epoch(a.event), a.first_seq, a.last_seq, a.frame)
                for a in appends
            ]
            return super()._write(now)

    return lambda seed: World(seed, VENUES["pocket"](), journal=Unfenced)


@breaks("S", "H", "D", "A")
def snapshot_misses_holds(patch: Patch) -> MakeWorld:
    class Forgetful(Desk):
        def take_snapshot(self) -> None:
            seen = snapshot.decode(snapshot.take(self.shard.state))
            seen.holds = []
            self._snapshot = (self.shard.seq, msgspec.msgpack.encode(seen))

    return with_desk(Forgetful)


@breaks("S", "H", "D", "A")
def snapshot_saved_before_its_entries_are_durable(patch: Patch) -> MakeWorld:
    class Eager(Desk):
        def take_snapshot(self) -> None:
            seq, data = Seq(self.shard.seq), snapshot.take(self.shard.state)
            at_once(self._store.snapshots.save(self._store.event, seq, data))

    return with_desk(Eager)


@breaks("A5", "A1")
def answers_forgotten_by_recovery(patch: Patch) -> MakeWorld:
    class Amnesiac(Desk):
        def recovered(self, head_seq: Seq) -> Shard:
            shard = super().recovered(head_seq)
            shard._remembered.clear()
            return shard

    return with_desk(Amnesiac)


# The shard.


@breaks("A5", "A1")
def no_deduplication(patch: Patch) -> MakeWorld:
    patch.setattr(Shard, "_remember", lambda self, *known: None)
    return plain


@breaks("H5")
def late_payment_is_booked(patch: Patch) -> MakeWorld:
    """BookHold does not look at the clock."""
    step, tick = Shard.step, Shard.tick
    paying: list[bool] = []

    def careless_step(self: Shard, command: AnyCommand, now_ms: int) -> Any:  # noqa: ANN401
        paying.append(type(command) is commands.BookHold)
        outcome = step(self, command, now_ms)
        paying.pop()
        return outcome

    def careless_tick(self: Shard, now_ms: int) -> None:
        if not any(paying):
            tick(self, now_ms)

    patch.setattr(Shard, "step", careless_step)
    patch.setattr(Shard, "tick", careless_tick)
    return plain


@breaks("A1", "H4", "H1")
def payment_for_an_expired_hold_is_booked_blindly(patch: Patch) -> MakeWorld:
    """The order remembers its seats and books them, whoever may have them by now."""
    seats: dict[int, Hold] = {}
    held = evolve._EVOLVE[entries.SeatsHeld]

    def remember(state: EventState, entry: entries.SeatsHeld, *rest: Any) -> None:  # noqa: ANN401
        held(state, entry, *rest)
        seats[state.seq] = list(state.holds.values())[-1]

    def book(
        original: Callable[..., Entry | Refusal],
        state: EventState,
        command: commands.BookHold,
        now_ms: int,
    ) -> Entry | Refusal:
        known = seats.get(command.hold)
        if command.hold in state.holds or known is None:
            return original(state, command, now_ms)
        return entries.SeatsBooked(
            now_ms,
            command.id,
            command.holder,
            HoldId(0),
            command.booking,
            list(known.places),
            known.tariff,
        )

    patch.setitem(evolve._EVOLVE, entries.SeatsHeld, remember)
    return decides(patch, commands.BookHold, book)


@breaks("H5")
def holds_end_a_millisecond_late(patch: Patch) -> MakeWorld:
    original = EventState.expiry_of

    def expiry_of(self: EventState, item: int) -> tuple[int, Hold | None]:
        at_ms, hold = original(self, item)
        return at_ms + 1, hold

    patch.setattr(EventState, "expiry_of", expiry_of)
    return plain


@breaks("H5", "A1")
def extended_holds_end_at_their_first_time(patch: Patch) -> MakeWorld:
    def expiry_of(self: EventState, item: int) -> tuple[int, Hold | None]:
        return item >> 40, self.holds.get(HoldId(item & ((1 << 40) - 1)))

    patch.setattr(EventState, "expiry_of", expiry_of)
    return plain


@breaks("H5")
def expiry_is_not_journaled(patch: Patch) -> MakeWorld:
    original = Shard._apply

    def apply(self: Shard, entry: Entry, command_id: CommandId) -> Any:  # noqa: ANN401
        if type(entry) is entries.HoldExpired:
            hold = evolve._end_hold(self.state, entry.hold)
            for place in hold.places:
                self.state.status[place] = FREE
            self._touched += hold.places
            return None
        return original(self, entry, command_id)

    patch.setattr(Shard, "_apply", apply)
    return plain


@breaks("V1")
def freed_places_are_not_said(patch: Patch) -> MakeWorld:
    original = Shard.take_ready

    def take_ready(self: Shard) -> Batch | None:
        self._touched = [p for p in self._touched if self.state.status[p] != FREE]
        return original(self)

    patch.setattr(Shard, "take_ready", take_ready)
    return plain


@breaks("V2")
def listener_ignores_a_gap(patch: Patch) -> MakeWorld:
    class Deaf(Listener):
        def hear(self, batch: Batch) -> bool:
            if self.seq >= 0:
                self.seq = batch.after_seq
            return super().hear(batch)

    return lambda seed: World(seed, VENUES["pocket"](), listener=Deaf)


# The decisions.


@breaks("A1", "H1")
def hold_over_anothers_hold(patch: Patch) -> MakeWorld:
    def hold(
        original: Callable[..., Entry | Refusal],
        state: EventState,
        command: commands.HoldSeats,
        now_ms: int,
    ) -> Entry | Refusal:
        kept = bytes(state.status)
        state.status[:] = kept.replace(bytes([HELD]), bytes([FREE]))
        decision = original(state, command, now_ms)
        state.status[:] = kept
        return decision

    return decides(patch, commands.HoldSeats, hold)


@breaks("A1", "H6")
def a_hold_takes_what_it_can_get(patch: Patch) -> MakeWorld:
    def hold(
        original: Callable[..., Entry | Refusal],
        state: EventState,
        command: commands.HoldSeats,
        now_ms: int,
    ) -> Entry | Refusal:
        size = len(state.status)
        free = [p for p in command.places if 0 <= p < size and state.status[p] == FREE]
        return original(state, msgspec.structs.replace(command, places=free), now_ms)

    return decides(patch, commands.HoldSeats, hold)


@breaks("A1", "A2")
def anyone_may_use_any_hold(patch: Patch) -> MakeWorld:
    original = decide._own_hold

    def own(state: EventState, command_id: Any, holder: Any, hold_id: Any, staff: bool) -> Any:  # noqa: ANN401
        return original(state, command_id, holder, hold_id, True)

    patch.setattr(decide, "_own_hold", own)
    return plain


@breaks("H1", "A1", "V1", "A2", "A3", "H7", "B1")
def release_frees_someone_elses_seat(patch: Patch) -> MakeWorld:
    original = evolve._EVOLVE[entries.HoldReleased]

    def release(
        state: EventState,
        entry: entries.HoldReleased,
        *rest: Any,  # noqa: ANN401
    ) -> None:
        neighbour = max(state.holds[entry.hold].places) + 1
        original(state, entry, *rest)
        if neighbour < len(state.status) and state.status[neighbour] == HELD:
            state.status[neighbour] = FREE

    patch.setitem(evolve._EVOLVE, entries.HoldReleased, release)
    return plain


def with_policy(patch: Patch, change: Callable[[SalePolicy], SalePolicy]) -> MakeWorld:
    """Limits are read from a policy that is a little wrong."""
    original = decide._right_to_hold

    def right(state: EventState, command: Any, adding: int) -> Refusal | None:  # noqa: ANN401
        kept = state.policy
        state.policy = change(kept)
        refusal = original(state, command, adding)
        state.policy = kept
        return refusal

    patch.setattr(decide, "_right_to_hold", right)
    return plain


@breaks("A1")
def holder_limit_one_too_many(patch: Patch) -> MakeWorld:
    return with_policy(
        patch, lambda p: msgspec.structs.replace(p, max_per_holder=p.max_per_holder + 1)
    )


@breaks("A1")
def hold_limit_one_too_few(patch: Patch) -> MakeWorld:
    return with_policy(patch, lambda p: msgspec.structs.replace(p, max_per_hold=p.max_per_hold - 1))


@breaks("A1")
def one_hold_too_many(patch: Patch) -> MakeWorld:
    return with_policy(
        patch,
        lambda p: msgspec.structs.replace(p, max_holds_per_holder=p.max_holds_per_holder + 1),
    )


@breaks("A1", "A2")
def bookings_count_twice_for_the_holder_limit(patch: Patch) -> MakeWorld:
    original = evolve._count_booked

    def count(state: EventState, holder: HolderId, change: int) -> None:
        original(state, holder, 2 * change)

    patch.setattr(evolve, "_count_booked", count)
    return plain


@breaks("A1", "A2")
def cancelled_bookings_still_count(patch: Patch) -> MakeWorld:
    original = evolve._count_booked

    def count(state: EventState, holder: HolderId, change: int) -> None:
        original(state, holder, max(0, change))

    patch.setattr(evolve, "_count_booked", count)
    return plain


@breaks("A1")
def extensions_without_end(patch: Patch) -> MakeWorld:
    def extend(
        original: Callable[..., Entry | Refusal],
        state: EventState,
        command: commands.ExtendHold,
        now_ms: int,
    ) -> Entry | Refusal:
        hold = state.holds.get(command.hold)
        if hold is None:
            return original(state, command, now_ms)
        state.holds[hold.id] = msgspec.structs.replace(hold, extensions=0)
        decision = original(state, command, now_ms)
        state.holds[hold.id] = hold
        return decision

    return decides(patch, commands.ExtendHold, extend)


@breaks("A1", "M1")
def booked_at_todays_price(patch: Patch) -> MakeWorld:
    def book(
        original: Callable[..., Entry | Refusal],
        state: EventState,
        command: commands.BookHold,
        now_ms: int,
    ) -> Entry | Refusal:
        decision = original(state, command, now_ms)
        if isinstance(decision, entries.SeatsBooked):
            decision.tariff = len(state.tariffs) - 1
        return decision

    return decides(patch, commands.BookHold, book)


@breaks("A1", "A3")
def one_seat_of_a_whole_table(patch: Patch) -> MakeWorld:
    patch.setattr(decide, "_with_whole_groups", lambda table, places: places)
    return plain


@breaks("A1")
def cancel_frees_places_of_other_bookings(patch: Patch) -> MakeWorld:
    patch.setattr(decide, "_not_in_booking", lambda command, booked: None)
    return plain


@breaks("V1", "H1", "A1", "A2", "A3")
def a_moved_booking_keeps_its_old_places(patch: Patch) -> MakeWorld:
    original = evolve._EVOLVE[entries.BookingMoved]

    def move(
        state: EventState,
        entry: entries.BookingMoved,
        *rest: Any,  # noqa: ANN401
    ) -> None:
        original(state, entry, *rest)
        for place in entry.places:
            state.status[place] = 2

    patch.setitem(evolve._EVOLVE, entries.BookingMoved, move)
    return plain


@breaks("A3")
def refusals_name_places_that_are_free(patch: Patch) -> MakeWorld:
    def taken(state: EventState, command: AnyCommand, places: list[int]) -> Refusal:
        return Refusal(command.id, Code.PLACES_TAKEN, places)

    patch.setattr(decide, "_taken", taken)
    return plain


@breaks("A1", "H1", "H4", "A2", "A6")
def a_paid_hold_lives_on(patch: Patch) -> MakeWorld:
    original = evolve._EVOLVE[entries.SeatsBooked]

    def book(state: EventState, entry: entries.SeatsBooked, *rest: Any) -> None:  # noqa: ANN401
        hold = state.holds.get(entry.hold)
        original(state, entry, *rest)
        if hold is not None:
            state.holds[hold.id] = hold
            state.holds_by_holder.setdefault(hold.holder, []).append(hold)

    patch.setitem(evolve._EVOLVE, entries.SeatsBooked, book)
    return plain


@breaks("A1")
def unblocking_frees_what_is_held(patch: Patch) -> MakeWorld:
    def unblock(
        original: Callable[..., Entry | Refusal],
        state: EventState,
        command: commands.UnblockSeats,
        now_ms: int,
    ) -> Entry | Refusal:
        decision = original(state, command, now_ms)
        if isinstance(decision, Refusal) and decision.code == Code.NOT_BLOCKED:
            return entries.SeatsUnblocked(now_ms, command.id, [])
        return decision

    return decides(patch, commands.UnblockSeats, unblock)


@breaks("A1", "A2", "B1")
def best_into_an_older_basket_at_todays_prices(patch: Patch) -> MakeWorld:
    def best(
        original: Callable[..., Entry | Refusal],
        state: EventState,
        command: commands.HoldBest,
        now_ms: int,
    ) -> Entry | Refusal:
        hold = state.holds.get(command.into)
        if hold is None:
            return original(state, command, now_ms)
        state.holds[hold.id] = msgspec.structs.replace(hold, tariff=len(state.tariffs) - 1)
        decision = original(state, command, now_ms)
        state.holds[hold.id] = hold
        return decision

    return decides(patch, commands.HoldBest, best)


# Best available.

Finder = best_available.Finder


@breaks("B4")
def best_is_the_first_that_comes(patch: Patch) -> MakeWorld:
    def first(self: best_available.Finder, starts: int, quantity: int) -> int | None:
        return (starts & -starts).bit_length() - 1 if starts else None

    patch.setattr(Finder, "_best", first)
    return plain


@breaks("B2", "B3")
def best_strands_single_seats(patch: Patch) -> MakeWorld:
    original = Finder._together

    def together(
        self: best_available.Finder, runs: int, free: int, wish: best_available.Wish
    ) -> best_available.Found | None:
        return original(self, runs, 0, wish)

    patch.setattr(Finder, "_together", together)
    return plain


@breaks("B1")
def best_gives_accessible_seats_to_anyone(patch: Patch) -> MakeWorld:
    original = Finder._fitting

    def fitting(self: best_available.Finder, free: int, wish: best_available.Wish) -> int:
        return original(self, free, msgspec.structs.replace(wish, accessible=1))

    patch.setattr(Finder, "_fitting", fitting)
    return plain


@breaks("B6")
def best_calls_every_split_party_nearby(patch: Patch) -> MakeWorld:
    original = Finder.find

    def find(
        self: best_available.Finder,
        status: Any,  # noqa: ANN401
        wish: best_available.Wish,
    ) -> best_available.Found | None:
        found = original(self, status, wish)
        if found is not None and found.step == BestStep.SCATTERED:
            return best_available.Found(found.places, BestStep.NEARBY)
        return found

    patch.setattr(Finder, "find", find)
    return lambda seed: World(seed, VENUES["row"]())


@breaks("B2", "B3", "A1")
def best_sees_across_an_aisle(patch: Patch) -> MakeWorld:
    original = Finder.__init__

    def init(self: best_available.Finder, table: Any) -> None:  # noqa: ANN401
        original(self, table)
        self._link = self._seated

    patch.setattr(Finder, "__init__", init)
    return plain
