"""What an event says: batches of facts, refusals and answers. They leave only when durable."""

from __future__ import annotations

import enum

import msgspec

from seatengine.core.entries import Entry
from seatengine.ids import BookingId, CommandId, EventId, HolderId, HoldId


class Code(enum.IntEnum):
    """Why a command was refused. Numbers are for ever; never reuse one."""

    NOT_ON_SALE = 10
    NO_CHART = 11
    STAFF_ONLY = 12
    BAD_ID = 13
    UNKNOWN_PLACE = 14
    REPEATED_PLACE = 15
    NOTHING_ASKED = 16
    UNKNOWN_GROUP = 17
    WRONG_KIND = 18
    OUT_OF_RANGE = 19
    PLACES_TAKEN = 20
    TOO_MANY_IN_COMMAND = 30
    TOO_MANY_IN_HOLD = 31
    TOO_MANY_FOR_HOLDER = 32
    TOO_MANY_HOLDS = 33
    UNKNOWN_HOLD = 40
    HOLD_ENDED = 41
    NO_MORE_EXTENSIONS = 42
    NOT_IN_HOLD = 43
    WHOLE_ONLY = 44
    NOT_ENOUGH_LEFT = 50
    NOT_ENOUGH_TOGETHER = 51
    UNKNOWN_BOOKING = 60
    BOOKING_EXISTS = 61
    NOT_IN_BOOKING = 62
    NOT_BLOCKED = 70
    ALREADY_BOUND = 80
    UNKNOWN_CHART = 81
    UNAVAILABLE = 90
    OVERLOADED = 91
    UNKNOWN_EVENT = 92


RETRYABLE = frozenset({Code.UNAVAILABLE, Code.OVERLOADED})
"""Refusals that say nothing of the command itself: the same id may be sent again."""


class Refusal(msgspec.Struct, array_like=True, gc=False):
    """A refused command changed nothing. `places` stand in the way; `detail` is for engineers."""

    id: CommandId
    code: Code
    places: list[int] = []
    detail: str = ""


class BestStep(enum.IntEnum):
    """How far best available had to fall back."""

    TOGETHER = 1
    TOGETHER_LEAVES_ONE = 2
    NEARBY = 3
    SCATTERED = 4


class HoldView(msgspec.Struct, array_like=True, gc=False):
    """One live hold as its holder sees it."""

    hold: HoldId
    places: list[int]
    expires_at_ms: int
    extensions_left: int
    tariff: int


class BookingView(msgspec.Struct, array_like=True, gc=False):
    booking: BookingId
    holder: HolderId
    places: list[int]
    tariff: int
    at_ms: int


class Answer(msgspec.Struct, array_like=True, gc=False):
    """The answer to a Read command. `holds` are as of the end of its batch, as statuses are."""

    id: CommandId
    holds: list[HoldView] = []
    booking: BookingView | None = None


class Accepted(msgspec.Struct, array_like=True, gc=False):
    """A command that was accepted, now or earlier: the entry is the answer.

    `view` is the hold in full after a HoldChanged or HoldExtended. A `repeat` was accepted before:
    its `view` is the hold as it is at the end of its batch, if it still lives.
    """

    id: CommandId
    seq: int
    entry: Entry
    view: HoldView | None = None
    repeat: bool = False


class Batch(msgspec.Struct):
    """Everything an event has to say since the last one, in order; the unit of durability.

    `entries[k]` has seq `after_seq + 1 + k`, and `encoded[k]` are its bytes. Each entry with an id
    answers that command; `views` has the hold as it stood right after entry `seq`, for entries
    that change a live hold (HoldChanged, HoldExtended). `repeats` answer commands that had been
    accepted before. `places` are those whose status changed, each once, with the status they
    have at the batch's end.
    """

    event: EventId
    after_seq: int
    entries: list[Entry]
    encoded: list[bytes]
    views: dict[int, HoldView]
    repeats: list[Accepted]
    refusals: list[Refusal]
    answers: list[Answer]
    places: list[int]
    statuses: bytes

    @property
    def seq(self) -> int:
        """The seq of the last entry."""
        return self.after_seq + len(self.entries)
