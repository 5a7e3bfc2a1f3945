"""One event's only writer: commands in, facts applied at once, outputs gated on durability.

The owner calls `tick` and `step` as it likes, takes what is ready, commits it, and only then
lets it out. When a commit fails the shard is dropped and rebuilt from the journal: nobody was
told anything, so there is nothing to undo.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from heapq import heappop

from seatengine.chart.seat_table import SeatTable
from seatengine.core import commands, entries
from seatengine.core.commands import AnyCommand
from seatengine.core.decide import decide
from seatengine.core.entries import Entry, decode_entry, encode_entry, frame
from seatengine.core.event_state import HOLD_BITS, EventState, Hold
from seatengine.core.evolve import evolve
from seatengine.core.journaled_answers import JournaledAnswers
from seatengine.core.outputs import (
    Accepted,
    Answer,
    Batch,
    BookingView,
    Code,
    HoldView,
    Refusal,
)
from seatengine.ids import ChartHash, CommandId, EventId, HolderId, HoldId
from seatengine.limits import DEDUP_WINDOW_ENTRIES

_NEVER_MS = 1 << 62
_NO_COMMAND = CommandId("")
_NOBODY = HolderId("")


class Shard:
    """The state machine of one event. Deterministic: same calls, same outputs, same state.

    `tables` are the charts that may be bound or were; add to it before a BindChart that names
    a new one.
    """

    __slots__ = (
        "_after_seq",
        "_answers",
        "_encoded",
        "_entries",
        "_journaled",
        "_readers",
        "_refusals",
        "_remembered",
        "_remembered_order",
        "_repeats",
        "_touched",
        "_views",
        "state",
        "tables",
    )

    def __init__(
        self,
        event: EventId,
        tables: dict[ChartHash, SeatTable],
        state: EventState | None = None,
    ) -> None:
        self.state = state or EventState(event)
        self.tables = tables
        self._remembered: dict[CommandId, tuple[int, bytes]] = {}
        self._remembered_order: deque[CommandId] = deque()
        self._journaled: JournaledAnswers | None = None
        self._after_seq = self.state.seq
        self._entries: list[Entry] = []
        self._encoded: list[bytes] = []
        self._views: dict[int, HoldView] = {}
        self._repeats: list[Accepted] = []
        self._refusals: list[Refusal] = []
        self._answers: list[Answer] = []
        # Whose holds each of `_answers` shows; "" for a booking.
        self._readers: list[HolderId] = []
        self._touched: list[int] = []

    @property
    def seq(self) -> int:
        """The number of the last entry, durable or not."""
        return self.state.seq

    @property
    def uncommitted(self) -> int:
        """How many entries wait for `take_ready`."""
        return len(self._entries)

    @property
    def next_expiry_ms(self) -> int:
        """When the next hold may end; a time far away when none is live."""
        expiries = self.state.expiries
        return self.state.expiry_of(expiries[0])[0] if expiries else _NEVER_MS

    def tick(self, now_ms: int) -> None:
        """Expire every hold that ends by `now_ms`."""
        state = self.state
        while state.expiries:
            at_ms, hold = state.expiry_of(state.expiries[0])
            if at_ms > now_ms:
                return
            heappop(state.expiries)
            if hold is not None:
                self._apply(entries.HoldExpired(now_ms, hold.holder, hold.id), _NO_COMMAND)

    def step(self, command: AnyCommand, now_ms: int) -> Accepted | Refusal | Answer:
        """Decide `command` and apply it. The outcome is in the next batch, and is not to be told
        to anyone before that batch is durable.

        Holds that end by `now_ms` are expired first, so time is exact however busy the event is.
        """
        expiries = self.state.expiries
        if expiries and expiries[0] >> HOLD_BITS <= now_ms:
            self.tick(now_ms)
        known = self._remembered.get(command.id)
        if known is None and self._journaled is not None:
            known = self._journaled.find(command.id)
        if known is not None:
            return self._repeat(command.id, *known)
        if type(command) is commands.ReadHolds or type(command) is commands.ReadBooking:
            return self._answer(command)
        decision = decide(self.state, command, now_ms, self.tables)
        if type(decision) is Refusal:
            self._refusals.append(decision)
            return decision
        return self._apply(decision, command.id)  # type: ignore[arg-type]

    def take_ready(self) -> Batch | None:
        """Everything since the last call, or None. The caller commits it before anyone hears it."""
        if not (self._entries or self._refusals or self._answers or self._repeats):
            return None
        if self._entries:
            self._bring_up_to_date()
        status = self.state.status
        places = list(dict.fromkeys(self._touched))
        batch = Batch(
            self.state.event,
            self._after_seq,
            self._entries,
            self._encoded,
            self._views,
            self._repeats,
            self._refusals,
            self._answers,
            places,
            bytes(map(status.__getitem__, places)),
        )
        self._after_seq = self.state.seq
        self._entries, self._encoded, self._views = [], [], {}
        self._repeats, self._refusals, self._answers = [], [], []
        self._readers = []
        self._touched = []
        return batch

    def _bring_up_to_date(self) -> None:
        """Let reads and repeats say what is so at the batch's end, as its statuses do: whoever
        hears of the batch's entries first is not told older things after them."""
        state = self.state
        for repeat in self._repeats:
            repeat.view = self._repeated_view(repeat)
        for answer, holder in zip(self._answers, self._readers, strict=True):
            if holder:
                answer.holds = [self._view(h) for h in state.holds_by_holder.get(holder, [])]

    def replay(self, journaled: Iterable[Entry], *, remember: bool = True) -> None:
        """Apply entries that are durable already, in order. Raises JournalGap.

        `remember` is false where `remember_frame` has had them, which is cheaper.
        """
        touched: list[int] = []
        for entry in journaled:
            evolve(self.state, entry, touched, self.tables)
            if remember and type(entry) is not entries.HoldExpired:
                self._remember(entry.id, self.state.seq, encode_entry(entry))  # type: ignore[union-attr]
            touched.clear()
        self._after_seq = self.state.seq

    def remember(self, first_seq: int, journaled: Iterable[Entry]) -> None:
        """Know the answers to commands from before a snapshot, without applying them again."""
        self.remember_frame(first_seq, frame(list(map(encode_entry, journaled))))

    def remember_frame(self, first_seq: int, journaled: bytes) -> None:
        """`remember` for a journal frame as it is. Frames come in order, before any step.

        The caller gives those of the last DEDUP_WINDOW_ENTRIES entries: they are kept for good.
        """
        if self._journaled is None:
            self._journaled = JournaledAnswers()
        self._journaled.add(first_seq, journaled)

    def _apply(self, entry: Entry, command_id: CommandId) -> Accepted:
        state = self.state
        evolve(state, entry, self._touched, self.tables)
        encoded = encode_entry(entry)
        self._entries.append(entry)
        self._encoded.append(encoded)
        seq = state.seq
        kind = type(entry)
        view = None
        if kind is entries.HoldChanged or kind is entries.HoldExtended:
            view = self._view(state.holds[entry.hold])  # type: ignore[union-attr]
            self._views[seq] = view
        if command_id:
            self._remember(command_id, seq, encoded)
        return Accepted(command_id, seq, entry, view)

    def _remember(self, command_id: CommandId, seq: int, encoded: bytes) -> None:
        self._remembered[command_id] = (seq, encoded)
        order = self._remembered_order
        order.append(command_id)
        if len(order) > DEDUP_WINDOW_ENTRIES:
            self._remembered.pop(order.popleft(), None)

    def _repeat(self, command_id: CommandId, seq: int, encoded: bytes) -> Accepted:
        repeat = Accepted(command_id, seq, decode_entry(encoded), None, True)
        repeat.view = self._repeated_view(repeat)
        self._repeats.append(repeat)
        return repeat

    def _repeated_view(self, repeat: Accepted) -> HoldView | None:
        """The hold that a repeated command made or changed, if it still lives."""
        entry = repeat.entry
        made = type(entry) is entries.SeatsHeld
        hold = self.state.holds.get(HoldId(repeat.seq if made else getattr(entry, "hold", 0)))
        return self._view(hold) if hold is not None else None

    def _view(self, hold: Hold) -> HoldView:
        left = max(0, self.state.policy.max_extensions - hold.extensions)
        return HoldView(hold.id, hold.places, hold.expires_at_ms, left, hold.tariff)

    def _answer(self, command: commands.ReadHolds | commands.ReadBooking) -> Answer | Refusal:
        state = self.state
        if type(command) is commands.ReadHolds:
            own = state.holds_by_holder.get(command.holder, [])
            answer = Answer(command.id, [self._view(h) for h in own])
            reader = command.holder
        else:
            booking = state.bookings.get(command.booking)  # type: ignore[union-attr]
            if booking is None:
                refusal = Refusal(command.id, Code.UNKNOWN_BOOKING)
                self._refusals.append(refusal)
                return refusal
            view = BookingView(
                booking.id, booking.holder, list(booking.places), booking.tariff, booking.at_ms
            )
            answer = Answer(command.id, booking=view)
            reader = _NOBODY
        self._answers.append(answer)
        self._readers.append(reader)
        return answer
