"""A real server for tests: uvicorn on a free loopback port, the real engine, a real Postgres."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import asyncpg
import httpx
import uvicorn
import uvloop

from gateway.app import Parts, assembled
from gateway.sale.auth import mint_api_key
from seatengine.chart.chart import Chart
from seatengine.chart.exporters import write_chart
from seatengine.shell.embedded import EmbeddedPostgres
from seatengine.shell.migrate import migrate
from seatengine.shell.settings import Settings
from tests import venues

T = TypeVar("T")

SECRET = "a secret for these tests"
"""What viewers' tokens are signed with."""

_START_S = 20.0


class Site:
    """The server's address, its parts, and ways to make callers."""

    def __init__(self, url: str, parts: Parts, loop: asyncio.AbstractEventLoop) -> None:
        self.url = url
        self.parts = parts
        self._loop = loop
        self._clients: list[httpx.Client] = []

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """The result of a coroutine on the server's own event loop."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(_START_S)

    def client(self, authorization: str = "") -> httpx.Client:
        headers = {"Authorization": authorization} if authorization else {}
        client = httpx.Client(base_url=self.url, headers=headers, timeout=_START_S)
        self._clients.append(client)
        return client

    def organizer(self, organizer_id: str = "house") -> httpx.Client:
        """A client with a new API key of the organizer."""
        key = mint_api_key()
        catalog = self.parts.catalog
        self.run(catalog.add_organizer(organizer_id, organizer_id.title()))
        self.run(catalog.add_api_key(key.key_id, organizer_id, "tests", key.secret_hash))
        return self.client(f"Bearer {key.text}")

    def viewer(self) -> httpx.Client:
        """A client that is a new viewer."""
        token = self.client().post("/api/v1/viewers").json()["token"]
        return self.client(f"Viewer {token}")

    def close(self) -> None:
        for client in self._clients:
            client.close()


@contextmanager
def serving(database_url: str, data_dir: Path) -> Iterator[Site]:
    """A Site that lives as long as the context."""
    sites: list[Site] = []
    failures: list[BaseException] = []
    up = threading.Event()
    servers: list[uvicorn.Server] = []

    async def serve() -> None:
        settings = Settings(data_dir=str(data_dir), secret=SECRET)
        async with assembled(settings, database_url) as parts:
            config = uvicorn.Config(
                parts.app,
                host="127.0.0.1",
                port=0,
                http=parts.http_edge.protocol_class(),
                ws=parts.edge.protocol_class(),
                lifespan="off",
                log_config=None,
            )
            server = uvicorn.Server(config)
            running = asyncio.create_task(server.serve())
            while not server.started and not running.done():
                await asyncio.sleep(0.01)
            port = server.servers[0].sockets[0].getsockname()[1]
            loop = asyncio.get_running_loop()
            sites.append(Site(f"http://127.0.0.1:{port}", parts, loop))
            servers.append(server)
            up.set()
            await running

    def main() -> None:
        try:
            uvloop.run(serve())
        except BaseException as error:
            failures.append(error)
        finally:
            up.set()

    thread = threading.Thread(target=main, name="site")
    thread.start()
    try:
        assert up.wait(_START_S), "the server did not start"
        if failures:
            raise failures[0]
        yield sites[0]
    finally:
        for each in sites:
            each.close()
        for server in servers:
            server.should_exit = True
        thread.join(_START_S)
    if failures:
        raise failures[0]


def fresh_database(server: EmbeddedPostgres, name: str) -> str:
    """The URL of a new, migrated database on the tests' server."""

    async def create() -> None:
        connection = await asyncpg.connect(server.url)
        try:
            await connection.execute(f"create database {name}")
        finally:
            await connection.close()

    asyncio.run(create())
    url = server.url.replace("@/postgres?", f"@/{name}?")
    asyncio.run(migrate(url))
    return url


def chart_file(chart: Chart) -> bytes:
    """The chart in our own file format."""
    data, _ = write_chart(chart, "native")
    return data


def import_pocket(organizer: httpx.Client) -> str:
    """The id of the pocket venue, imported anew."""
    answer = organizer.post("/api/v1/charts", content=chart_file(venues.pocket_chart()))
    assert answer.status_code == 201, answer.text
    chart_id: str = answer.json()["chart"]["id"]
    return chart_id


def put_on_sale(organizer: httpx.Client, **fields: object) -> str:
    """The id of a new event in the pocket venue. `fields` go into the request."""
    body = {
        "name": "An evening",
        "venue": "The Pocket",
        "starts_at": (datetime.now(UTC) + timedelta(days=30)).isoformat(),
        **fields,
    }
    body.setdefault("chart_id", import_pocket(organizer))
    answer = organizer.post("/api/v1/events", json=body)
    assert answer.status_code == 201, answer.text
    event_id: str = answer.json()["id"]
    return event_id


def code(answer: httpx.Response) -> str:
    """The problem's code, once it is sure that it is a proper problem."""
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    problem = answer.json()
    assert problem["status"] == answer.status_code
    assert problem["detail"].endswith((".", ")"))
    assert problem["type"] == f"/docs#{problem['code']}"
    text: str = problem["code"]
    return text
