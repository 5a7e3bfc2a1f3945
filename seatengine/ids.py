"""Names of the plain values that cross module borders.

They are types of their own for the type checker, and plain text and numbers at run time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NewType

EventId = NewType("EventId", str)
"""A show on sale: a short url-safe text, unique in one installation."""

ChartHash = NewType("ChartHash", str)
"""blake2b-128 of a chart's canonical bytes, 32 hex digits. Equal hash, equal chart."""

CommandId = NewType("CommandId", str)
"""Minted at the edge and scoped to its holder there. Idempotency key and reply address."""

HolderId = NewType("HolderId", str)
"""Who holds: an anonymous viewer (`v_...`) or an API key (`k_...`)."""

HoldId = NewType("HoldId", int)
"""The seq of the entry that made the hold, so unique in its event. 0 means no hold."""

BookingId = NewType("BookingId", str)
"""A booking's public reference, minted at the edge and hard to guess."""

SeatIndex = NewType("SeatIndex", int)
"""A place's number in its chart: 0-based, dense, never reused for another place."""

Seq = NewType("Seq", int)
"""An entry's number in its event's journal: 1-based, without gaps."""

Epoch = NewType("Epoch", int)
"""Which owner of an event wrote: grows by one with every takeover. The fencing token."""

if not TYPE_CHECKING:
    # To call a NewType costs several times what it costs to call the type itself, and every
    # command on its way through the engine is named a few times.
    EventId = ChartHash = CommandId = HolderId = BookingId = str
    HoldId = SeatIndex = Seq = Epoch = int
