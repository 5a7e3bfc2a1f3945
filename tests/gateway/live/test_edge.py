"""E: who may come in: by path, by site, by number, and by address behind proxies or not."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import ExitStack
from urllib.parse import urlsplit

import pytest

from gateway.live.client_address import TrustedProxies
from gateway.live.connection import LiveEdge
from gateway.live.origins import Origins
from seatengine.shell.embedded import EmbeddedPostgres
from tests.gateway.http.site import Site, fresh_database, serving

_WAIT_S = 20


@pytest.fixture(scope="module")
def site(
    postgres_server: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    url = fresh_database(postgres_server, "live_edge_tests")
    with serving(url, tmp_path_factory.mktemp("live_edge")) as running:
        yield running


@pytest.fixture
def edge(site: Site, monkeypatch: pytest.MonkeyPatch) -> LiveEdge:
    """The site's edge behind a trusted proxy on this machine, for two viewers of one address."""
    edge = site.parts.edge
    monkeypatch.setattr(edge, "proxies", TrustedProxies("127.0.0.1"))
    monkeypatch.setattr(edge, "_max_per_address", 2)
    monkeypatch.setattr(edge, "_origins", Origins(["https://venue.example"]))
    return edge


class Doorstep:
    """Asks to come in over real sockets, which all stay open until the end."""

    def __init__(self, site: Site, sockets: ExitStack) -> None:
        self._site = site
        self._sockets = sockets

    def ask(self, *headers: str, path: str = "/live") -> tuple[int, str, socket.socket]:
        """(status, the whole answer's text, the socket)."""
        parts = urlsplit(self._site.url)
        peer = self._sockets.enter_context(
            socket.create_connection((parts.hostname or "", parts.port or 0), timeout=_WAIT_S)
        )
        lines = [
            f"GET {path} HTTP/1.1",
            "Host: tickets.example:8000",
            "Upgrade: websocket",
            "Connection: Upgrade",
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
            "Sec-WebSocket-Version: 13",
            *headers,
        ]
        peer.sendall("\r\n".join([*lines, "", ""]).encode())
        said = b""
        while b"\r\n\r\n" not in said and (chunk := peer.recv(65_536)):
            said += chunk
        status = int(said.split(b" ")[1])
        while status != 101 and (chunk := peer.recv(65_536)):
            said += chunk
        return status, said.decode(), peer


@pytest.fixture
def doorstep(site: Site) -> Iterator[Doorstep]:
    with ExitStack() as sockets:
        yield Doorstep(site, sockets)


@pytest.mark.parametrize(
    ("headers", "path", "status", "reason"),
    [
        ([], "/live", 101, ""),
        ([], "/live?from=app", 101, ""),
        ([], "/elsewhere", 404, "path"),
        (["Origin: http://tickets.example:8000"], "/live", 101, ""),
        (["Origin: https://venue.example"], "/live", 101, ""),
        (["Origin: https://evil.example"], "/live", 403, "origin"),
        (["Origin: http://tickets.example"], "/live", 403, "origin"),
        (["Origin: null"], "/live", 403, "origin"),
        (["Origin: http://tickets.example:8000", "Origin: null"], "/live", 403, "origin"),
    ],
)
def test_by_path_and_by_site(
    edge: LiveEdge, doorstep: Doorstep, headers: list[str], path: str, status: int, reason: str
) -> None:
    opened, refused = edge.opened_total, edge.refused_by_reason[reason]
    assert doorstep.ask(*headers, path=path)[0] == status
    assert edge.opened_total - opened == (status == 101)
    assert edge.refused_by_reason[reason] - refused == (status != 101)


def test_no_extension_is_agreed_on(edge: LiveEdge, doorstep: Doorstep) -> None:
    status, said, _ = doorstep.ask("Sec-WebSocket-Extensions: permessage-deflate")
    assert status == 101
    assert "extensions" not in said.lower()


def test_each_address_has_its_number_and_gets_it_back(
    site: Site, edge: LiveEdge, doorstep: Doorstep
) -> None:
    crowd = "X-Forwarded-For: 198.51.100.9, 203.0.113.7"
    first = doorstep.ask(crowd)
    assert [first[0], doorstep.ask(crowd)[0]] == [101, 101]
    status, said, _ = doorstep.ask("X-Forwarded-For: 203.0.113.7")
    assert status == 429
    assert "Retry-After: " in said
    assert doorstep.ask("X-Forwarded-For: 203.0.113.8")[0] == 101
    before = len(edge.connections)
    first[2].close()
    while len(edge.connections) == before:
        site.run(_turn())
    assert doorstep.ask(crowd)[0] == 101


def test_programs_on_this_machine_may_connect_any_number(
    edge: LiveEdge, doorstep: Doorstep
) -> None:
    assert [doorstep.ask()[0] for _ in range(5)] == [101] * 5


def test_who_is_no_proxy_of_ours_cannot_hide(
    edge: LiveEdge, doorstep: Doorstep, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(edge, "proxies", TrustedProxies("10.0.0.1"))
    known = set(edge._by_address)
    assert doorstep.ask("X-Forwarded-For: 203.0.113.99")[0] == 101
    assert set(edge._by_address) - known <= {"127.0.0.1"}


def test_a_full_house_says_so(
    edge: LiveEdge, doorstep: Doorstep, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(edge, "_max_connections", 0)
    status, said, _ = doorstep.ask()
    assert status == 503
    assert "Retry-After: " in said
    assert edge.refused_by_reason["full"] == 1


async def _turn() -> None:
    """One turn of the server's event loop."""
