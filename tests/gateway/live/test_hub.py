"""E: who hears what, and when."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from gateway.live import ticker, wire
from gateway.live.engine_client import EngineClient
from gateway.live.fanout import LiveEvent
from gateway.live.hub import Hub, _Watched
from gateway.live.sight import UNKNOWN
from gateway.live.ticker import Ticker
from gateway.live.watching import Watch
from seatengine.chart.seat_table import RETIRED
from seatengine.core import commands, entries
from seatengine.core.outputs import Accepted, Batch, Code, Refusal
from seatengine.core.policy import SalePolicy
from seatengine.core.shard import Shard
from seatengine.errors import UnknownEvent
from seatengine.ids import ChartHash, CommandId, Epoch, EventId, HolderId, HoldId
from seatengine.shell.recovery import recover
from seatengine.testing import AppendFault
from tests.gateway.live.onlookers import (
    EVERYWHERE,
    FAR_OUT,
    hear,
    house,
    house_chart,
    sight_of,
    wrong,
)
from tests.shell.test_runner import EVENT, ME, House, hold, until
from tests.venues import TARIFF, pocket, pocket_chart

LIST = wire.Look(0, 0, 0, 0, 0.0, "", [0])
"""The list view with its first section open."""


CROWD = 80
"""So many that a round of theirs takes longer than a commit."""


class Tab:
    """A Watcher that keeps what it is told, and loses its news while `deaf`."""

    def __init__(self, *asked: str, look: wire.Look | None = None) -> None:
        self.messages: list[wire.ServerMessage] = []
        self.news = 0
        self.deaf = False
        self.sight = sight_of(pocket_chart(), pocket())
        self.watch = Watch()
        self.watch.look = look
        self.fd = -1
        self.greetings = 0
        self.answered: list[int] = []
        self._asked = {CommandId(name) for name in asked}

    def send(self, message: bytes) -> None:
        self.messages.append(wire.decode_server_message(message))

    def send_frames(self, frames: bytes) -> None:
        hear(self.sight, frames)

    def send_rest(self, rest: bytes) -> None:
        raise AssertionError("it has no descriptor to write to")

    def send_news(self, frame: bytes) -> None:
        self.news += 1
        if not self.deaf:
            hear(self.sight, frame)

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

    @property
    def watched(self) -> _Watched:
        return self.hub._events[EVENT]

    async def rebuilt(self) -> tuple[Shard, Epoch]:
        """The event as another owner would find it."""
        return await recover(
            EVENT,
            "other",
            lease=self.lease,
            journal=self.journal,
            snapshots=self.snapshots,
            charts=self.charts,
        )

    @property
    def live(self) -> LiveEvent:
        live = self.hub.live(EVENT)
        assert live is not None
        return live

    def watch(self, holder: HolderId, *asked: str, look: wire.Look | None = EVERYWHERE) -> Tab:
        tab = Tab(*asked, look=look)
        self.hub.watch(EVENT, tab, holder)
        self.greet(tab)
        return tab

    def greet(self, tab: Tab) -> None:
        hello = tab.sight.hello("token", EVENT)
        welcome = wire.Welcome(2, "v", 0, self.live.epoch, self.table.chart_hash)
        tab.sight.take(welcome)
        hear(tab.sight, self.hub.greet(EVENT, tab, hello))

    async def all_right(self, *tabs: Tab) -> None:
        """Until all of them see what is so."""
        await until(lambda: not any(wrong(t.sight, self.table, self.live.statuses) for t in tabs))


def run(story: Callable[[Edge], Awaitable[None]]) -> None:
    async def told() -> None:
        edge = Crowd()
        await edge.on_sale()
        try:
            await story(edge)
        finally:
            await edge.runner.close()

    asyncio.run(asyncio.wait_for(told(), 8))


def test_every_watcher_sees_every_change() -> None:
    async def story(edge: Edge) -> None:
        looks = [EVERYWHERE, FAR_OUT, None, wire.Look(-20, 10, 100, 40, 3.0), LIST]
        tabs = [edge.watch(HolderId(f"v_{i}"), look=look) for i, look in enumerate(looks)]
        for place in (0, 1, 20):
            await edge.ask(hold(f"h{place}", place))
        await edge.all_right(*tabs)
        for tab in tabs:
            assert tab.messages == []
        assert (edge.hub.viewers_near, edge.hub.viewers_far) == (3, 3)

    run(story)


def test_who_does_not_see_the_places_is_sent_nothing() -> None:
    async def story(edge: Edge) -> None:
        stalls = edge.watch(HolderId("v_a"), look=wire.Look(-20, 15, 100, 35, 3.0))
        balcony = edge.watch(HolderId("v_b"), look=wire.Look(-20, 55, 60, 75, 3.0))
        assert stalls.watch.mask & balcony.watch.mask == 0
        await edge.ask(hold("h", 0))
        await until(lambda: stalls.sight.statuses[0] == 1)
        assert balcony.sight.statuses[0] == UNKNOWN
        await edge.all_right(stalls, balcony)
        assert edge.hub.ticks == 1

    run(story)


def test_a_look_elsewhere_brings_what_is_new_there_at_once() -> None:
    async def story(edge: Edge) -> None:
        tab = edge.watch(HolderId("v_a"), look=FAR_OUT)
        assert (tab.watch.mask, tab.watch.zones) == (0, True)
        await edge.ask(hold("h", 0))
        edge.hub.look(EVENT, tab, wire.Look(-20, 10, 100, 40, 3.0))
        assert tab.watch.mask
        assert not tab.watch.zones
        assert tab.sight.statuses[8] == 0
        said = edge.hub.looks
        edge.hub.look(EVENT, tab, wire.Look(-21, 10, 100, 40, 3.0))
        assert edge.hub.looks == said + 1
        await edge.all_right(tab)

    run(story)


class Crowd(Edge):
    """An edge on sale with watchers enough for several slices of a round."""

    def crowd(self, count: int, look: wire.Look | None) -> list[Tab]:
        return [self.watch(HolderId(f"v_{n}"), look=look) for n in range(count)]

    async def first_slice(self, ticker: Ticker, tabs: list[Tab]) -> None:
        """Until a round is on its way, and some of these have had their part of it."""
        await until(lambda: ticker.round is not None)
        assert tabs[0].news > tabs[-1].news


@pytest.fixture
def slices_of_two(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ticker, "FAN_OUT_SLICE", 2)


@pytest.mark.usefixtures("slices_of_two")
def test_n2_who_turns_during_a_round_gets_its_part_first() -> None:
    """(N2) What it is told of elsewhere is after the round, so its own tiles must be too."""

    async def story(edge: Edge) -> None:
        assert isinstance(edge, Crowd)
        tabs = edge.crowd(CROWD, wire.Look(-20, 10, 100, 40, 3.0))
        await edge.ask(hold("h", 0))
        await edge.first_slice(edge.watched.tiles, tabs)
        last = tabs[-1]
        assert last.sight.statuses[0] == 0
        edge.hub.look(EVENT, last, wire.Look(-20, 10, 150, 75, 3.0))
        assert last.sight.statuses[0] == 1
        await edge.all_right(*tabs)

    run(story)


@pytest.mark.usefixtures("slices_of_two")
def test_n1_a_round_ends_where_the_event_is_rebuilt() -> None:
    """(N1) What was on its way is of another epoch; those who were not served are greeted."""

    async def story(edge: Edge) -> None:
        assert isinstance(edge, Crowd)
        tabs = edge.crowd(CROWD, EVERYWHERE)
        await edge.ask(hold("h", 0))
        await edge.first_slice(edge.watched.tiles, tabs)
        shard, _ = await edge.rebuilt()
        served = sum(tab.news for tab in tabs)
        assert 0 < served < CROWD
        edge.hub.on_recovered(shard, Epoch(edge.live.epoch + 1))
        assert edge.watched.tiles.round is None
        assert [tab.greetings for tab in tabs] == [1] * CROWD
        for tab in tabs:
            edge.greet(tab)
        for _ in range(CROWD):
            await asyncio.sleep(0)
        assert sum(tab.news for tab in tabs) == served
        await edge.all_right(*tabs)

    run(story)


@pytest.mark.usefixtures("slices_of_two")
def test_n1_another_chart_voids_the_round_and_all_that_was_watched() -> None:
    """(N1) The numbers of its tiles are others: nothing may be told before the next greeting."""

    async def story(edge: Edge) -> None:
        assert isinstance(edge, Crowd)
        tabs = edge.crowd(CROWD, EVERYWHERE)
        await edge.ask(hold("h", 0))
        await edge.first_slice(edge.watched.tiles, tabs)
        served = sum(tab.news for tab in tabs)
        other, seq = house(), edge.live.seq
        edge.live._tables = {other.chart_hash: other}
        bound = entries.ChartBound(0, CommandId("b"), other.chart_hash, SalePolicy(), TARIFF)
        gone = [place for place, flags in enumerate(other.flags) if flags & RETIRED]
        edge.hub.on_batch(
            Batch(EVENT, seq, [bound], [b""], {}, [], [], [], gone, bytes([4] * len(gone)))
        )
        assert {tab.watch.mask for tab in tabs} == {0}
        assert [tab.greetings for tab in tabs] == [1] * CROWD
        for _ in range(CROWD):
            await asyncio.sleep(0)
        assert sum(tab.news for tab in tabs) == served
        tab = tabs[-1]
        tab.sight = sight_of(house_chart(), other)
        edge.greet(tab)
        assert wrong(tab.sight, other, edge.live.statuses) == []

    run(story)


@pytest.mark.usefixtures("slices_of_two")
def test_n1_zones_never_go_back_in_time() -> None:
    """(N1) All turn near during a round of zones, one turns far again: the rest of the round is
    older than what that one is told."""

    async def story(edge: Edge) -> None:
        assert isinstance(edge, Crowd)
        tabs = edge.crowd(CROWD, FAR_OUT)
        await edge.ask(hold("h", 0))
        await edge.first_slice(edge.watched.zones, tabs)
        for tab in tabs:
            edge.hub.look(EVENT, tab, EVERYWHERE)
        await edge.ask(hold("i", 1))
        edge.hub.look(EVENT, tabs[-1], FAR_OUT)
        assert wrong(tabs[-1].sight, edge.table, edge.live.statuses) == []
        for _ in range(CROWD):
            await asyncio.sleep(0)
        await edge.all_right(tabs[-1])

    run(story)


def test_n3_who_lost_news_is_told_all_of_it_afresh() -> None:
    """(N3)"""

    async def story(edge: Edge) -> None:
        tabs = [edge.watch(HolderId("v_a"), look=look) for look in (EVERYWHERE, FAR_OUT, LIST)]
        for tab in tabs:
            tab.deaf = True
        await edge.ask(hold("h", 0))
        await until(lambda: all(tab.news for tab in tabs))
        for tab in tabs:
            assert wrong(tab.sight, edge.table, edge.live.statuses) != []
            tab.deaf = False
            hear(tab.sight, edge.hub.afresh(EVENT, tab))
        await edge.all_right(*tabs)

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
        await until(lambda: stayer.sight.statuses[0] == 1)
        assert leaver.messages == []
        assert leaver.sight.statuses[0] == 0

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
        assert edge.live.statuses[0] == 1
        assert edge.live.epoch == 2

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
