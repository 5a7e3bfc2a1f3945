"""N: a thousand viewers on real sockets, looking here and there while seats change hands, some
slow, and all of them coming back at once; in the end every one of them sees what is so."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from random import Random
from urllib.parse import urlsplit

import pytest

from gateway.live import wire
from gateway.live.chart_view import chart_view
from gateway.live.frames import BINARY, CLOSE
from gateway.live.sight import Sight, TileIndex
from gateway.live.wire import CloseCode
from gateway.sale.auth import ViewerTokens
from seatengine import limits
from seatengine.chart.generate import generate
from seatengine.chart.seat_table import build
from seatengine.ids import EventId
from seatengine.shell.embedded import EmbeddedPostgres
from tests.gateway.http.site import (
    SECRET,
    Site,
    chart_file,
    fresh_database,
    put_on_sale,
    serving,
)
from tests.gateway.live.onlookers import EVERYWHERE, FAR_OUT, Truth, unlike
from tests.gateway.live.pipe import UPGRADE, client_frame, server_frames

VIEWERS = 1_000
PICKERS = 25
PICKS = 12
WAIT_S = 40.0
CHART = generate("arena", 4_000)
TABLE = build(CHART)
TILES = TileIndex(chart_view(CHART, TABLE))


class Peer(asyncio.Protocol):
    """A viewer's end of one connection."""

    def __init__(self, viewer: Viewer) -> None:
        self._viewer = viewer
        self._data = b""
        self._shaken = False
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self._viewer.transport = transport
        transport.write(UPGRADE)

    def data_received(self, data: bytes) -> None:
        self._data += data
        if not self._shaken:
            head, end, rest = self._data.partition(b"\r\n\r\n")
            if not end:
                return
            assert b" 101 " in head, head
            self._shaken, self._data = True, rest
            self._viewer.greet()
        frames, self._data = server_frames(self._data)
        for opcode, payload in frames:
            if opcode == BINARY:
                self._viewer.hear(wire.decode_server_message(payload))
            elif opcode == CLOSE:
                self._viewer.close_code = int.from_bytes(payload[:2], "big")
                assert self.transport is not None
                self.transport.close()

    def connection_lost(self, error: Exception | None) -> None:
        self._viewer.greeted.clear()
        self._viewer.gone.set()


class Viewer:
    """What one viewer knows, over all of its connections."""

    def __init__(self, event: str, look: wire.Look, receive_bytes: int = 0) -> None:
        self.receive_bytes = receive_bytes
        self.token = ViewerTokens(SECRET).mint()[1]
        self.event = event
        self.look = look
        self.sight = Sight(TILES, TABLE.size)
        self.greeted = asyncio.Event()
        self.gone = asyncio.Event()
        self.close_code = 0
        self.views = 0
        self.transport: asyncio.Transport | None = None
        self._answers: dict[str, asyncio.Future[wire.ServerMessage]] = {}

    async def connect(self, site: Site) -> None:
        """Come in, and be sent away and come again as often as the server likes."""
        parts = urlsplit(site.url)
        self.close_code = 0
        self.gone.clear()
        raw = socket.socket()
        raw.setblocking(False)
        if self.receive_bytes:
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, self.receive_bytes)
        loop = asyncio.get_running_loop()
        await loop.sock_connect(raw, (parts.hostname, parts.port))
        await loop.create_connection(lambda: Peer(self), sock=raw)

    def greet(self) -> None:
        self.say(self.sight.hello(self.token, self.event))
        self.say(self.look)

    def say(self, message: wire.ClientMessage) -> None:
        assert self.transport is not None
        self.transport.write(client_frame(wire.encode_message(message)))

    def turn(self, look: wire.Look) -> None:
        self.look = look
        self.say(look)

    def hear(self, message: wire.ServerMessage) -> None:
        self.views += isinstance(message, wire.View)
        if self.sight.take(message):
            return
        if isinstance(message, wire.Mine):
            self.greeted.set()
        ref = getattr(message, "ref", "")
        if ref:
            self._answers.pop(ref).set_result(message)

    async def ask(self, command: wire.Command) -> wire.ServerMessage:
        answer: asyncio.Future[wire.ServerMessage] = asyncio.get_running_loop().create_future()
        self._answers[command.ref] = answer
        self.say(command)
        return await answer

    def cut(self) -> None:
        if self.transport is not None:
            self.transport.abort()

    def fall_asleep(self) -> None:
        """Read nothing more."""
        assert self.transport is not None
        self.transport.pause_reading()

    def wake_up(self) -> None:
        assert self.transport is not None
        self.transport.resume_reading()


def some_look(rng: Random) -> wire.Look:
    """Far out, a part near by, or a list: as viewers look."""
    roll = rng.random()
    if roll < 0.3:
        return FAR_OUT
    if roll < 0.4:
        return wire.Look(0, 0, 0, 0, 0.0, "", rng.sample(range(len(TABLE.sections)), 2))
    at = rng.randrange(TABLE.size)
    x, y, half = float(TABLE.x[at]), float(TABLE.y[at]), rng.choice((100.0, 250.0))
    return wire.Look(x - half, y - half, x + half, y + half, rng.choice((0.4, 2.0)))


@pytest.fixture(scope="module")
def site(
    postgres_server: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    url = fresh_database(postgres_server, "convergence")
    folder: Path = tmp_path_factory.mktemp("convergence")
    with serving(url, folder) as running:
        yield running


def on_sale(site: Site) -> str:
    organizer = site.organizer()
    answer = organizer.post("/api/v1/charts", content=chart_file(CHART))
    assert answer.status_code == 201, answer.text
    return put_on_sale(
        organizer,
        chart_id=answer.json()["chart"]["id"],
        policy={"max_per_holder": 500, "max_per_hold": 100, "max_holds_per_holder": 50},
    )


async def pick(viewer: Viewer, rng: Random, number: int) -> None:
    """Hold, give back and keep seats, some of which others want too."""
    for round_number in range(PICKS):
        ref = f"{number}-{round_number}"
        first = rng.choice((rng.randrange(60), rng.randrange(TABLE.size)))
        places = range(first, min(first + rng.choice((1, 2, 4, 40)), TABLE.size))
        held = await viewer.ask(wire.Hold(ref, list(places)))
        if isinstance(held, wire.Held) and rng.random() < 0.4:
            await viewer.ask(wire.Release(ref + "r", held.state.hold))


async def churn(viewer: Viewer, ref: str, number: int) -> None:
    """Hold seats of its own, here and there, and give them back: news for all who look."""
    held = await viewer.ask(wire.Hold(ref, list(range(number, TABLE.size, 90))))
    assert isinstance(held, wire.Held), held
    await viewer.ask(wire.Release(ref + "r", held.state.hold))


async def wander(viewers: list[Viewer], rng: Random, stop: asyncio.Event) -> None:
    while not stop.is_set():
        for viewer in rng.sample(viewers, 20):
            if viewer.greeted.is_set():
                viewer.turn(some_look(rng))
        await asyncio.sleep(0.02)


async def come_in(site: Site, viewers: list[Viewer]) -> None:
    """All of them at once; who is told to come back does."""

    async def one(viewer: Viewer) -> None:
        while not viewer.greeted.is_set():
            await viewer.connect(site)
            greeted = asyncio.ensure_future(viewer.greeted.wait())
            gone = asyncio.ensure_future(viewer.gone.wait())
            await asyncio.wait({greeted, gone}, return_when=asyncio.FIRST_COMPLETED)
            greeted.cancel()
            gone.cancel()
            assert viewer.close_code in (0, CloseCode.OVERLOADED, CloseCode.COME_BACK)

    await asyncio.gather(*map(one, viewers))


async def all_right(site: Site, event: str, viewers: list[Viewer]) -> None:
    """Until every viewer sees what is so; fails with what is amiss when that does not come."""
    end_s = time.monotonic() + 15
    while True:
        _, statuses = site.parts.engine.statuses(EventId(event))
        truth = Truth(TABLE, statuses)
        amiss = [bad[:3] for viewer in viewers if (bad := unlike(viewer.sight, truth))]
        if not amiss or time.monotonic() > end_s:
            break
        await asyncio.sleep(0.1)
    assert amiss[:3] == []


def run(viewers: list[Viewer], story: Callable[[], Awaitable[None]]) -> None:
    """The story, and an end to every connection whatever it comes to."""

    async def told() -> None:
        try:
            await asyncio.wait_for(story(), WAIT_S)
        finally:
            for viewer in viewers:
                viewer.cut()
            await asyncio.sleep(0)

    asyncio.run(told())


def test_n1_n4_a_reconnect_storm_ends_with_all_of_them_right(site: Site) -> None:
    """(N1, N4)"""
    event = on_sale(site)
    rng = Random(7)

    viewers = [Viewer(event, some_look(rng)) for _ in range(VIEWERS)]

    async def story() -> None:
        await come_in(site, viewers)
        stop = asyncio.Event()
        wandering = asyncio.ensure_future(wander(viewers[PICKERS:], rng, stop))
        await asyncio.gather(*(pick(v, rng, n) for n, v in enumerate(viewers[:PICKERS])))
        stop.set()
        await wandering
        await all_right(site, event, viewers)
        away = viewers[PICKERS:]
        views = sum(viewer.views for viewer in away)
        for viewer in away:
            viewer.cut()
        await asyncio.gather(*(viewer.gone.wait() for viewer in away))
        back = asyncio.ensure_future(come_in(site, away))
        await asyncio.gather(*(pick(v, rng, PICKERS + n) for n, v in enumerate(viewers[:PICKERS])))
        await back
        await all_right(site, event, viewers)
        assert sum(viewer.views for viewer in away) == views

    run(viewers, story)


def test_e4_n3_a_slow_reader_is_told_afresh_or_sent_away_and_nobody_else_notices(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """(E4, N3)"""
    monkeypatch.setattr(limits, "SOCKET_SEND_BYTES", 2_048)
    monkeypatch.setattr(limits, "SLOW_READER_BYTES", 2_048)
    event = on_sale(site)
    rng = Random(8)
    edge = site.parts.edge
    viewers = [Viewer(event, some_look(rng)) for _ in range(30)]
    sloth = Viewer(event, EVERYWHERE, receive_bytes=2_048)

    async def slow_for_too_long() -> None:
        future_s = time.monotonic() + limits.SLOW_READER_MS / 1000 + 1
        for connection in list(edge.connections):
            connection.check_time(future_s)

    async def story() -> None:
        await come_in(site, [*viewers, sloth])

        async def crowd_until(condition: Callable[[], bool], name: int) -> None:
            while not condition():
                name += 1
                await asyncio.gather(*(churn(v, f"{name}-{n}", n) for n, v in enumerate(viewers)))

        dropped, resyncs = edge.news_dropped, edge.resyncs
        sloth.fall_asleep()
        await crowd_until(lambda: edge.news_dropped > dropped + 3, 1)
        sloth.wake_up()
        await all_right(site, event, [*viewers, sloth])
        assert edge.resyncs > resyncs
        dropped = edge.news_dropped
        sloth.fall_asleep()
        await crowd_until(lambda: edge.news_dropped > dropped, 100)
        # Only who is slow is sent away: it alone has something waiting.
        await asyncio.get_running_loop().run_in_executor(None, site.run, slow_for_too_long())
        sloth.wake_up()
        await sloth.gone.wait()
        assert sloth.close_code == CloseCode.TOO_SLOW
        assert not any(viewer.gone.is_set() for viewer in viewers)
        await come_in(site, [sloth])
        await all_right(site, event, [*viewers, sloth])

    run([*viewers, sloth], story)
