"""Blocks: places an organizer takes off sale, with a reason."""

from __future__ import annotations

from starlette.responses import Response

from gateway.http.box_office import BoxOffice
from gateway.http.endpoints import Access, Call, Endpoint, Nothing, json_answer, json_response
from gateway.http.resources import BlockInfo, BlockRemoval, NewBlock
from seatengine.core import commands, entries


class BlockRoutes:
    """Each handler turns one request into one command and its outcome into one answer."""

    def __init__(self, box_office: BoxOffice) -> None:
        self._box_office = box_office

    def endpoints(self) -> list[Endpoint]:
        path = "/api/v1/events/{event_id}/blocks"
        return [
            Endpoint(
                method="POST",
                path=path,
                operation="blockPlaces",
                tag="Blocks",
                summary="Take free places off sale",
                access=Access.ORGANIZER,
                handle=self.block,
                answers=[json_answer(201, "The blocked places.", BlockInfo)],
                idempotent=True,
                problems=("places-taken", "unknown-place", "repeated-place"),
            ),
            Endpoint(
                method="DELETE",
                path=path,
                operation="unblockPlaces",
                tag="Blocks",
                summary="Put blocked places back on sale",
                access=Access.ORGANIZER,
                handle=self.unblock,
                answers=[json_answer(200, "The places that are free again.", BlockInfo)],
                idempotent=True,
                problems=("not-blocked", "unknown-place", "repeated-place"),
            ),
        ]

    async def block(self, call: Call[NewBlock, Nothing]) -> Response:
        sale = await self._box_office.own_sale(call.path["event_id"], call.organizer)
        command = commands.BlockSeats(
            id=call.command_id,
            holder=call.identity.holder,
            staff=True,
            places=sale.places(call.body.places),
            reason=call.body.reason,
        )
        accepted, entry = await sale.command(command, entries.SeatsBlocked)
        return json_response(BlockInfo(sale.labelled(entry.places), accepted.seq), 201)

    async def unblock(self, call: Call[BlockRemoval, Nothing]) -> Response:
        sale = await self._box_office.own_sale(call.path["event_id"], call.organizer)
        command = commands.UnblockSeats(
            id=call.command_id,
            holder=call.identity.holder,
            staff=True,
            places=sale.places(call.body.places),
        )
        accepted, entry = await sale.command(command, entries.SeatsUnblocked)
        return json_response(BlockInfo(sale.labelled(entry.places), accepted.seq))
