"""A message leaves nothing behind that only the garbage collector could free.

Cycles are found by pausing everything, so at thousands of messages a second there must be none.
The caller here is a bare socket, because client libraries leave cycles of their own.
"""

from __future__ import annotations

import gc
import json
import socket
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from gateway.live import wire
from seatengine.limits import MESSAGE_BURST
from tests.gateway.http.site import Site, put_on_sale

# A viewer may send MESSAGE_BURST at once, and each round has two of its messages.
ROUNDS = MESSAGE_BURST // 4
WAIT_S = 10.0


class BareViewer:
    """A websocket by hand, blocking."""

    def __init__(self, site: Site, event: str, token: str) -> None:
        where = urlsplit(site.url)
        self._socket = socket.create_connection((where.hostname, where.port), WAIT_S)
        self._heard = b""
        self._socket.sendall(
            f"GET /live HTTP/1.1\r\nHost: {where.netloc}\r\nUpgrade: websocket\r\n"
            "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n".encode()
        )
        while b"\r\n\r\n" not in self._heard:
            self._fill()
        head, _, self._heard = self._heard.partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 101 "), head
        self.say(wire.Hello(wire.PROTOCOL_VERSION, token, event))
        self.hear(wire.Mine)

    def _fill(self) -> None:
        data = self._socket.recv(65_536)
        assert data, "the server hung up"
        self._heard += data

    def say(self, message: object) -> None:
        payload = wire.encode_message(message)
        size = len(payload)
        length = bytes((0x80 | size,)) if size < 126 else b"\xfe" + size.to_bytes(2, "big")
        # A mask of zeros masks nothing.
        self._socket.sendall(b"\x82" + length + bytes(4) + payload)

    def hear(self, kind: type) -> object:
        """The next message of that kind."""
        while True:
            message = wire.decode_server_message(self._payload())
            assert type(message) is not wire.Refused, message
            if type(message) is kind:
                return message

    def _payload(self) -> bytes:
        while True:
            heard = self._heard
            if len(heard) >= 2:
                size, at = heard[1], 2
                if size == 126 and len(heard) >= 4:
                    size, at = int.from_bytes(heard[2:4], "big"), 4
                elif size == 127 and len(heard) >= 10:
                    size, at = int.from_bytes(heard[2:10], "big"), 10
                if len(heard) >= at + size and not (heard[1] in (126, 127) and at == 2):
                    self._heard = heard[at + size :]
                    return heard[at : at + size]
            self._fill()

    def close(self) -> None:
        self._socket.close()


@contextmanager
def unreachable() -> Iterator[list[object]]:
    """Afterwards the list has what the body left in cycles, on any thread."""
    found: list[object] = []
    gc.collect()
    gc.disable()
    gc.freeze()
    try:
        yield found
        gc.set_debug(gc.DEBUG_SAVEALL)
        gc.collect()
        found += gc.garbage
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
        gc.unfreeze()
        gc.enable()


def kinds(found: list[object]) -> dict[str, int]:
    """What there is more of than happens once in a while, such as a follower's look."""
    counts = Counter(f"{type(each).__module__}.{type(each).__qualname__}" for each in found)
    return {kind: count for kind, count in counts.items() if count >= ROUNDS / 10}


@pytest.fixture
def event(organizer: httpx.Client) -> str:
    return put_on_sale(organizer)


@pytest.fixture
def token(viewer: httpx.Client) -> str:
    return viewer.headers["authorization"].removeprefix("Viewer ")


def test_messages_leave_no_cycles(site: Site, event: str, token: str) -> None:
    with ExitStack() as open_viewers:
        buyer, *onlookers = (
            open_viewers.enter_context(closing(BareViewer(site, event, token))) for _ in range(4)
        )

        def once(ref: int) -> None:
            buyer.say(wire.Hold(f"h{ref}", [ref % 5]))
            held = buyer.hear(wire.Held)
            assert isinstance(held, wire.Held)
            for at, onlooker in enumerate(onlookers):
                onlooker.say(wire.Look(-50.0 * at, -50.0, 900.0, 900.0 + ref, 8.0, ""))
                onlooker.say(wire.Ping(ref))
                onlooker.hear(wire.Pong)
            buyer.say(wire.Release(f"r{ref}", held.state.hold))
            buyer.hear(wire.Ended)

        for ref in range(5):
            once(ref)
        with unreachable() as found:
            for ref in range(5, 5 + ROUNDS):
                once(ref)
        assert kinds(found) == {}


def test_viewers_who_come_and_go_leave_no_cycles(site: Site, event: str, token: str) -> None:
    BareViewer(site, event, token).close()
    with unreachable() as found:
        for _ in range(ROUNDS):
            BareViewer(site, event, token).close()
    assert kinds(found) == {}


SERVE_AND_LOOK = """
import gc, json, os, signal, sys
import uvloop
from gateway.app import serve
from seatengine.shell.settings import Settings

def look(address):
    print(json.dumps([gc.get_freeze_count(), len(gc.get_objects()), gc.get_threshold()[0]]))
    os.kill(os.getpid(), signal.SIGTERM)

settings = Settings(database_url=sys.argv[1], data_dir=sys.argv[2], port=0)
uvloop.run(serve(settings, ready=look))
"""


def test_a_server_is_up_with_its_start_frozen(postgres_url: str, tmp_path: Path) -> None:
    said = subprocess.run(
        [sys.executable, "-c", SERVE_AND_LOOK, postgres_url, str(tmp_path)],
        cwd=Path(__file__).parents[3],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    frozen, walked, threshold = json.loads(said.stdout)
    # Modules, routes, classes: what the collector still looks at is what came since.
    assert frozen > 30_000
    assert walked < frozen / 10
    assert threshold > 1_000
