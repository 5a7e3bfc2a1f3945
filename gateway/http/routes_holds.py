"""Holds: places kept for one buyer for a while."""

from __future__ import annotations

from typing import Any, Final

from starlette.responses import Response

from gateway.http.box_office import STEPS, BoxOffice, Sale, read_id, unknown_name
from gateway.http.endpoints import Access, Call, Endpoint, Nothing, json_answer, json_response
from gateway.http.problems import refused
from gateway.http.resources import (
    HoldAdd,
    HoldChange,
    HoldDrop,
    HoldInfo,
    HoldOver,
    Holds,
    NewHold,
    Pick,
    PickArea,
    PickBest,
    PickSeats,
)
from gateway.sale.place_directory import UnknownName
from seatengine.chart.seat_table import GroupKind
from seatengine.core import commands, entries
from seatengine.core.outputs import Accepted, Code, HoldView
from seatengine.ids import HoldId

_HOLD: Final = {"hold": "The hold's number"}
_GONE: Final = ("unknown-hold", "hold-ended")
_PICK: Final = (
    "places-taken",
    "unknown-place",
    "repeated-place",
    "unknown-group",
    "wrong-kind",
    "whole-only",
    "not-on-sale",
    "too-many-in-hold",
    "too-many-for-holder",
    "too-many-holds",
    "too-many-in-command",
    "not-enough-left",
    "not-enough-together",
    "out-of-range",
)
_WHOLE_KINDS: Final = (GroupKind.TABLE, GroupKind.BOOTH, GroupKind.AREA)


class HoldRoutes:
    """Each handler turns one request into one command and its outcome into one answer."""

    def __init__(self, box_office: BoxOffice) -> None:
        self._box_office = box_office

    def endpoints(self) -> list[Endpoint]:
        one = json_answer(200, "The hold as it is now.", HoldInfo)
        return [
            Endpoint(
                method="POST",
                path="/api/v1/events/{event_id}/holds",
                operation="createHold",
                tag="Holds",
                summary="Hold places",
                description="All or none. `pick` says which: seats by name, the best together, "
                "a number of places in an area, or a whole table, booth or area.",
                access=Access.HOLDER,
                handle=self.create_hold,
                answers=[json_answer(201, "The new hold.", HoldInfo)],
                idempotent=True,
                problems=(*_PICK, "staff-only", "hold-ended"),
            ),
            Endpoint(
                method="GET",
                path="/api/v1/events/{event_id}/holds",
                operation="listHolds",
                tag="Holds",
                summary="List the caller's live holds",
                access=Access.HOLDER,
                handle=self.list_holds,
                answers=[json_answer(200, "The live holds.", Holds)],
            ),
            Endpoint(
                method="PATCH",
                path="/api/v1/events/{event_id}/holds/{hold:int}",
                operation="changeHold",
                tag="Holds",
                summary="Add places, drop places, or extend a hold",
                description="One change a request. Dropping the last place ends the hold.",
                access=Access.HOLDER,
                handle=self.change_hold,
                answers=[
                    one,
                    json_answer(202, "The hold lost its last place and ended.", HoldOver),
                ],
                idempotent=True,
                problems=(*_PICK, *_GONE, "not-in-hold", "no-more-extensions"),
                parameters=_HOLD,
            ),
            Endpoint(
                method="DELETE",
                path="/api/v1/events/{event_id}/holds/{hold:int}",
                operation="releaseHold",
                tag="Holds",
                summary="Release a hold",
                access=Access.HOLDER,
                handle=self.release_hold,
                answers=[json_answer(200, "The hold has ended.", HoldOver)],
                idempotent=True,
                problems=_GONE,
                parameters=_HOLD,
            ),
        ]

    async def create_hold(self, call: Call[NewHold, Nothing]) -> Response:
        sale = await self._box_office.sale(call.path["event_id"], call.identity)
        command = _hold_command(sale, call, call.body.pick, HoldId(0), call.body.ttl_ms)
        accepted, entry = await sale.command(command, entries.SeatsHeld)
        view = accepted.view
        if view is None:
            if accepted.repeat:
                raise refused(Code.HOLD_ENDED)
            view = HoldView(
                HoldId(accepted.seq),
                entry.places,
                entry.expires_at_ms,
                sale.live.policy.max_extensions,
                entry.tariff,
            )
        location = f"/api/v1/events/{sale.row.id}/holds/{view.hold}"
        return json_response(sale.hold_info(view, entry.step), 201, {"Location": location})

    async def list_holds(self, call: Call[Nothing, Nothing]) -> Response:
        sale = await self._box_office.sale(call.path["event_id"], call.identity)
        answer = await sale.answer(commands.ReadHolds(id=read_id(), holder=call.identity.holder))
        return json_response(Holds([sale.hold_info(view) for view in answer.holds]))

    async def change_hold(self, call: Call[HoldChange, Nothing]) -> Response:
        sale = await self._box_office.sale(call.path["event_id"], call.identity)
        hold = HoldId(call.path["hold"])
        body = call.body
        if isinstance(body, HoldAdd):
            command = _hold_command(sale, call, body.pick, hold, 0)
            accepted, changed = await sale.command(command, entries.HoldChanged)
            return _hold_answer(sale, accepted, changed.step)
        if isinstance(body, HoldDrop):
            drop = commands.DropSeats(
                id=call.command_id,
                holder=call.identity.holder,
                staff=sale.staff,
                hold=hold,
                places=sale.places(body.places),
            )
            accepted, entry = await sale.command(drop, entries.HoldChanged, entries.HoldReleased)
            if isinstance(entry, entries.HoldReleased):
                return json_response(HoldOver(hold, accepted.seq), 202)
            return _hold_answer(sale, accepted)
        extend = commands.ExtendHold(
            id=call.command_id, holder=call.identity.holder, staff=sale.staff, hold=hold
        )
        accepted, _ = await sale.command(extend, entries.HoldExtended)
        return _hold_answer(sale, accepted)

    async def release_hold(self, call: Call[Nothing, Nothing]) -> Response:
        sale = await self._box_office.sale(call.path["event_id"], call.identity)
        hold = HoldId(call.path["hold"])
        release = commands.ReleaseHold(
            id=call.command_id, holder=call.identity.holder, staff=sale.staff, hold=hold
        )
        accepted, _ = await sale.command(release, entries.HoldReleased)
        return json_response(HoldOver(hold, accepted.seq))


def _hold_command(
    sale: Sale, call: Call[Any, Nothing], pick: Pick, into: HoldId, ttl_ms: int
) -> commands.HoldSeats | commands.HoldBest | commands.HoldQuantity | commands.HoldWhole:
    """`pick` as a command, its names looked up; a Problem names the first unknown one."""
    command_id, holder, staff = call.command_id, call.identity.holder, sale.staff
    directory = sale.directory
    try:
        if isinstance(pick, PickSeats):
            return commands.HoldSeats(
                id=command_id,
                holder=holder,
                staff=staff,
                places=directory.places(pick.places),
                into=into,
                ttl_ms=ttl_ms,
            )
        if isinstance(pick, PickBest):
            return commands.HoldBest(
                id=command_id,
                holder=holder,
                staff=staff,
                quantity=pick.quantity,
                categories=directory.categories(pick.categories),
                sections=directory.sections(pick.sections),
                accessible=pick.accessible,
                max_price=pick.max_price,
                worst_step=STEPS[pick.worst],
                into=into,
                ttl_ms=ttl_ms,
            )
        if isinstance(pick, PickArea):
            return commands.HoldQuantity(
                id=command_id,
                holder=holder,
                staff=staff,
                group=directory.group(pick.area, (GroupKind.AREA,)),
                quantity=pick.quantity,
                into=into,
                ttl_ms=ttl_ms,
            )
        return commands.HoldWhole(
            id=command_id,
            holder=holder,
            staff=staff,
            group=directory.group(pick.object, _WHOLE_KINDS),
            into=into,
            ttl_ms=ttl_ms,
        )
    except UnknownName as error:
        raise unknown_name(error) from None


def _hold_answer(sale: Sale, accepted: Accepted, step: int = 0) -> Response:
    """The hold as the change left it; a repeated request may find that it has ended since."""
    if accepted.view is None:
        raise refused(Code.HOLD_ENDED)
    return json_response(sale.hold_info(accepted.view, step))
