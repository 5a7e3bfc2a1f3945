"""How the edge speaks to the engine: a command in, one outcome back."""

from __future__ import annotations

import asyncio

from gateway.live.fanout import LiveEvent
from gateway.live.hub import Hub
from seatengine.core.commands import AnyCommand, BindChart
from seatengine.core.outputs import Accepted, Answer, Code, Refusal
from seatengine.errors import BadChart, StoreUnavailable, UnknownEvent
from seatengine.ids import EventId
from seatengine.ports import ChartSource
from seatengine.shell.runner import Outcome, Runner


class EngineClient:
    """The engine as HTTP handlers see it."""

    def __init__(self, runner: Runner, hub: Hub, charts: ChartSource) -> None:
        self._runner = runner
        self._hub = hub
        self._charts = charts

    async def open(self, event: EventId) -> None:
        """Claim and recover `event`, so that it sells. Open already: nothing happens.

        Raises UnknownEvent, StoreUnavailable, BadChart, JournalGap.
        """
        await self._runner.open(event)

    async def ask(self, event: EventId, command: AnyCommand) -> Accepted | Refusal | Answer:
        """The durable outcome of `command`; trouble with the store is a Refusal too."""
        if isinstance(command, BindChart):
            try:
                table = await self._charts.seat_table(command.chart_hash)
                await self._runner.open(event)
            except UnknownEvent:
                return Refusal(command.id, Code.UNKNOWN_EVENT)
            except BadChart as error:
                return Refusal(command.id, Code.UNKNOWN_CHART, detail=str(error))
            except StoreUnavailable:
                return Refusal(command.id, Code.UNAVAILABLE)
            self._runner.offer_chart(event, table)
        outcome: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()

        def reply(said: Outcome) -> None:
            if not outcome.done():
                outcome.set_result(said)

        self._runner.submit(event, command, reply)
        return await outcome

    def live(self, event: EventId) -> LiveEvent:
        """What may be known of `event`, all of it durable. Raises UnknownEvent if not open."""
        live = self._hub.live(event)
        if live is None:
            raise UnknownEvent(f"event {event!r} is not open")
        return live

    def statuses(self, event: EventId) -> tuple[int, bytes]:
        """(seq, a byte a place) as of the last durable batch. Raises UnknownEvent if not open."""
        live = self.live(event)
        return live.seq, live.statuses
