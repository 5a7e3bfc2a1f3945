"""The auditor: sees every command, every proposed batch and everything anyone was told, and raises
Broken at the first thing that cannot be right. It never looks inside the shard.

A batch is judged twice: as a *proposal*, when the shard hands it out (were these the right
decisions, at the right time, on what was true then?), and when it is *told* (was it durable?).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable

from seatengine.chart.seat_table import GroupKind
from seatengine.core import commands, entries
from seatengine.core.commands import AnyCommand
from seatengine.core.entries import Entry, encode_entry
from seatengine.core.outputs import Accepted, Answer, Batch, HoldView, Refusal
from seatengine.ids import HolderId
from tests.sim import best_judge
from tests.sim.truth import Broken, HeldTruth, Truth, VenueFacts, require
from tests.sim.verdicts import Faults, faults

Outcome = Accepted | Refusal | Answer


class Auditor:
    """`truth` runs with the shard, ahead of durability; `log` is every entry it was built from."""

    def __init__(self, facts: dict[str, VenueFacts]) -> None:
        self._facts = facts
        self.truth = Truth(facts)
        self.log: list[Entry] = []
        self.told_seq = 0
        self._submitted: deque[tuple[AnyCommand | None, int, Outcome | None]] = deque()
        self.judged = 0
        # Reads and repeats show what is so at the end of their batch.
        self._at_the_end: list[Callable[[], None]] = []

    # What goes in.

    def submitted(
        self, command: AnyCommand | None, now_ms: int, outcome: Outcome | None = None
    ) -> None:
        """`command` was stepped with `outcome`, or a tick happened (None), at `now_ms`."""
        self._submitted.append((command, now_ms, outcome))

    # What is decided.

    def proposed(self, batch: Batch) -> None:
        """Judge every decision in `batch` against what was true when it was taken."""
        require(
            batch.after_seq == self.truth.seq,
            "D5",
            f"a batch goes on from {batch.after_seq}, the journal's truth is at {self.truth.seq}",
        )
        before = self.truth.statuses()
        walk = _Walk(batch)
        while self._submitted:
            command, now_ms, outcome = self._submitted.popleft()
            for hold_id in self.truth.due(now_ms):
                self._expire(walk, hold_id, now_ms)
            if command is not None:
                said = self._outcome(walk, command, now_ms)
                require(outcome == said, "A7", f"step said {outcome}, the batch says {said}")
        walk.check_nothing_left()
        for check in self._at_the_end:
            check()
        self._at_the_end.clear()
        self._check_statuses(batch, before)

    def _expire(self, walk: _Walk, hold_id: int, now_ms: int) -> None:
        entry = walk.next_entry()
        hold = self.truth.holds[hold_id]
        expected = entries.HoldExpired(now_ms, hold.holder, hold_id)  # type: ignore[arg-type]
        require(entry == expected, "H5", f"at {now_ms} hold {hold_id} is over, but next is {entry}")
        self._apply(expected)

    def _outcome(self, walk: _Walk, command: AnyCommand, now_ms: int) -> Outcome:
        self.judged += 1
        known = self.truth.answered.get(command.id)
        if known is not None:
            return self._check_repeat(walk.next_repeat(), command, *known)
        deserved = faults(self.truth, command)
        if isinstance(command, commands.HoldBest) and best_judge.is_optional(command, deserved):
            # Nearby is judged where it was found; not every way of looking finds it.
            deserved = {} if walk.has_entry_of(command) else deserved
        if deserved:
            return self._check_refusal(walk, command, deserved)
        if isinstance(command, commands.ReadHolds | commands.ReadBooking):
            return self._check_answer(walk.next_answer(), command)
        return self._accept(walk, command, now_ms)

    def _accept(self, walk: _Walk, command: AnyCommand, now_ms: int) -> Outcome:
        entry = walk.next_entry()
        if entry is None or getattr(entry, "id", None) != command.id:
            raise Broken(f"A1: {command} must be accepted, but got {walk.what_about(command)}")
        self._check_entry(command, entry, now_ms)
        self._apply(entry)
        seq = self.truth.seq
        view = walk.batch.views.get(seq)
        if isinstance(entry, entries.HoldChanged | entries.HoldExtended):
            self._check_view(view, entry.hold, self.truth.holds[entry.hold])
        else:
            require(view is None, "A4", f"a view for {entry}")
        return Accepted(command.id, seq, entry, view)

    def _apply(self, entry: Entry) -> None:
        self.truth.apply(entry)
        self.log.append(entry)

    def _check_refusal(self, walk: _Walk, command: AnyCommand, deserved: Faults) -> Outcome:
        refusal = walk.next_refusal()
        codes = [code.name for code in deserved]
        if refusal is None or refusal.id != command.id:
            raise Broken(f"A1: {command} deserves {codes}, got {walk.what_about(command)}")
        require(refusal.code in deserved, "A2", f"{command} deserves {codes}, got {refusal}")
        require(
            refusal.places == deserved[refusal.code],
            "A3",
            f"{command}: in the way are {deserved[refusal.code]}, named are {refusal.places}",
        )
        return refusal

    def _check_repeat(
        self, repeat: Accepted | None, command: AnyCommand, seq: int, entry: Entry
    ) -> Outcome:
        require(
            repeat is not None
            and repeat.repeat
            and (repeat.id, repeat.seq, repeat.entry) == (command.id, seq, entry),
            "A5",
            f"{command} was answered before with {seq} {entry}, now with {repeat}",
        )
        assert repeat is not None
        hold_id = seq if isinstance(entry, entries.SeatsHeld) else getattr(entry, "hold", 0)
        self._at_the_end.append(lambda: self._check_repeated_view(repeat, hold_id))
        return repeat

    def _check_repeated_view(self, repeat: Accepted, hold_id: int) -> None:
        hold = self.truth.holds.get(hold_id)
        if hold is None:
            require(repeat.view is None, "A4", f"{repeat} shows a hold that is over")
        else:
            self._check_view(repeat.view, hold_id, hold)

    def _check_view(self, view: HoldView | None, hold_id: int, hold: HeldTruth) -> None:
        left = max(0, self.truth.policy.max_extensions - hold.extensions)
        expected = (hold_id, sorted(hold.places), hold.expires_at_ms, left, hold.tariff)
        seen = view and (
            view.hold,
            sorted(view.places),
            view.expires_at_ms,
            view.extensions_left,
            view.tariff,
        )
        require(seen == expected, "A4", f"the view {seen} of a hold that is {expected}")

    def _check_answer(self, answer: Answer | None, command: AnyCommand) -> Outcome:
        require(answer is not None and answer.id == command.id, "A6", f"{command} got {answer}")
        assert answer is not None
        if isinstance(command, commands.ReadHolds):
            holder = command.holder
            self._at_the_end.append(lambda: self._check_own_holds(answer, holder))
        elif isinstance(command, commands.ReadBooking):
            booking = self.truth.bookings[command.booking]
            seen = answer.booking
            require(
                seen is not None
                and (seen.holder, sorted(seen.places), seen.tariff, seen.at_ms)
                == (booking.holder, sorted(booking.places), booking.tariff, booking.at_ms),
                "A6",
                f"{command} got {answer}, it is {booking}",
            )
        return answer

    def _check_own_holds(self, answer: Answer, holder: str) -> None:
        own = {i: h for i, h in self.truth.holds.items() if h.holder == holder}
        require([v.hold for v in answer.holds] == sorted(own), "A6", f"{holder} got {answer}")
        for view in answer.holds:
            self._check_view(view, view.hold, own[view.hold])

    def _check_entry(self, command: AnyCommand, entry: Entry, now_ms: int) -> None:
        """Whether `entry` is what `command` asked for, given that it deserves to be accepted."""
        if isinstance(command, commands.HoldBest):
            taken = getattr(entry, "places", None) or getattr(entry, "added", [])
            best_judge.check(self.truth, command, taken, getattr(entry, "step", 0))
        elif isinstance(command, commands.HoldQuantity):
            taken = getattr(entry, "places", None) or getattr(entry, "added", [])
            venue = self.truth.venue
            assert venue is not None
            require(
                len(taken) == command.quantity
                and set(taken) <= set(venue.members[command.group])
                and venue.kind[command.group] is GroupKind.AREA,
                "H7",
                f"{command} got {taken}",
            )
        else:
            taken = []
        expected = self._entry_for(command, now_ms, taken, getattr(entry, "step", 0))
        require(entry == expected, "A1", f"{command} must become {expected}, became {entry}")

    def _entry_for(
        self, command: AnyCommand, now_ms: int, taken: list[int], step: int
    ) -> Entry | None:
        truth, venue, i = self.truth, self.truth.venue, command.id
        match command:
            case commands.BindChart():
                return entries.ChartBound(
                    now_ms, i, command.chart_hash, command.policy, command.tariff
                )
            case commands.ConfigureSale():
                policy = command.policy or truth.policy
                return entries.SaleConfigured(now_ms, i, policy, command.tariff)
            case commands.HoldBest() | commands.HoldQuantity():
                return self._held(command, now_ms, taken, step)
            case commands.BlockSeats():
                return entries.SeatsBlocked(now_ms, i, command.places, command.reason)
            case commands.UnblockSeats():
                return entries.SeatsUnblocked(now_ms, i, command.places)
            case commands.CancelBooking():
                places = command.places or truth.bookings[command.booking].places
                return entries.BookingCancelled(now_ms, i, command.booking, places)
            case commands.MoveBooking():
                return entries.BookingMoved(now_ms, i, command.booking, command.places, command.to)
        assert venue is not None
        match command:
            case commands.HoldSeats():
                return self._held(command, now_ms, venue.grown(command.places), 0)
            case commands.HoldWhole():
                return self._held(command, now_ms, venue.members[command.group], 0)
            case commands.BookSeats():
                last = len(truth.tariffs) - 1
                return entries.SeatsBooked(
                    now_ms,
                    i,
                    command.holder,
                    0,  # type: ignore[arg-type]
                    command.booking,
                    venue.grown(command.places),
                    last,
                )
        if not isinstance(
            command,
            commands.DropSeats | commands.ExtendHold | commands.ReleaseHold | commands.BookHold,
        ):
            return None
        return self._entry_on_hold(command, truth.holds[command.hold], now_ms)

    def _entry_on_hold(
        self,
        command: commands.DropSeats
        | commands.ExtendHold
        | commands.ReleaseHold
        | commands.BookHold,
        hold: HeldTruth,
        now_ms: int,
    ) -> Entry:
        venue, i, holder = self.truth.venue, command.id, HolderId(hold.holder)
        assert venue is not None
        match command:
            case commands.ExtendHold():
                until = max(hold.expires_at_ms, now_ms + self.truth.policy.hold_ttl_ms)
                return entries.HoldExtended(now_ms, i, holder, command.hold, until)
            case commands.BookHold():
                return entries.SeatsBooked(
                    now_ms, i, holder, command.hold, command.booking, hold.places, hold.tariff
                )
            case commands.DropSeats():
                places = venue.grown(command.places)
                if set(places) != set(hold.places):
                    return entries.HoldChanged(now_ms, i, holder, command.hold, [], places)
        return entries.HoldReleased(now_ms, i, holder, command.hold)

    def _held(
        self,
        command: commands.HoldSeats
        | commands.HoldBest
        | commands.HoldQuantity
        | commands.HoldWhole,
        now_ms: int,
        places: list[int],
        step: int,
    ) -> Entry:
        if command.into:
            holder = HolderId(self.truth.holds[command.into].holder)
            return entries.HoldChanged(now_ms, command.id, holder, command.into, places, [], step)
        until = now_ms + (command.ttl_ms or self.truth.policy.hold_ttl_ms)
        tariff = len(self.truth.tariffs) - 1
        return entries.SeatsHeld(now_ms, command.id, command.holder, places, until, tariff, step)

    def _check_statuses(self, batch: Batch, before: bytes) -> None:
        after = self.truth.statuses()
        before = before or bytes([255]) * len(after)
        said = dict(zip(batch.places, batch.statuses, strict=True))
        require(len(said) == len(batch.places), "V1", f"a place twice in {batch.places}")
        changed = {p for p in range(len(after)) if after[p] != before[p]}
        require(changed <= set(said), "V1", f"not said: {sorted(changed - set(said))}")
        wrong = {p: s for p, s in said.items() if after[p] != s}
        require(not wrong, "V1", f"said {wrong}, true {[after[p] for p in wrong]}")

    # What is told, and what survives.

    def told(self, batch: Batch, head_seq: int) -> None:
        """`batch` has reached the world while the journal stood at `head_seq`."""
        require(
            batch.seq <= head_seq,
            "D1",
            f"told of entry {batch.seq}, durable are {head_seq}",
        )
        mine = self.log[batch.after_seq : batch.seq]
        require(
            [encode_entry(e) for e in mine] == batch.encoded,
            "D4",
            f"told {batch.entries} as {batch.after_seq + 1}.., which were {mine}",
        )
        self.told_seq = max(self.told_seq, batch.seq)

    def rewound(self, head_seq: int) -> None:
        """The shard is gone; only what the journal has, up to `head_seq`, is still true."""
        require(
            head_seq >= self.told_seq, "D2", f"told of {self.told_seq}, the journal has {head_seq}"
        )
        require(
            head_seq <= len(self.log), "D4", f"the journal has {head_seq}, of {len(self.log)} made"
        )
        self._submitted.clear()
        self.log = self.log[:head_seq]
        self.truth = truth_of(self._facts, self.log)

    def check_journal(self, journaled: list[Entry]) -> None:
        """The journal holds exactly the entries that were judged."""
        require(journaled == self.log, "D3", f"journal of {len(journaled)}, judged {len(self.log)}")


def truth_of(facts: dict[str, VenueFacts], log: Iterable[Entry]) -> Truth:
    """The truth after `log`."""
    truth = Truth(facts)
    for entry in log:
        truth.apply(entry)
    return truth


class _Walk:
    """Takes a batch's outputs one by one in the order in which commands must have caused them."""

    def __init__(self, batch: Batch) -> None:
        self.batch = batch
        self._entries = deque(batch.entries)
        self._repeats = deque(batch.repeats)
        self._refusals = deque(batch.refusals)
        self._answers = deque(batch.answers)

    def next_entry(self) -> Entry | None:
        return self._entries.popleft() if self._entries else None

    def has_entry_of(self, command: AnyCommand) -> bool:
        return bool(self._entries) and getattr(self._entries[0], "id", None) == command.id

    def next_repeat(self) -> Accepted | None:
        return self._repeats.popleft() if self._repeats else None

    def next_refusal(self) -> Refusal | None:
        return self._refusals.popleft() if self._refusals else None

    def next_answer(self) -> Answer | None:
        return self._answers.popleft() if self._answers else None

    def what_about(self, command: AnyCommand) -> list[object]:
        """Everything in the batch that answers `command`."""
        batch = self.batch
        outputs: list[object] = [e for e in batch.entries if getattr(e, "id", "") == command.id]
        outputs += [r for r in batch.refusals if r.id == command.id]
        outputs += [r for r in batch.repeats if r.id == command.id]
        outputs += [a for a in batch.answers if a.id == command.id]
        return outputs

    def check_nothing_left(self) -> None:
        left = [*self._entries, *self._repeats, *self._refusals, *self._answers]
        require(not left, "A1", f"nobody asked for {left}")
