from __future__ import annotations

import asyncio

import pytest

from gateway.live.contacts import Contact
from gateway.sale.checkout import REFERENCE_CHARS, Checkout
from seatengine.core.commands import AnyCommand, BindChart, BookHold, HoldSeats
from seatengine.core.entries import SeatsBooked, SeatsHeld
from seatengine.core.outputs import Accepted, Answer, Code, Refusal
from seatengine.core.policy import SalePolicy
from seatengine.core.shard import Shard
from seatengine.errors import StoreUnavailable
from seatengine.ids import BookingId, CommandId, EventId, HolderId, HoldId
from tests import venues

EVENT = EventId("ev")
ADA = HolderId("v_ada")
CONTACT = Contact("Ada", "ada@example.org")


class Folder:
    """Contacts in memory."""

    def __init__(self) -> None:
        self.kept: dict[BookingId, Contact] = {}

    async def put_contact(self, event_id: EventId, booking: BookingId, contact: Contact) -> None:
        self.kept[booking] = contact

    async def drop_contact(self, event_id: EventId, booking: BookingId) -> None:
        del self.kept[booking]


class LostFolder(Folder):
    async def put_contact(self, event_id: EventId, booking: BookingId, contact: Contact) -> None:
        raise StoreUnavailable("gone")


class Desk:
    """The real core behind `ask`; `refuse_with` answers the next booking in its place."""

    def __init__(self) -> None:
        table = venues.pocket()
        self.shard = Shard(EVENT, {table.chart_hash: table})
        self.refuse_with: Code | None = None
        bind = BindChart(
            id=CommandId("bind"),
            holder=HolderId("k"),
            staff=True,
            chart_hash=table.chart_hash,
            policy=SalePolicy(),
            tariff=venues.TARIFF,
        )
        assert isinstance(self.shard.step(bind, 0), Accepted)

    async def ask(self, event: EventId, command: AnyCommand) -> Accepted | Refusal | Answer:
        if self.refuse_with is not None and isinstance(command, BookHold):
            return Refusal(command.id, self.refuse_with)
        return self.shard.step(command, 0)

    def hold(self, name: str, place: int) -> HoldId:
        command = HoldSeats(id=CommandId(name), holder=ADA, places=[place])
        held = self.shard.step(command, 0)
        assert isinstance(held, Accepted)
        assert isinstance(held.entry, SeatsHeld)
        return HoldId(held.seq)


def book(checkout: Checkout, command_id: str, hold: HoldId) -> Accepted | Refusal:
    return asyncio.run(checkout.book_hold(EVENT, CommandId(command_id), ADA, hold, CONTACT))


def test_a_reference_is_the_same_on_every_retry_and_nobody_elses() -> None:
    checkout = Checkout(Folder(), Desk(), "secret")
    first = checkout.reference(EVENT, CommandId("v_ada/1"))
    assert first == checkout.reference(EVENT, CommandId("v_ada/1"))
    others = {
        checkout.reference(EVENT, CommandId("v_ada/2")),
        checkout.reference(EventId("ev2"), CommandId("v_ada/1")),
        Checkout(Folder(), Desk(), "other").reference(EVENT, CommandId("v_ada/1")),
    }
    assert first not in others
    assert len(first) == REFERENCE_CHARS
    assert not set(first) & set("ILOU")


def test_a_booking_has_its_contact() -> None:
    folder, desk = Folder(), Desk()
    outcome = book(Checkout(folder, desk, "secret"), "v_ada/1", desk.hold("h", 0))
    assert isinstance(outcome, Accepted)
    assert isinstance(outcome.entry, SeatsBooked)
    assert folder.kept == {outcome.entry.booking: CONTACT}


def test_without_a_kept_contact_nothing_is_booked() -> None:
    desk = Desk()
    hold = desk.hold("h", 0)
    with pytest.raises(StoreUnavailable):
        book(Checkout(LostFolder(), desk, "secret"), "v_ada/1", hold)
    assert not desk.shard.state.bookings


def test_a_refused_booking_leaves_no_contact() -> None:
    folder, desk = Folder(), Desk()
    outcome = book(Checkout(folder, desk, "secret"), "v_ada/1", HoldId(99))
    assert isinstance(outcome, Refusal)
    assert folder.kept == {}


def test_an_unknown_outcome_keeps_the_contact_for_the_retry() -> None:
    folder, desk = Folder(), Desk()
    checkout = Checkout(folder, desk, "secret")
    hold = desk.hold("h", 0)
    desk.refuse_with = Code.UNAVAILABLE
    assert isinstance(book(checkout, "v_ada/1", hold), Refusal)
    assert len(folder.kept) == 1
    desk.refuse_with = None
    assert isinstance(book(checkout, "v_ada/1", hold), Accepted)
    assert len(folder.kept) == 1


def test_a_retry_so_late_that_it_is_refused_keeps_the_contact() -> None:
    folder, desk = Folder(), Desk()
    checkout = Checkout(folder, desk, "secret")
    hold = desk.hold("h", 0)
    book(checkout, "v_ada/1", hold)
    desk.refuse_with = Code.HOLD_ENDED
    assert isinstance(book(checkout, "v_ada/1", hold), Refusal)
    assert list(folder.kept.values()) == [CONTACT]


def test_a_key_used_for_something_else_leaves_no_contact() -> None:
    folder, desk = Folder(), Desk()
    hold = desk.hold("v_ada/1", 0)
    outcome = book(Checkout(folder, desk, "secret"), "v_ada/1", hold)
    assert isinstance(outcome, Accepted)
    assert isinstance(outcome.entry, SeatsHeld)
    assert folder.kept == {}


def test_staff_books_places_with_or_without_a_contact() -> None:
    folder, desk = Folder(), Desk()
    checkout = Checkout(folder, desk, "secret")
    for place, contact in ((0, None), (1, CONTACT)):
        outcome = asyncio.run(
            checkout.book_places(EVENT, CommandId(f"k/{place}"), HolderId("k"), [place], contact)
        )
        assert isinstance(outcome, Accepted)
    assert len(folder.kept) == 1
    assert len(desk.shard.state.bookings) == 2
