"""E: hostile, slow and broken clients over real sockets; they hurt only themselves."""

from __future__ import annotations

import random
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import TypeVar
from urllib.parse import urlsplit

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin

from gateway.live import wire
from gateway.live.chart_view import chart_view
from gateway.live.sight import Sight, TileIndex
from gateway.live.wire import CloseCode
from seatengine import limits
from seatengine.core.outputs import Code
from seatengine.shell.embedded import EmbeddedPostgres
from tests.gateway.http.site import (
    Site,
    fresh_database,
    put_on_sale,
    serving,
)
from tests.venues import pocket, pocket_chart

M = TypeVar("M")

_WAIT_S = 20

EVERYWHERE = wire.Look(-1e6, -1e6, 1e6, 1e6, 1.0)
"""All of the pocket venue from near by."""


@pytest.fixture(scope="module")
def site(
    postgres_server: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    url = fresh_database(postgres_server, "live_tests")
    with serving(url, tmp_path_factory.mktemp("live")) as running:
        yield running


@pytest.fixture(scope="module")
def event(site: Site) -> str:
    return put_on_sale(site.organizer(), policy={"max_per_holder": 500, "max_per_hold": 100})


def token(site: Site) -> str:
    said: str = site.client().post("/api/v1/viewers").json()["token"]
    return said


Dial = Callable[..., ClientConnection]


@pytest.fixture
def dial(site: Site) -> Iterator[Dial]:
    """Opens websockets to the site, and closes them in the end."""
    with ExitStack() as open_sockets:

        def open_one(path: str = "/live", origin: str | None = None) -> ClientConnection:
            return open_sockets.enter_context(
                connect(
                    site.url.replace("http", "ws") + path,
                    compression=None,
                    origin=Origin(origin) if origin else None,
                )
            )

        yield open_one


def next_message(peer: ClientConnection) -> wire.ServerMessage:
    raw = peer.recv(timeout=_WAIT_S)
    assert isinstance(raw, bytes)
    message: wire.ServerMessage = wire.decode_server_message(raw)
    return message


class Talker:
    """A websocket client, the websockets library's, that has said Hello and looks at all places."""

    def __init__(self, site: Site, event: str, socket: ClientConnection) -> None:
        self.socket = socket
        table = pocket()
        self.sight = Sight(TileIndex(chart_view(pocket_chart(), table)), table.size)
        self.say(wire.Hello(wire.PROTOCOL_VERSION, token(site), event))
        self.say(EVERYWHERE)
        assert isinstance(self.hear(), wire.Welcome)
        self.until(wire.Mine)

    def say(self, message: object) -> None:
        self.socket.send(wire.encode_message(message))

    def hear(self) -> wire.ServerMessage:
        """The next message; statuses are kept up to date on the way."""
        message = next_message(self.socket)
        self.sight.take(message)
        return message

    def until(self, kind: type[M]) -> M:
        """The next message of a kind; what comes before it is taken in."""
        while not isinstance(message := self.hear(), kind):
            pass
        return message

    def hold_and_release(self, ref: str, place: int) -> None:
        """A whole round: proof that this viewer is served."""
        self.say(wire.Hold(ref, [place]))
        held = self.until(wire.Held)
        self.say(wire.Release(ref + "r", held.state.hold))
        self.until(wire.Ended)


@pytest.fixture
def calm(site: Site, event: str, dial: Dial) -> Iterator[Talker]:
    """A well-behaved viewer who must be served before and after."""
    talker = Talker(site, event, dial())
    talker.hold_and_release("before", 0)
    yield talker
    talker.hold_and_release("after", 0)


def _read_to_the_end(peer: ClientConnection) -> None:
    while True:
        peer.recv(timeout=_WAIT_S)


def closed_with(peer: ClientConnection) -> int:
    """The close code this connection ends with."""
    with pytest.raises(ConnectionClosed) as closed:
        _read_to_the_end(peer)
    assert closed.value.rcvd is not None, "the connection broke without a close frame"
    return closed.value.rcvd.code


@pytest.mark.parametrize(
    ("path", "origin", "status"),
    [("/elsewhere", None, 404), ("/live", "https://evil.example", 403)],
)
def test_the_door_is_shut_to_others(
    dial: Dial, calm: Talker, path: str, origin: str | None, status: int
) -> None:
    with pytest.raises(InvalidStatus) as refused:
        dial(path, origin)
    assert refused.value.response.status_code == status


def test_our_own_page_may_come_in(site: Site, event: str, dial: Dial) -> None:
    Talker(site, event, dial(origin=site.url))


@pytest.mark.parametrize(
    ("message", "code"),
    [
        (wire.Hold("r", [0]), CloseCode.HELLO_EXPECTED),
        (wire.Hello(wire.PROTOCOL_VERSION, "forged", "e"), CloseCode.BAD_TOKEN),
        (wire.Hello(7, "x", "e"), CloseCode.BAD_VERSION),
    ],
)
def test_a_bad_beginning(
    site: Site, dial: Dial, calm: Talker, message: object, code: CloseCode
) -> None:
    peer = dial()
    peer.send(wire.encode_message(message))
    assert closed_with(peer) == code


def test_an_event_that_is_not_there(site: Site, dial: Dial, calm: Talker) -> None:
    peer = dial()
    peer.send(wire.encode_message(wire.Hello(wire.PROTOCOL_VERSION, token(site), "ev_nowhere")))
    assert closed_with(peer) == CloseCode.UNKNOWN_EVENT


def test_messages_that_cannot_be(site: Site, dial: Dial, event: str, calm: Talker) -> None:
    seeded = random.Random(11)
    for noise in [b"", b"\xc1", b"\x92\x02", *(seeded.randbytes(40) for _ in range(20))]:
        talker = Talker(site, event, dial())
        talker.socket.send(noise)
        assert closed_with(talker.socket) == CloseCode.BAD_MESSAGE


def test_text_is_not_spoken_here(site: Site, dial: Dial, event: str, calm: Talker) -> None:
    talker = Talker(site, event, dial())
    talker.socket.send("hello")
    assert closed_with(talker.socket) == CloseCode.BAD_MESSAGE


def test_a_message_over_the_limit(site: Site, dial: Dial, event: str, calm: Talker) -> None:
    talker = Talker(site, event, dial())
    talker.socket.send(bytes(limits.MAX_MESSAGE_BYTES + 1))
    assert closed_with(talker.socket) == 1009


def test_a_flood(site: Site, dial: Dial, event: str, calm: Talker) -> None:
    talker = Talker(site, event, dial())
    try:
        for number in range(4 * limits.MESSAGE_BURST):
            talker.say(wire.Ping(number))
    except ConnectionClosed:
        pass
    assert closed_with(talker.socket) == CloseCode.TOO_MANY_MESSAGES


def raw(site: Site) -> socket.socket:
    parts = urlsplit(site.url)
    return socket.create_connection((parts.hostname or "", parts.port or 0), timeout=_WAIT_S)


def drained(peer: socket.socket) -> bytes:
    said = b""
    try:
        while chunk := peer.recv(65_536):
            said += chunk
    except ConnectionError:
        pass
    return said


def upgraded(site: Site) -> socket.socket:
    peer = raw(site)
    peer.sendall(
        b"GET /live HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    )
    head = b""
    while b"\r\n\r\n" not in head:
        head += peer.recv(1)
    assert b" 101 " in head
    return peer


@pytest.mark.parametrize(
    "broken",
    [b"\x82\x01a", b"\xf2\x80\0\0\0\0", b"\x83\x80\0\0\0\0", b"\x80\x80\0\0\0\0", b"\xff" * 64],
)
def test_broken_framing_is_closed_with_a_code(site: Site, calm: Talker, broken: bytes) -> None:
    with upgraded(site) as peer:
        peer.sendall(broken)
        said = drained(peer)
    assert said[:2] == b"\x88\x02"
    assert int.from_bytes(said[2:4], "big") in (1002, 1009)


def test_upgrades_that_make_no_sense(site: Site, calm: Talker) -> None:
    with raw(site) as peer:
        peer.sendall(
            b"GET /live HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Version: 13\r\n\r\n"
        )
        assert drained(peer).startswith(b"HTTP/1.1 400")


def test_vanishing_in_the_middle_of_anything(site: Site, event: str, calm: Talker) -> None:
    hello = wire.encode_message(wire.Hello(wire.PROTOCOL_VERSION, token(site), event))
    masked = bytes((0x82, 0x80 | len(hello), 0, 0, 0, 0)) + hello
    for cut in range(0, len(masked), 5):
        with upgraded(site) as peer:
            peer.sendall(masked[:cut])
    with upgraded(site) as peer:
        peer.sendall(masked)


def test_a_conversation_byte_by_byte(site: Site, event: str, calm: Talker) -> None:
    hello = wire.encode_message(wire.Hello(wire.PROTOCOL_VERSION, token(site), event))
    with upgraded(site) as peer:
        for byte in bytes((0x82, 0x80 | len(hello), 0, 0, 0, 0)) + hello:
            peer.sendall(bytes((byte,)))
        assert peer.recv(1) == b"\x82"


def test_pings_of_the_websocket_itself_are_answered(site: Site, dial: Dial, event: str) -> None:
    talker = Talker(site, event, dial())
    assert talker.socket.ping(b"anyone").wait(_WAIT_S)


def test_what_one_picks_the_other_sees(site: Site, dial: Dial, event: str, calm: Talker) -> None:
    other = Talker(site, event, dial())
    other.say(wire.Hold("x", [3]))
    held = other.until(wire.Held)
    while calm.sight.statuses[3] != 1:
        calm.hear()
    calm.say(wire.Hold("mine", [3]))
    refused = calm.until(wire.Refused)
    assert (refused.places, bool(refused.beside)) == ([3], True)
    other.say(wire.Release("y", held.state.hold))
    while calm.sight.statuses[3] != 0:
        calm.hear()


def test_two_tabs_of_one_viewer_share_the_basket(site: Site, dial: Dial, event: str) -> None:
    shared = token(site)
    tabs = []
    for _ in range(2):
        tab = dial()
        tab.send(wire.encode_message(wire.Hello(wire.PROTOCOL_VERSION, shared, event)))
        tabs.append(tab)

    def next_of(tab: ClientConnection, kind: type[M]) -> M:
        while not isinstance(message := next_message(tab), kind):
            pass
        return message

    for tab in tabs:
        next_of(tab, wire.Mine)
    tabs[0].send(wire.encode_message(wire.Hold("a", [5])))
    mine, theirs = next_of(tabs[0], wire.Held), next_of(tabs[1], wire.Held)
    assert (mine.ref, theirs.ref) == ("a", "")
    assert mine.state == theirs.state
    tabs[1].send(wire.encode_message(wire.Release("b", mine.state.hold)))
    ended = next_of(tabs[0], wire.Ended)
    assert ended == wire.Ended("", mine.state.hold, 1)


def test_silence_and_handshakes_have_an_end(site: Site, dial: Dial, event: str) -> None:
    silent = Talker(site, event, dial())
    with raw(site) as idle_http, upgraded(site) as shy:
        edge = site.parts.edge

        async def later() -> None:
            future_s = time.monotonic() + limits.IDLE_TIMEOUT_MS / 1000 + 1
            for connection in list(edge.connections):
                connection.check_time(future_s)

        site.run(later())
        assert closed_with(silent.socket) == CloseCode.IDLE
        said = drained(shy)
        assert int.from_bytes(said[2:4], "big") == CloseCode.COME_BACK
        idle_http.close()


def test_a_flood_of_websocket_pings(site: Site, calm: Talker) -> None:
    with upgraded(site) as peer:
        try:
            for _ in range(4 * limits.MESSAGE_BURST):
                peer.sendall(b"\x89\x80\0\0\0\0")
        except ConnectionError:
            pass
        said = drained(peer)
    assert int.from_bytes(said[-2:], "big") == CloseCode.TOO_MANY_MESSAGES
    assert len(said) <= 2 * 2 * limits.MESSAGE_BURST


@pytest.mark.parametrize(
    ("said", "echoed"),
    [
        (b"\x88\x82\0\0\0\0\x03\xe8", b"\x88\x02\x03\xe8"),
        (b"\x88\x85\0\0\0\0\x0b\xb8bye", b"\x88\x02\x0b\xb8"),
        (b"\x88\x80\0\0\0\0", b"\x88\x00"),
        (b"\x88\x81\0\0\0\0\x03", b"\x88\x02\x03\xea"),
        (b"\x88\x82\0\0\0\0\x03\xed", b"\x88\x02\x03\xea"),
    ],
)
def test_a_goodbye_is_answered_once(site: Site, said: bytes, echoed: bytes) -> None:
    with upgraded(site) as peer:
        peer.sendall(said)
        peer.sendall(b"\x82\x80\0\0\0\0")
        assert drained(peer) == echoed


def test_looks_beyond_the_limit_are_served_later_and_only_the_last_of_them(
    site: Site, dial: Dial, event: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "LOOK_BURST", 3)
    monkeypatch.setattr(limits, "LOOKS_PER_SECOND", 5)
    talker = Talker(site, event, dial())
    before = site.parts.hub.looks
    for x in range(40):
        talker.say(wire.Look(-1e6, -1e6, x, x, 1.0))
    # What was asked last is the list view of no section: nothing but zones.
    talker.say(wire.Look(0, 0, 0, 0, 1.0))
    while talker.sight.mask or not talker.sight.zones_told:
        talker.hear()
    assert site.parts.hub.looks - before <= 3
    talker.hold_and_release("l", 1)


def test_refusals_said_before_the_engine_hears_are_counted(
    site: Site, dial: Dial, event: str
) -> None:
    talker = Talker(site, event, dial())
    counted = site.parts.edge.refusals_by_code
    before = counted[Code.OUT_OF_RANGE]
    talker.say(wire.Book("b", 1, "", "no mail address"))
    refused = talker.until(wire.Refused)
    assert refused.code == Code.OUT_OF_RANGE
    assert counted[Code.OUT_OF_RANGE] == before + 1
