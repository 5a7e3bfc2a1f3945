"""E: a connection becomes a request in time, in few bytes, and not beyond their number."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from seatengine import limits
from seatengine.shell.embedded import EmbeddedPostgres
from tests.gateway.http.site import Site, fresh_database, serving

_WAIT_S = 20

GET = b"GET /api/v1/events HTTP/1.1\r\nHost: x\r\n"


@pytest.fixture(scope="module")
def site(
    postgres_server: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    url = fresh_database(postgres_server, "http_connection_tests")
    with serving(url, tmp_path_factory.mktemp("http")) as running:
        yield running


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


def answered(peer: socket.socket) -> bytes:
    """One whole answer of a connection that stays."""
    said = b""
    while b"\r\n\r\n" not in said:
        said += peer.recv(65_536)
    head, _, body = said.partition(b"\r\n\r\n")
    length = next(
        int(line.partition(b":")[2])
        for line in head.lower().split(b"\r\n")
        if line.startswith(b"content-length")
    )
    while len(body) < length:
        body += peer.recv(65_536)
    return said


def sweep_late(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """As if everyone had been waiting for longer than they may."""
    later_s = time.monotonic() + limits.HANDSHAKE_TIMEOUT_MS / 1000 + 1

    async def sweep() -> None:
        with monkeypatch.context() as patched:
            patched.setattr(time, "monotonic", lambda: later_s)
            site.parts.http_edge.sweep()

    site.run(sweep())


def reached(site: Site, peers: int) -> None:
    """Wait until the server knows so many connections that have not asked anything yet."""
    end_s = time.monotonic() + _WAIT_S
    while len(site.parts.http_edge.unheard) < peers:
        assert time.monotonic() < end_s
        site.run(_turn())


async def _turn() -> None:
    """One turn of the server's event loop."""


@pytest.mark.parametrize("dripped", [b"", b"G", b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: a", b"\r\n"])
def test_who_never_ends_a_request_head_is_sent_away(
    site: Site, monkeypatch: pytest.MonkeyPatch, dripped: bytes
) -> None:
    with raw(site) as slow, raw(site) as whole:
        slow.sendall(dripped)
        whole.sendall(GET + b"\r\n")
        assert answered(whole).startswith(b"HTTP/1.1 200")
        reached(site, 1)
        sweep_late(site, monkeypatch)
        assert drained(slow).startswith(b"HTTP/1.1 408")
        whole.sendall(GET + b"Connection: close\r\n\r\n")
        assert drained(whole).startswith(b"HTTP/1.1 200")


def test_a_second_request_has_its_time_too(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    with raw(site) as peer:
        peer.sendall(GET + b"\r\n")
        assert answered(peer).startswith(b"HTTP/1.1 200")
        peer.sendall(GET)
        reached(site, 1)
        sweep_late(site, monkeypatch)
        assert drained(peer).startswith(b"HTTP/1.1 408")


@pytest.mark.parametrize("filler", [b"X-A: %s\r\n" % (b"a" * 500), b"a" * 500])
def test_a_head_without_end_is_cut(site: Site, filler: bytes) -> None:
    with raw(site) as peer:
        try:
            peer.sendall(GET + (b"" if filler.startswith(b"X") else b"X-A: "))
            for _ in range(2 * limits.MAX_REQUEST_HEAD_BYTES // len(filler)):
                peer.sendall(filler)
        except ConnectionError:
            pass
        said = drained(peer)
    assert said == b"" or said.startswith(b"HTTP/1.1 431")


def test_a_large_body_is_no_large_head(site: Site) -> None:
    size = 4 * limits.MAX_REQUEST_HEAD_BYTES
    with raw(site) as peer:
        peer.sendall(
            b"POST /api/v1/viewers HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
            b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n" % size
        )
        peer.sendall(b" " * size)
        assert not drained(peer).startswith(b"HTTP/1.1 431")


def test_beyond_the_number_of_connections_newcomers_are_told(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(site.parts.http_edge, "max_connections", 0)
    with raw(site) as peer:
        assert drained(peer).startswith(b"HTTP/1.1 503")
    monkeypatch.undo()
    with raw(site) as peer:
        peer.sendall(GET + b"Connection: close\r\n\r\n")
        assert drained(peer).startswith(b"HTTP/1.1 200")
