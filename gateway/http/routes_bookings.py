"""Bookings: places that are someone's for good, paid for at the venue."""

from __future__ import annotations

from typing import Any, Final

from starlette.responses import Response

from gateway.http.box_office import BoxOffice, Sale, read_id
from gateway.http.endpoints import Access, Call, Endpoint, Nothing, json_answer, json_response
from gateway.http.problems import Problem, refused
from gateway.http.resources import (
    BookFromHold,
    BookingCancel,
    BookingInfo,
    BookingMove,
    BookingOver,
    BookPlaces,
    NewBooking,
)
from gateway.live.contacts import BadContact, Contact, checked_contact
from gateway.sale.checkout import Checkout
from seatengine.core import commands, entries
from seatengine.core.outputs import Accepted, BookingView, Code, Refusal
from seatengine.ids import BookingId, CommandId, HolderId, HoldId
from seatengine.limits import MAX_ID_CHARS

_REFERENCE: Final = {"booking": "The booking's reference, in either case"}
_MISREAD: Final = str.maketrans("OIL", "011")
_TAKEN: Final = ("places-taken", "unknown-place", "repeated-place")


class BookingRoutes:
    """Each handler turns one request into one command and its outcome into one answer."""

    def __init__(self, box_office: BoxOffice, checkout: Checkout) -> None:
        self._box_office = box_office
        self._catalog = box_office.catalog
        self._checkout = checkout

    def endpoints(self) -> list[Endpoint]:
        path = "/api/v1/events/{event_id}/bookings"
        return [
            Endpoint(
                method="POST",
                path=path,
                operation="createBooking",
                tag="Bookings",
                summary="Book a hold, or as the organizer free places at once",
                description="From a hold: `name` and `email` are required, and the price is that "
                "of the moment the hold was made.",
                access=Access.HOLDER,
                handle=self.create_booking,
                answers=[json_answer(201, "The booking.", BookingInfo)],
                idempotent=True,
                problems=(*_TAKEN, "unknown-hold", "hold-ended", "staff-only", "booking-exists"),
            ),
            Endpoint(
                method="GET",
                path=path + "/{booking}",
                operation="getBooking",
                tag="Bookings",
                summary="Look a booking up by its reference",
                description="Whoever knows the reference sees the places; the name and mail are "
                "for the organizer and the browser that booked.",
                access=Access.PUBLIC,
                handle=self.get_booking,
                answers=[json_answer(200, "The booking.", BookingInfo)],
                problems=("unknown-booking",),
                parameters=_REFERENCE,
            ),
            Endpoint(
                method="DELETE",
                path=path + "/{booking}",
                operation="cancelBooking",
                tag="Bookings",
                summary="Cancel a booking or some of its places",
                access=Access.ORGANIZER,
                handle=self.cancel_booking,
                answers=[json_answer(200, "What was cancelled and what is left.", BookingOver)],
                body_optional=True,
                idempotent=True,
                problems=("unknown-booking", "not-in-booking", "unknown-place", "repeated-place"),
                parameters=_REFERENCE,
            ),
            Endpoint(
                method="POST",
                path=path + "/{booking}/move",
                operation="moveBooking",
                tag="Bookings",
                summary="Move places of a booking to free ones",
                access=Access.ORGANIZER,
                handle=self.move_booking,
                answers=[json_answer(200, "The booking as it is now.", BookingInfo)],
                idempotent=True,
                problems=(*_TAKEN, "unknown-booking", "not-in-booking", "out-of-range"),
                parameters=_REFERENCE,
            ),
        ]

    async def create_booking(self, call: Call[NewBooking, Nothing]) -> Response:
        sale = await self._box_office.sale(call.path["event_id"], call.identity)
        body = call.body
        holder = call.identity.holder
        if isinstance(body, BookFromHold):
            who = _contact(body.name, body.email)
            outcome = await self._checkout.book_hold(
                sale.row.id, call.command_id, holder, HoldId(body.hold), who, staff=sale.staff
            )
        else:
            if not sale.staff:
                raise refused(Code.STAFF_ONLY)
            outcome = await self._book_places(sale, call.command_id, holder, body)
        _, booked = sale.accepted(outcome, entries.SeatsBooked)
        location = f"/api/v1/events/{sale.row.id}/bookings/{booked.booking}"
        view = BookingView(
            booked.booking, booked.holder, booked.places, booked.tariff, booked.at_ms
        )
        contact = await self._catalog.contact(sale.row.id, booked.booking)
        return json_response(sale.booking_info(view, contact), 201, {"Location": location})

    async def _book_places(
        self, sale: Sale, command_id: CommandId, holder: HolderId, body: BookPlaces
    ) -> Accepted | Refusal:
        contact = _contact(body.name, body.email) if body.name or body.email else None
        return await self._checkout.book_places(
            sale.row.id, command_id, holder, sale.places(body.places), contact
        )

    async def get_booking(self, call: Call[Nothing, Nothing]) -> Response:
        sale = await self._box_office.sale(call.path["event_id"], call.caller)
        return json_response(await self._booking(sale, _reference(call)))

    async def cancel_booking(self, call: Call[BookingCancel, Nothing]) -> Response:
        sale = await self._box_office.own_sale(call.path["event_id"], call.organizer)
        booking = _reference(call)
        cancel = commands.CancelBooking(
            id=call.command_id,
            holder=call.identity.holder,
            staff=True,
            booking=booking,
            places=sale.places(call.body.places),
        )
        _, entry = await sale.command(cancel, entries.BookingCancelled)
        left = await self._live_booking(sale, booking)
        return json_response(BookingOver(booking, sale.labelled(entry.places), left))

    async def move_booking(self, call: Call[BookingMove, Nothing]) -> Response:
        sale = await self._box_office.own_sale(call.path["event_id"], call.organizer)
        booking = _reference(call)
        move = commands.MoveBooking(
            id=call.command_id,
            holder=call.identity.holder,
            staff=True,
            booking=booking,
            places=sale.places(call.body.from_),
            to=sale.places(call.body.to),
        )
        await sale.command(move, entries.BookingMoved)
        return json_response(await self._booking(sale, booking))

    async def _booking(self, sale: Sale, booking: BookingId) -> BookingInfo:
        """The booking as the caller may see it, or a Problem: unknown-booking."""
        read = commands.ReadBooking(
            id=read_id(), holder=HolderId(""), staff=sale.staff, booking=booking
        )
        view = (await sale.answer(read)).booking
        assert view is not None
        caller = sale.caller
        may_see_contact = sale.staff or (caller is not None and caller.holder == view.holder)
        contact = await self._catalog.contact(sale.row.id, booking) if may_see_contact else None
        return sale.booking_info(view, contact)

    async def _live_booking(self, sale: Sale, booking: BookingId) -> BookingInfo | None:
        try:
            return await self._booking(sale, booking)
        except Problem as problem:
            if problem.details.code == "unknown-booking":
                return None
            raise


def _reference(call: Call[Any, Nothing]) -> BookingId:
    """The reference in the path, forgiving how it was typed."""
    text = str(call.path["booking"])[:MAX_ID_CHARS].upper()
    return BookingId(text.translate(_MISREAD).replace("-", "").replace(" ", ""))


def _contact(name: str, email: str) -> Contact:
    """A checked contact; a Problem says which field to mend and how."""
    try:
        return checked_contact(name, email)
    except BadContact as error:
        raise Problem("invalid", str(error), path=f"$.{error.field}") from None
