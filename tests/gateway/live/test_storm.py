"""E: all come back at once; they enter at the door's rate, and who is in notices nothing."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from gateway.live import wire
from gateway.live.connection import LiveConnection, LiveEdge
from gateway.live.door import Door
from gateway.live.token_bucket import TokenBucket
from gateway.live.wire import CloseCode
from seatengine import limits
from seatengine.shell.embedded import EmbeddedPostgres
from tests.gateway.http.site import Site, fresh_database, put_on_sale, serving

_WAIT_S = 20
_NEVER = 1e-6
_EVERYWHERE = wire.Look(-1e6, -1e6, 1e6, 1e6, 1.0)


@pytest.fixture(scope="module")
def site(
    postgres_server: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    url = fresh_database(postgres_server, "storm_tests")
    with serving(url, tmp_path_factory.mktemp("storm")) as running:
        yield running


@pytest.fixture(scope="module")
def event(site: Site) -> str:
    return put_on_sale(site.organizer(), policy={"max_per_holder": 500, "max_per_hold": 100})


class Peer:
    """A viewer's socket, and what it heard."""

    def __init__(self, socket: ClientConnection, hello: wire.Hello) -> None:
        self.socket = socket
        self.hello = hello
        self.say(hello)

    def say(self, message: object) -> None:
        self.socket.send(wire.encode_message(message))

    def until(self, kind: type) -> list[wire.ServerMessage]:
        """All messages up to the first of this kind."""
        heard: list[wire.ServerMessage] = []
        while not heard or not isinstance(heard[-1], kind):
            raw = self.socket.recv(timeout=_WAIT_S)
            assert isinstance(raw, bytes)
            heard.append(wire.decode_server_message(raw))
        return heard

    def end(self) -> tuple[int, str]:
        """(close code, reason) of its end."""
        with pytest.raises(ConnectionClosed) as closed:
            self.until(type(None))
        assert closed.value.rcvd is not None
        return closed.value.rcvd.code, closed.value.rcvd.reason


@pytest.fixture
def arrive(site: Site, event: str) -> Iterator[Callable[[], Peer]]:
    """Connects a new viewer, who says Hello and does not wait."""
    with ExitStack() as sockets:

        def one() -> Peer:
            token = site.client().post("/api/v1/viewers").json()["token"]
            socket = connect(site.url.replace("http", "ws") + "/live", compression=None)
            sockets.enter_context(socket)
            return Peer(socket, wire.Hello(wire.PROTOCOL_VERSION, token, event))

        yield one


@pytest.fixture
def edge(site: Site) -> Iterator[LiveEdge]:
    edge = site.parts.edge
    kept = edge._door
    yield edge
    edge._door = kept


def put_door(site: Site, edge: LiveEdge, door: Door) -> None:  # type: ignore[type-arg]
    async def put() -> None:
        edge._door = door

    site.run(put())


async def _turn() -> None:
    """One turn of the server's event loop."""


def waiting(site: Site, edge: LiveEdge, count: int) -> None:
    """Wait until so many wait at the door."""
    for _ in range(100_000):
        if edge.waiting_at_door == count:
            return
        site.run(_turn())
    raise AssertionError(f"{edge.waiting_at_door} wait, not {count}")


def open_door(site: Site, edge: LiveEdge) -> None:
    """Everyone who waits may enter."""

    async def open_it() -> None:
        edge._door._bucket = TokenBucket(1e9, 1_000)
        if edge._door_opens is not None:
            edge._door_opens.cancel()
        edge._open_door()

    site.run(open_it())


def hold_and_release(peer: Peer, ref: str, place: int) -> None:
    peer.say(wire.Hold(ref, [place]))
    held = peer.until(wire.Held)[-1]
    assert isinstance(held, wire.Held)
    peer.say(wire.Release(ref + "r", held.state.hold))
    peer.until(wire.Ended)


def test_who_is_in_is_served_while_a_crowd_waits_at_the_door(
    site: Site, edge: LiveEdge, arrive: Callable[[], Peer]
) -> None:
    inside = [arrive() for _ in range(2)]
    for peer in inside:
        peer.say(_EVERYWHERE)
        peer.until(wire.Mine)
    put_door(site, edge, Door(_NEVER, 0, 40, 5_000))
    crowd = [arrive() for _ in range(20)]
    waiting(site, edge, 20)
    for number in range(5):
        hold_and_release(inside[0], f"c{number}", number)
    inside[1].say(wire.Ping(1))
    heard = inside[1].until(wire.Pong)
    if not any(isinstance(m, wire.Tiles) for m in heard):
        inside[1].until(wire.Tiles)
    assert edge.waiting_at_door == 20
    open_door(site, edge)
    for peer in crowd:
        peer.until(wire.Mine)
    assert edge.waiting_at_door == 0


def test_those_beyond_the_room_are_told_when_to_come_back_each_at_another_moment(
    site: Site, edge: LiveEdge, arrive: Callable[[], Peer]
) -> None:
    put_door(site, edge, Door(0.1, 0, 8, 200_000))
    crowd = [arrive() for _ in range(4)]
    waiting(site, edge, 4)
    away = [arrive() for _ in range(5)]
    ends = [peer.end() for peer in away]
    assert {code for code, _ in ends} == {CloseCode.OVERLOADED}
    said = [re.fullmatch(r"retry_ms=(\d+)", reason) for _, reason in ends]
    waits = [int(match[1]) for match in said if match]
    assert len(waits) == len(set(waits)) == 5
    # Four wait, ten seconds each: nobody is asked to come before there is room.
    assert min(waits) >= 40_000
    assert max(waits) <= 100_000
    open_door(site, edge)
    for peer in crowd:
        peer.until(wire.Mine)


def test_what_is_said_behind_hello_waits_with_it(
    site: Site, edge: LiveEdge, arrive: Callable[[], Peer]
) -> None:
    put_door(site, edge, Door(_NEVER, 0, 8, 5_000))
    peer, chatty, gone = arrive(), arrive(), arrive()
    peer.say(_EVERYWHERE)
    for number in range(4):
        chatty.say(wire.Hold(f"h{number}", [0]))
    assert chatty.end()[0] == CloseCode.HELLO_EXPECTED
    gone.socket.close()
    waiting(site, edge, 1)

    async def much_later() -> None:
        for connection in list(edge.connections):
            connection.check_time(time.monotonic() + limits.HANDSHAKE_TIMEOUT_MS / 1000 + 1)

    site.run(much_later())
    open_door(site, edge)
    kinds = [type(m) for m in peer.until(wire.Mine)]
    assert kinds[:3] == [wire.Welcome, wire.Watching, wire.View]


def test_a_bad_hello_is_found_out_at_its_turn(
    site: Site, edge: LiveEdge, arrive: Callable[[], Peer], event: str
) -> None:
    put_door(site, edge, Door(_NEVER, 0, 8, 5_000))
    socket = arrive().socket
    with connect(site.url.replace("http", "ws") + "/live", compression=None) as other:
        forger = Peer(other, wire.Hello(wire.PROTOCOL_VERSION, "forged", event))
        waiting(site, edge, 2)
        open_door(site, edge)
        assert forger.end()[0] == CloseCode.BAD_TOKEN
    socket.close()


def test_who_is_in_may_say_hello_again_though_the_room_is_full(
    site: Site, edge: LiveEdge, arrive: Callable[[], Peer]
) -> None:
    resident = arrive()
    resident.until(wire.Mine)
    put_door(site, edge, Door(_NEVER, 0, 2, 5_000))
    newcomer = arrive()
    waiting(site, edge, 1)
    assert arrive().end()[0] == CloseCode.OVERLOADED
    for _ in range(3):
        resident.say(resident.hello)
    waiting(site, edge, 2)
    hold_and_release(resident, "while", 3)
    open_door(site, edge)
    resident.until(wire.Mine)
    newcomer.until(wire.Mine)
    hold_and_release(resident, "after", 3)


def test_at_the_end_everyone_is_told_to_come_back_at_a_moment_of_its_own(
    site: Site, edge: LiveEdge, arrive: Callable[[], Peer]
) -> None:
    put_door(site, edge, Door(10, 50, 40, 60_000))
    peers = [arrive() for _ in range(10)]
    for peer in peers:
        peer.until(wire.Mine)

    async def stop() -> None:
        for connection in list(edge.connections):
            assert isinstance(connection, LiveConnection)
            connection.shutdown()

    closed = edge.closed_by_code[CloseCode.COME_BACK]
    site.run(stop())
    ends = [peer.end() for peer in peers]
    assert {code for code, _ in ends} == {CloseCode.COME_BACK}
    said = [re.fullmatch(r"retry_ms=(\d+)", reason) for _, reason in ends]
    waits = [int(match[1]) for match in said if match]
    assert len(waits) == len(set(waits)) == 10
    assert min(waits) >= limits.RESTART_MS
    assert edge.closed_by_code[CloseCode.COME_BACK] - closed >= 10
