"""E: who does not read loses news, then the connection; whoever reads notices nothing."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from gateway.live import wire
from gateway.live.chart_view import chart_view
from gateway.live.sight import Sight, TileIndex
from gateway.live.wire import CloseCode
from seatengine import limits
from seatengine.chart.seat_table import build
from seatengine.shell.embedded import EmbeddedPostgres
from tests.gateway.http.site import Site, chart_file, fresh_database, put_on_sale, serving
from tests.gateway.live.raw_viewer import Viewer, new_token
from tests.venues import hall_chart

_WAIT_S = 20
_CHART = hall_chart(40, 250)
_TABLE = build(_CHART)
_TILES = TileIndex(chart_view(_CHART, _TABLE))


@pytest.fixture(scope="module")
def site(
    postgres_server: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    url = fresh_database(postgres_server, "slow_readers")
    with serving(url, tmp_path_factory.mktemp("slow")) as running:
        yield running


@pytest.fixture(scope="module")
def event(site: Site) -> str:
    organizer = site.organizer()
    answer = organizer.post("/api/v1/charts", content=chart_file(_CHART))
    assert answer.status_code == 201, answer.text
    policy = {"max_per_holder": 1_000, "max_per_hold": 200}
    return put_on_sale(organizer, chart_id=answer.json()["chart"]["id"], policy=policy)


@pytest.fixture(autouse=True)
def small_buffers(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that it takes little to fill them; and buyers may be busy."""
    monkeypatch.setattr(site.parts.edge, "messages_per_second", 1_000)
    monkeypatch.setattr(limits, "SOCKET_SEND_BYTES", 4_096)
    monkeypatch.setattr(limits, "SLOW_READER_BYTES", 8_192)


@pytest.fixture
def viewer(site: Site, event: str) -> Iterator[Callable[[], Viewer]]:
    with ExitStack() as sockets:

        def connect() -> Viewer:
            hello = wire.Hello(wire.PROTOCOL_VERSION, new_token(site), event)
            new = Viewer(site, Sight(_TILES, _TABLE.size), hello)
            sockets.callback(new.socket.close)
            return new

        yield connect


class Buyer:
    """Holds and gives back everything in view again and again: each round changes all tiles."""

    def __init__(self, viewer: Viewer) -> None:
        self.viewer = viewer
        self._rounds = 0

    def hold(self, ref: str, places: list[int]) -> int:
        self.viewer.say(wire.Hold(ref, places))
        self.viewer.read_until(lambda: ref in self.viewer.answers)
        held = self.viewer.answers[ref]
        assert isinstance(held, wire.Held), held
        return held.state.hold

    def round(self) -> None:
        """Hold places all over the hall, and give them back once that was on the screen."""
        self._rounds += 1
        ref = f"r{self._rounds}"
        spread = list(range(self._rounds % 50, _TABLE.size, 50))
        viewer = self.viewer
        hold = self.hold(ref, spread)
        viewer.read_until(lambda: viewer.sight.statuses[spread[0]] == 1)
        viewer.say(wire.Release(ref + "x", hold))
        viewer.read_until(lambda: viewer.sight.statuses[spread[0]] == 0)


def statuses(site: Site, event: str) -> bytes:
    async def now() -> bytes:
        live = site.parts.hub.live(event)  # type: ignore[arg-type]
        assert live is not None
        return live.statuses

    return site.run(now())


async def _turn() -> None:
    """One turn of the server's event loop."""


def wait_until(site: Site, done: Callable[[], bool]) -> None:
    end_s = time.monotonic() + _WAIT_S
    while not done():
        assert time.monotonic() < end_s
        site.run(_turn())


def test_one_who_reads_nothing_loses_news_and_the_others_lose_nothing(
    site: Site, event: str, viewer: Callable[[], Viewer]
) -> None:
    sloth, buyer = viewer(), Buyer(viewer())
    edge = site.parts.edge
    dropped, resyncs = edge.news_dropped, edge.resyncs
    while edge.news_dropped < dropped + 20:
        buyer.round()
    assert len(edge.outboxes) == 1
    assert edge.outboxes.total_bytes <= limits.SLOW_READER_BYTES + 16_384
    last = buyer.hold("last", [0, 777])
    # It reads again, and sees what is so, though it was not told of what had happened.
    sloth.read_until(lambda: sloth.sight.statuses.tobytes() == statuses(site, event))
    assert edge.resyncs > resyncs
    assert not len(edge.outboxes)
    buyer.viewer.say(wire.Release("done", last))
    buyer.viewer.read_until(lambda: "done" in buyer.viewer.answers)


def test_answers_are_never_lost_while_news_are(
    site: Site, event: str, viewer: Callable[[], Viewer]
) -> None:
    sloth, buyer = viewer(), Buyer(viewer())
    edge = site.parts.edge
    dropped = edge.news_dropped
    while edge.news_dropped == dropped:
        buyer.round()
    for number in range(20):
        sloth.say(wire.Release(f"own{number}", 1_000_000 + number))
    sloth.read_until(lambda: len(sloth.answers) == 20)
    assert not sloth.close_code


@pytest.mark.parametrize("reads", [0, 1])
def test_one_who_stays_slow_is_told_to_come_back(
    site: Site, event: str, viewer: Callable[[], Viewer], reads: int
) -> None:
    """A byte now and then is not reading."""
    sloth, buyer = viewer(), Buyer(viewer())
    edge = site.parts.edge
    dropped, closed = edge.news_dropped, edge.closed_by_code[CloseCode.TOO_SLOW]
    while edge.news_dropped < dropped + 3:
        buyer.round()
        for _ in range(reads):
            sloth.read(1)

    async def later() -> None:
        future_s = time.monotonic() + limits.SLOW_READER_MS / 1000 + 1
        for connection in list(edge.connections):
            connection.check_time(future_s)

    site.run(later())
    assert edge.closed_by_code[CloseCode.TOO_SLOW] == closed + 1
    sloth.read_to_the_end()
    assert sloth.close_code in (CloseCode.TOO_SLOW, 0)
    wait_until(site, lambda: not len(edge.outboxes))
    buyer.round()


def test_one_who_asks_and_asks_but_never_reads_ends_at_the_bound(
    site: Site, event: str, viewer: Callable[[], Viewer], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "MAX_OUTBOX_BYTES", 48 * 1024)
    glutton, buyer = viewer(), Buyer(viewer())
    edge = site.parts.edge
    closed = edge.closed_by_code[CloseCode.TOO_SLOW]
    try:
        for _ in range(200):
            glutton.say(glutton.hello)
            buyer.round()
            if edge.closed_by_code[CloseCode.TOO_SLOW] > closed:
                break
    except ConnectionError:
        pass
    assert edge.closed_by_code[CloseCode.TOO_SLOW] == closed + 1
    buyer.round()


def test_all_slow_readers_together_have_a_bound_and_the_largest_goes_first(
    site: Site, event: str, viewer: Callable[[], Viewer], monkeypatch: pytest.MonkeyPatch
) -> None:
    edge = site.parts.edge
    monkeypatch.setattr(edge.outboxes, "_max_bytes", 64 * 1024)
    sloths = [viewer() for _ in range(6)]
    buyer = Buyer(viewer())
    closed = edge.closed_by_code[CloseCode.TOO_SLOW]
    while edge.closed_by_code[CloseCode.TOO_SLOW] == closed:
        buyer.round()
        for sloth in sloths:
            try:
                sloth.say(sloth.hello)
            except ConnectionError:
                pass
    assert edge.outboxes.total_bytes <= 64 * 1024
    assert edge.closed_by_code[CloseCode.TOO_SLOW] - closed < len(sloths)
    buyer.round()
