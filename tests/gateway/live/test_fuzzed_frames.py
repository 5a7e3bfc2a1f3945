"""E3: whatever a client sends hurts only itself: no error in the server, no other viewer harmed."""

from __future__ import annotations

import logging
import socket
import struct
from collections.abc import Callable, Iterator
from random import Random
from urllib.parse import urlsplit

import msgspec
import pytest

from gateway.live import wire
from gateway.live.frames import BINARY, CLOSE
from gateway.sale.auth import ViewerTokens
from seatengine.shell.embedded import EmbeddedPostgres
from tests.gateway.http.site import SECRET, Site, fresh_database, put_on_sale, serving
from tests.gateway.live.onlookers import EVERYWHERE, FAR_OUT, Truth, sight_of, unlike
from tests.gateway.live.pipe import UPGRADE, client_frame, server_frames
from tests.venues import pocket, pocket_chart

STRANGERS = 120
_WAIT_S = 20


@pytest.fixture(scope="module")
def site(
    postgres_server: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    url = fresh_database(postgres_server, "fuzzed_frames")
    with serving(url, tmp_path_factory.mktemp("fuzzed")) as running:
        yield running


class Peer:
    """A socket whose upgrade has succeeded."""

    def __init__(self, site: Site) -> None:
        parts = urlsplit(site.url)
        self.socket = socket.create_connection((parts.hostname or "", parts.port or 0), _WAIT_S)
        self.socket.sendall(UPGRADE)
        self._data = b""
        while b"\r\n\r\n" not in self._data:
            self._data += self.socket.recv(4_096)
        self._data = self._data.partition(b"\r\n\r\n")[2]

    def say(self, message: object) -> None:
        self.socket.sendall(client_frame(wire.encode_message(message)))

    def hear(self) -> list[wire.ServerMessage]:
        """What comes next, at least one message. Raises ConnectionError at the end."""
        while True:
            frames, self._data = server_frames(self._data)
            if any(opcode == CLOSE for opcode, _ in frames):
                raise ConnectionResetError
            told = [payload for opcode, payload in frames if opcode == BINARY]
            if told:
                return [wire.decode_server_message(payload) for payload in told]
            data = self.socket.recv(65_536)
            if not data:
                raise ConnectionResetError
            self._data += data


class Calm:
    """A viewer who behaves, and must be served whatever the others do."""

    def __init__(self, site: Site, event: str, look: wire.Look) -> None:
        self.peer = Peer(site)
        self.sight = sight_of(pocket_chart(), pocket())
        self.peer.say(self.sight.hello(ViewerTokens(SECRET).mint()[1], event))
        self.peer.say(look)
        self._until(lambda message: isinstance(message, wire.Mine))

    def _until(self, met: Callable[[wire.ServerMessage], bool]) -> None:
        found = False
        while not found:
            for message in self.peer.hear():
                self.sight.take(message)
                found = found or met(message)

    def hold_and_release(self, ref: str) -> None:
        held: list[int] = []

        def is_held(message: wire.ServerMessage) -> bool:
            if isinstance(message, wire.Held):
                held.append(message.state.hold)
            return bool(held)

        self.peer.say(wire.Hold(ref, [27]))
        self._until(is_held)
        self.peer.say(wire.Release(ref + "r", held[0]))
        self._until(lambda message: isinstance(message, wire.Ended))

    def ends_right(self, truth: Truth) -> None:
        while unlike(self.sight, truth):
            for message in self.peer.hear():
                self.sight.take(message)


def anything(rng: Random, depth: int = 0) -> object:
    """A value of any kind and size."""
    kind = rng.randrange(8 if depth < 2 else 6)
    if kind == 0:
        return rng.choice((0, 1, -1, 2**31, 2**63 - 1, -(2**63), 2**64 - 1, rng.randrange(100)))
    if kind == 1:
        return rng.choice((0.0, -0.5, 1e308, -1e308, float("inf"), float("nan"), 3.5))
    if kind == 2:
        return rng.randbytes(rng.choice((0, 1, 8, 300)))
    if kind == 3:
        return rng.choice(("", "x", "ev_x", "\0", "é" * 50, "a" * 2_000))
    if kind == 4:
        return rng.random() < 0.5
    if kind == 5:
        return None
    if kind == 6:
        return [anything(rng, depth + 1) for _ in range(rng.randrange(6))]
    return {str(n): anything(rng, depth + 1) for n in range(rng.randrange(3))}


def likely(rng: Random, token: str, event: str) -> object:
    """A message that could be, with numbers that cannot."""
    number = rng.choice((0, 1, -1, 7, 48, 49, 2**31, 2**63 - 1))
    numbers = [rng.choice((0, 5, 48, 99, -1, 2**40)) for _ in range(rng.randrange(4))]
    size = rng.choice((0.0, 1.0, -1e308, 1e308, 1e-308, 50.0))
    return rng.choice(
        (
            wire.Hello(2, token, event, number, number, rng.randbytes(rng.randrange(9)), number),
            wire.Look(-size, size, size * 0.9, size, abs(size), "x", numbers),
            wire.Look(0, 0, size, size, 1.0, "", numbers),
            wire.Hold("r", numbers, number),
            wire.HoldBest("b", number, numbers, numbers, number, number, number, number),
            wire.HoldQuantity("q", number, number, number),
            wire.HoldWhole("w", number, number),
            wire.Drop("d", number, numbers),
            wire.Book("k", number, "Ann", "ann@example.org"),
            wire.Extend("e", number),
            wire.Ping(number),
        )
    )


def frame(rng: Random, token: str, event: str) -> bytes:
    """Bytes as a stranger sends them."""
    roll = rng.random()
    if roll < 0.1:
        return rng.randbytes(rng.randrange(1, 60))
    if roll < 0.2:
        return struct.pack(">BB", rng.randrange(256), rng.randrange(256)) + rng.randbytes(20)
    if roll < 0.35:
        return client_frame(rng.randbytes(rng.randrange(200)))
    if roll < 0.4:
        return client_frame(b"\x93\x0a\x01" + b"\x91" * rng.randrange(4_000))
    if roll < 0.55:
        fields = [rng.randrange(14), *(anything(rng) for _ in range(rng.randrange(9)))]
        return client_frame(msgspec.msgpack.encode(fields)[:4_000])
    message = bytearray(wire.encode_message(likely(rng, token, event)))
    if roll < 0.7:
        message[rng.randrange(len(message))] = rng.randrange(256)
    return client_frame(bytes(message))


def test_e3_strangers_send_anything(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    """(E3)"""
    event = put_on_sale(site.organizer())
    calm = [Calm(site, event, look) for look in (EVERYWHERE, FAR_OUT)]
    rng = Random(5)
    tokens = ViewerTokens(SECRET)
    answered = 0
    with caplog.at_level(logging.WARNING):
        for number in range(STRANGERS):
            token = tokens.mint()[1]
            stranger = Peer(site)
            try:
                if rng.random() < 0.8:
                    stranger.say(wire.Hello(2, token, event))
                    if rng.random() < 0.8:
                        answered += len(stranger.hear())
                for _ in range(rng.randrange(1, 25)):
                    stranger.socket.sendall(frame(rng, token, event))
                stranger.socket.shutdown(socket.SHUT_WR)
                while True:
                    stranger.hear()
            except ConnectionError:
                pass
            finally:
                stranger.socket.close()
            if number % 20 == 0:
                for viewer in calm:
                    viewer.hold_and_release(f"h{number}")
        assert answered > STRANGERS / 2
        for viewer in calm:
            viewer.hold_and_release("last")
        _, statuses = site.parts.engine.statuses(event)  # type: ignore[arg-type]
        for viewer in calm:
            viewer.ends_right(Truth(pocket(), statuses))
            viewer.peer.socket.close()
    others = [record for record in caplog.records if record.name != "gateway.live.hub"]
    troubles = [record.getMessage() for record in others]
    assert troubles == []
