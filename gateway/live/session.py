"""One viewer's conversation: messages in, commands out, and outcomes into messages. Pure.

A session knows who speaks and what is unanswered. It does no I/O and has no clock: the connection
gives it bytes and the time, and does what it says.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import msgspec

from gateway.live import contacts, refusals, wire
from gateway.live.fanout import LiveEvent
from gateway.live.watching import is_sound
from gateway.live.wire import CloseCode
from seatengine import limits
from seatengine.core import commands, entries
from seatengine.core.commands import AnyCommand
from seatengine.core.entries import Entry
from seatengine.core.outputs import Accepted, Answer, Code, HoldView, Refusal
from seatengine.ids import CommandId, HolderId, HoldId

_MAX_REF_CHARS: Final = 40
# The one command a session gives itself: its own holds, read in stream order, once per Hello.
_READ_REF: Final = "~mine"

ENDED_RELEASED: Final = 1
ENDED_EXPIRED: Final = 2


class Say(msgspec.Struct, frozen=True):
    """Send this message to the viewer. `refused` is the Code of a command refused here, else 0."""

    payload: bytes
    refused: int = 0


class Bye(msgspec.Struct, frozen=True):
    """Close the connection with this code."""

    code: CloseCode


class Open(msgspec.Struct, frozen=True):
    """Serve this event to `holder`, then call `Session.welcome`. Sent once, by the first Hello."""

    event: str
    holder: HolderId


class Greet(msgspec.Struct, frozen=True):
    """Submit `command`; with its Answer send what `Session.welcome` gives."""

    command: commands.ReadHolds


class Purchase(msgspec.Struct, frozen=True):
    """Book `hold` as `command_id` for a buyer whose name and mail are in order."""

    command_id: CommandId
    hold: HoldId
    name: str
    email: str


Effect = AnyCommand | wire.Look | Say | Bye | Open | Greet | Purchase | None


class Session:
    """The conversation of one connection. `identify` gives a token's holder, None if it is bad.

    `messages_per_second` is what it may send on average; at least MESSAGE_BURST at once.
    """

    __slots__ = (
        "_allowance",
        "_allowance_at_ms",
        "_allowance_per_ms",
        "_burst",
        "_hello",
        "_identify",
        "_prefix",
        "_unanswered",
        "holder",
    )

    def __init__(
        self,
        identify: Callable[[str], HolderId | None],
        now_ms: int,
        messages_per_second: int = limits.MESSAGES_PER_SECOND,
    ) -> None:
        self._identify = identify
        self.holder = HolderId("")
        self._prefix = ""
        self._hello: wire.Hello | None = None
        self._unanswered: set[CommandId] = set()
        self._burst = max(limits.MESSAGE_BURST, messages_per_second)
        self._allowance = float(self._burst)
        self._allowance_per_ms = messages_per_second / 1000
        self._allowance_at_ms = now_ms

    def receive(self, payload: bytes, now_ms: int) -> Effect:
        """What one message from the viewer leads to."""
        if not self.may_speak(now_ms):
            return Bye(CloseCode.TOO_MANY_MESSAGES)
        try:
            message = wire.decode_client_message(payload)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return Bye(CloseCode.BAD_MESSAGE)
        kind = type(message)
        if kind is wire.Hello:
            return self._greet(message)
        if not self.holder:
            return Bye(CloseCode.HELLO_EXPECTED)
        if kind is wire.Look:
            sound = is_sound(message) and len(message.sections) <= limits.MAX_SECTIONS_LISTED
            return message if sound else Bye(CloseCode.BAD_MESSAGE)
        if kind is wire.Ping:
            pong = wire.Pong(message.t, now_ms)
            return Say(wire.encode_message(pong))
        return self._ask(message)

    def may_speak(self, now_ms: int) -> bool:
        """Whether one more message or control frame is within the limit, which it then counts to.
        A token bucket."""
        allowance = self._allowance
        passed_ms = now_ms - self._allowance_at_ms
        if passed_ms > 0:
            self._allowance_at_ms = now_ms
            allowance += passed_ms * self._allowance_per_ms
            if allowance > self._burst:
                allowance = self._burst
        if allowance < 1:
            return False
        self._allowance = allowance - 1
        return True

    def _greet(self, hello: wire.Hello) -> Effect:
        if hello.version != wire.PROTOCOL_VERSION:
            return Bye(CloseCode.BAD_VERSION)
        first = self._hello is None
        if first:
            holder = self._identify(hello.token)
            if holder is None:
                return Bye(CloseCode.BAD_TOKEN)
            self.holder = holder
            self._prefix = holder + "/"
        elif self._hello is not None and hello.event != self._hello.event:
            return Bye(CloseCode.BAD_MESSAGE)
        self._hello = hello
        if first:
            return Open(hello.event, self.holder)
        return self.read_holds()

    def read_holds(self) -> Greet:
        """The command whose answer completes a Hello."""
        command_id = CommandId(self._prefix + _READ_REF)
        self._unanswered.add(command_id)
        return Greet(commands.ReadHolds(id=command_id, holder=self.holder))

    @property
    def hello(self) -> wire.Hello:
        """The last Hello; there must have been one."""
        assert self._hello is not None
        return self._hello

    def welcome(self, live: LiveEvent, answer: Answer, now_ms: int) -> tuple[bytes, bytes]:
        """(Welcome, Mine); what the viewer watches is said in between."""
        self._unanswered.discard(answer.id)
        welcome = wire.Welcome(
            wire.PROTOCOL_VERSION,
            self.holder,
            now_ms,
            live.epoch,
            live.table.chart_hash if live.table is not None else "",
        )
        mine = wire.Mine([live.hold_state(view) for view in answer.holds])
        return wire.encode_message(welcome), wire.encode_message(mine)

    def _claim(self, ref: str) -> CommandId | None:
        """The command id for `ref`, if another command may be under way."""
        if len(self._unanswered) >= limits.MAX_PENDING_COMMANDS_PER_CONNECTION:
            return None
        command_id = CommandId(self._prefix + ref)
        self._unanswered.add(command_id)
        return command_id

    def _ask(self, message: wire.Command) -> Effect:
        ref = message.ref
        if not 0 < len(ref) <= _MAX_REF_CHARS or ref == _READ_REF:
            return Bye(CloseCode.BAD_MESSAGE)
        if self._prefix + ref in self._unanswered:
            # Said twice on one connection: the answer to the first is on its way.
            return None
        if type(message) is wire.Book:
            return self._purchase(message)
        command_id = self._claim(ref)
        if command_id is None:
            return self._refuse(ref, Code.OVERLOADED)
        return _COMMANDS[type(message)](message, command_id, self.holder)

    def _purchase(self, message: wire.Book) -> Purchase | Say:
        try:
            contact = contacts.checked_contact(message.name, message.email)
        except contacts.BadContact as error:
            return self._refuse(message.ref, Code.OUT_OF_RANGE, str(error))
        command_id = self._claim(message.ref)
        if command_id is None:
            return self._refuse(message.ref, Code.OVERLOADED)
        return Purchase(command_id, HoldId(message.hold), contact.name, contact.email)

    def _refuse(self, ref: str, code: Code, text: str = "") -> Say:
        refused = wire.Refused(ref, int(code), text or refusals.sentence(code))
        return Say(wire.encode_message(refused), int(code))

    def outcome(self, live: LiveEvent, outcome: Accepted | Refusal | Answer) -> bytes:
        """The message that answers a command of this session."""
        command_id = outcome.id
        self._unanswered.discard(command_id)
        ref = command_id[len(self._prefix) :]
        if type(outcome) is Accepted and not _is_over(outcome):
            message = told(live, ref, outcome.seq, outcome.entry, outcome.view)
            if message is not None:
                return message
        if type(outcome) is Refusal:
            return self._refused(live, ref, outcome)
        return self._refuse(ref, Code.HOLD_ENDED).payload

    def asked(self, command_id: CommandId) -> bool:
        """Whether this connection waits for the outcome of that command."""
        return command_id in self._unanswered

    def _refused(self, live: LiveEvent, ref: str, refusal: Refusal) -> bytes:
        beside: list[int] = []
        if refusal.code == Code.PLACES_TAKEN:
            beside = live.beside(refusal.places, len(refusal.places))
        text = refusals.sentence(
            refusal.code, live.labels(refusal.places), live.labels(beside), refusal.detail
        )
        return wire.encode_message(
            wire.Refused(ref, int(refusal.code), text, refusal.places, beside)
        )


def _is_over(outcome: Accepted) -> bool:
    """Whether a repeated command made a hold that has ended since."""
    return outcome.repeat and outcome.view is None and type(outcome.entry) is entries.SeatsHeld


def told(live: LiveEvent, ref: str, seq: int, entry: Entry, view: HoldView | None) -> bytes | None:
    """The message that tells a holder of `entry`; None where there is nothing left to tell."""
    kind = type(entry)
    if kind is entries.SeatsHeld:
        held: entries.SeatsHeld = entry  # type: ignore[assignment]
        places = held.places
        extensions = live.policy.max_extensions
        expires_at_ms = held.expires_at_ms
        if view is not None:
            # A repeat: the hold may have changed since, and the basket is to show what is so.
            places, expires_at_ms = view.places, view.expires_at_ms
            extensions = view.extensions_left
        state = wire.HoldState(
            seq, places, live.prices(places, held.tariff), expires_at_ms, extensions
        )
        return wire.encode_message(wire.Held(ref, state, held.places, [], held.step))
    if kind is entries.HoldChanged:
        changed: entries.HoldChanged = entry  # type: ignore[assignment]
        if view is None:
            return None
        message = wire.Held(
            ref, live.hold_state(view), changed.added, changed.dropped, changed.step
        )
        return wire.encode_message(message)
    if kind is entries.HoldExtended:
        return wire.encode_message(wire.Held(ref, live.hold_state(view))) if view else None
    if kind is entries.HoldReleased or kind is entries.HoldExpired:
        why = ENDED_RELEASED if kind is entries.HoldReleased else ENDED_EXPIRED
        return wire.encode_message(wire.Ended(ref, entry.hold, why))  # type: ignore[union-attr]
    if kind is entries.SeatsBooked:
        booked: entries.SeatsBooked = entry  # type: ignore[assignment]
        total = sum(live.prices(booked.places, booked.tariff))
        return wire.encode_message(
            wire.Booked(ref, booked.hold, booked.booking, booked.places, total)
        )
    return None


def _hold(m: wire.Hold, command_id: CommandId, holder: HolderId) -> Effect:
    return commands.HoldSeats(id=command_id, holder=holder, places=m.places, into=HoldId(m.into))


def _hold_best(m: wire.HoldBest, command_id: CommandId, holder: HolderId) -> Effect:
    return commands.HoldBest(
        id=command_id,
        holder=holder,
        quantity=m.quantity,
        categories=m.categories,
        sections=m.sections,
        accessible=m.accessible,
        max_price=m.max_price,
        worst_step=m.worst_step,
        into=HoldId(m.into),
    )


def _hold_quantity(m: wire.HoldQuantity, command_id: CommandId, holder: HolderId) -> Effect:
    return commands.HoldQuantity(
        id=command_id, holder=holder, group=m.group, quantity=m.quantity, into=HoldId(m.into)
    )


def _hold_whole(m: wire.HoldWhole, command_id: CommandId, holder: HolderId) -> Effect:
    return commands.HoldWhole(id=command_id, holder=holder, group=m.group, into=HoldId(m.into))


def _drop(m: wire.Drop, command_id: CommandId, holder: HolderId) -> Effect:
    return commands.DropSeats(id=command_id, holder=holder, hold=HoldId(m.hold), places=m.places)


def _extend(m: wire.Extend, command_id: CommandId, holder: HolderId) -> Effect:
    return commands.ExtendHold(id=command_id, holder=holder, hold=HoldId(m.hold))


def _release(m: wire.Release, command_id: CommandId, holder: HolderId) -> Effect:
    return commands.ReleaseHold(id=command_id, holder=holder, hold=HoldId(m.hold))


_COMMANDS: Final[dict[type, Callable[..., Effect]]] = {
    wire.Hold: _hold,
    wire.HoldBest: _hold_best,
    wire.HoldQuantity: _hold_quantity,
    wire.HoldWhole: _hold_whole,
    wire.Drop: _drop,
    wire.Extend: _extend,
    wire.Release: _release,
}
