"""Turning a hold, or free places, into a booking with a name on it.

The buyer's name and mail must not enter the journal, which is for ever: they stand in a table of
their own under the booking's reference, written before the booking is asked for, so that a booking
never exists without its contact.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Awaitable
from typing import Final, Protocol

from gateway.live.contacts import Contact
from seatengine.core.commands import AnyCommand, BookHold, BookSeats, ReadBooking
from seatengine.core.entries import SeatsBooked
from seatengine.core.outputs import RETRYABLE, Accepted, Answer, Code, Refusal
from seatengine.ids import BookingId, CommandId, EventId, HolderId, HoldId

# Crockford's base32: no I, L, O, U, so a reference survives being read out or written down.
_ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
REFERENCE_CHARS: Final = 10


class Contacts(Protocol):
    """Where names and mails are kept. Every method raises StoreUnavailable."""

    async def put_contact(self, event_id: EventId, booking: BookingId, contact: Contact) -> None:
        """Keep or replace the contact of a booking."""

    async def drop_contact(self, event_id: EventId, booking: BookingId) -> None:
        """Forget the contact of a booking that never came to be."""


class Engine(Protocol):
    def ask(
        self, event: EventId, command: AnyCommand
    ) -> Awaitable[Accepted | Refusal | Answer]: ...


class Checkout:
    """Books with a contact. `secret` keys the references; changing it only affects new ones."""

    def __init__(self, contacts: Contacts, engine: Engine, secret: str) -> None:
        self._contacts = contacts
        self._engine = engine
        self._key = hashlib.sha256(b"seatengine.booking\0" + secret.encode()).digest()

    def reference(self, event: EventId, command_id: CommandId) -> BookingId:
        """The booking reference that this command gets: 50 bits nobody can guess without the
        secret, and the same on every retry, so that a retry finds the contact it has written."""
        digest = hmac.digest(self._key, f"{event}\0{command_id}".encode(), "sha256")
        bits = int.from_bytes(digest[:8], "big")
        return BookingId("".join(_ALPHABET[(bits >> 5 * i) & 31] for i in range(REFERENCE_CHARS)))

    async def book_hold(
        self,
        event: EventId,
        command_id: CommandId,
        holder: HolderId,
        hold: HoldId,
        contact: Contact,
        *,
        staff: bool = False,
    ) -> Accepted | Refusal:
        """Book a hold for `contact`. Raises StoreUnavailable; then nothing was booked."""
        booking = self.reference(event, command_id)
        command = BookHold(id=command_id, holder=holder, staff=staff, hold=hold, booking=booking)
        return await self._book(event, command, contact)

    async def book_places(
        self,
        event: EventId,
        command_id: CommandId,
        holder: HolderId,
        places: list[int],
        contact: Contact | None,
    ) -> Accepted | Refusal:
        """Book free places at once, as staff. Raises StoreUnavailable; then nothing was booked."""
        booking = self.reference(event, command_id)
        command = BookSeats(
            id=command_id, holder=holder, staff=True, places=places, booking=booking
        )
        return await self._book(event, command, contact)

    async def _book(
        self, event: EventId, command: BookHold | BookSeats, contact: Contact | None
    ) -> Accepted | Refusal:
        if contact is not None:
            await self._contacts.put_contact(event, command.booking, contact)
        outcome = await self._engine.ask(event, command)
        assert not isinstance(outcome, Answer)
        booked = isinstance(outcome, Accepted) and isinstance(outcome.entry, SeatsBooked)
        unknown = isinstance(outcome, Refusal) and outcome.code in RETRYABLE
        if contact is not None and not booked and not unknown:
            await self._forget_unless_booked(event, command)
        return outcome

    async def _forget_unless_booked(self, event: EventId, command: BookHold | BookSeats) -> None:
        """A refused booking leaves no name behind; a late retry of one that happened keeps it."""
        read = ReadBooking(
            id=CommandId(f"{command.holder}/{command.booking}"),
            holder=command.holder,
            staff=True,
            booking=command.booking,
        )
        found = await self._engine.ask(event, read)
        if isinstance(found, Refusal) and found.code in (Code.UNKNOWN_BOOKING, Code.UNKNOWN_EVENT):
            await self._contacts.drop_contact(event, command.booking)
