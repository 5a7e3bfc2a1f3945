"""E: who hears what, and when."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from gateway import wire
from gateway.engine_client import EngineClient
from gateway.hub import Hub
from seatengine.core import commands
from seatengine.core.outputs import Accepted, Code, Refusal
from seatengine.core.policy import SalePolicy
from seatengine.errors import UnknownEvent
from seatengine.ids import ChartHash, CommandId, EventId, HolderId, HoldId
from seatengine.testing import AppendFault
from tests.gateway.test_fanout import Viewer
from tests.shell.test_runner import EVENT, ME, House, hold, until
from tests.venues import TARIFF


class Tab:
    """A Watcher that keeps what it is told."""

    def __init__(self, *asked: str) -> None:
        self.messages: list[wire.ServerMessage] = []
        self.copy = Viewer()
        self.gaps = 0
        self.greetings = 0
        self.answered: list[int] = []
        self._asked = {CommandId(name) for name in asked}

    def send(self, message: bytes) -> None:
        self.messages.append(wire.decode_server_message(message))

    def send_delta(self, frame: bytes) -> None:
        self.gaps += not self.copy.hear(frame)

    def answer(self, accepted: Accepted) -> bool:
        if accepted.id not in self._asked:
            return False
        self._asked.remove(accepted.id)
        self.answered.append(accepted.seq)
        return True

    def greet_again(self) -> None:
        self.greetings += 1


class Edge(House):
    """A runner whose listener is a hub."""

    def __init__(self) -> None:
        super().__init__()
        self.hub = Hub()
        self.runner = self.another(self.hub)  # type: ignore[arg-type]
        self.engine = EngineClient(self.runner, self.hub, self.charts)

    async def on_sale(self) -> None:
        await self.engine.open(EVENT)
        bound = await self.engine.ask(
            EVENT,
            commands.BindChart(
                id=CommandId("bind"),
                holder=HolderId("k_a"),
                staff=True,
                chart_hash=self.table.chart_hash,
                policy=SalePolicy(),
                tariff=TARIFF,
            ),
        )
        assert isinstance(bound, Accepted), bound

    def watch(self, holder: HolderId, *asked: str) -> Tab:
        tab = Tab(*asked)
        live = self.hub.live(EVENT)
        assert live is not None
        tab.copy.hear(live.view())
        self.hub.watch(EVENT, tab, holder)
        return tab


def run(story: Callable[[Edge], Awaitable[None]]) -> None:
    async def told() -> None:
        edge = Edge()
        await edge.on_sale()
        try:
            await story(edge)
        finally:
            await edge.runner.close()

    asyncio.run(asyncio.wait_for(told(), 30))


def test_every_watcher_sees_every_change() -> None:
    async def story(edge: Edge) -> None:
        tabs = [edge.watch(HolderId(f"v_{i}")) for i in range(5)]
        for place in (0, 1, 2):
            await edge.ask(hold(f"h{place}", place))
        live = edge.hub.live(EVENT)
        assert live is not None
        await until(lambda: all(tab.copy.seq == live.seq for tab in tabs))
        for tab in tabs:
            assert tab.gaps == 0
            assert bytes(tab.copy.statuses) == live.statuses
            assert tab.messages == []

    run(story)


def test_another_tab_of_the_holder_is_told_and_the_asker_is_not_told_twice() -> None:
    async def story(edge: Edge) -> None:
        asker, other = edge.watch(ME, "h"), edge.watch(ME)
        stranger = edge.watch(HolderId("v_stranger"))
        held = await edge.ask(hold("h", 0))
        assert isinstance(held, Accepted)
        assert [type(m) for m in other.messages] == [wire.Held]
        assert asker.messages == stranger.messages == []
        assert asker.answered == [held.seq]
        edge.clock.advance(SalePolicy().hold_ttl_ms)
        await until(lambda: len(other.messages) == 2)
        assert other.messages[1] == asker.messages[0] == wire.Ended("", held.seq, 2)

    run(story)


def test_after_unwatch_nothing_comes() -> None:
    async def story(edge: Edge) -> None:
        leaver, stayer = edge.watch(ME), edge.watch(ME)
        edge.hub.unwatch(EVENT, leaver, ME)
        edge.hub.unwatch(EVENT, leaver, ME)
        await edge.ask(hold("h", 0))
        await until(lambda: stayer.copy.statuses[0] == 1)
        assert leaver.messages == []
        assert leaver.copy.statuses[0] == 0

    run(story)


def test_changed_prices_are_announced() -> None:
    async def story(edge: Edge) -> None:
        tab = edge.watch(HolderId("v_a"))
        changed = await edge.ask(
            commands.ConfigureSale(
                id=CommandId("c"), holder=HolderId("k_a"), staff=True, policy=SalePolicy()
            )
        )
        assert isinstance(changed, Accepted)
        assert tab.messages == [wire.EventChanged(changed.seq)]

    run(story)


def test_a_rebuilt_event_greets_its_watchers_again() -> None:
    async def story(edge: Edge) -> None:
        tab = edge.watch(HolderId("v_a"))
        edge.journal.order(AppendFault.FAIL_AFTER)
        lost = await edge.ask(hold("h", 0))
        assert isinstance(lost, Refusal)
        await until(lambda: tab.greetings == 1)
        live = edge.hub.live(EVENT)
        assert live is not None
        assert live.statuses[0] == 1
        assert live.epoch == 2

    run(story)


def test_the_engine_client_answers_and_reads() -> None:
    async def story(edge: Edge) -> None:
        held = await edge.engine.ask(EVENT, hold("h", 4))
        assert isinstance(held, Accepted)
        seq, statuses = edge.engine.statuses(EVENT)
        assert seq == held.seq
        assert statuses[4] == 1
        nowhere = await edge.engine.ask(EventId("nowhere"), hold("x", 0))
        assert isinstance(nowhere, Refusal)
        assert nowhere.code == Code.UNKNOWN_EVENT
        with pytest.raises(UnknownEvent):
            edge.engine.statuses(EventId("nowhere"))
        release = commands.ReleaseHold(id=CommandId("r"), holder=ME, hold=HoldId(held.seq))
        assert isinstance(await edge.engine.ask(EVENT, release), Accepted)

    run(story)


def test_binding_an_unknown_chart_is_refused() -> None:
    async def story(edge: Edge) -> None:
        bind = commands.BindChart(
            id=CommandId("again"),
            holder=HolderId("k_a"),
            staff=True,
            chart_hash=ChartHash("0" * 32),
            policy=SalePolicy(),
            tariff=TARIFF,
        )
        refused = await edge.engine.ask(EVENT, bind)
        assert isinstance(refused, Refusal)
        assert refused.code == Code.UNKNOWN_CHART

    run(story)
