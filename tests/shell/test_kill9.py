"""A server killed with SIGKILL at random moments under load loses nothing it had acknowledged.

SEATENGINE_KILL_ROUNDS=50 python -m pytest tests/shell/test_kill9.py runs the long version.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random
from typing import Final

import pytest
import uvloop

from gateway.client.client import live_url
from seatengine.shell.embedded import EmbeddedPostgres
from seatengine.shell.followers import Follower
from seatengine.shell.migrate import migrate
from seatengine.shell.postgres import Pool, open_pool
from seatengine.shell.postgres_stores import PostgresCharts
from tests.shell.siege import EVENT, Server, Viewer, account_for_every_place, audit, put_on_sale

ROUNDS: Final = int(os.environ.get("SEATENGINE_KILL_ROUNDS", "12"))
VIEWERS: Final = 24


@pytest.fixture
def folder() -> Iterator[Path]:
    """Not tmp_path: its names are too long for a unix socket."""
    path = Path(tempfile.mkdtemp(prefix="seatengine-"))
    yield path
    shutil.rmtree(path)


@asynccontextmanager
async def viewers_at(url: str) -> AsyncIterator[list[Viewer]]:
    viewers = [Viewer(number, url) for number in range(VIEWERS)]
    await asyncio.gather(*(viewer.join() for viewer in viewers))
    try:
        yield viewers
    finally:
        await asyncio.gather(*(viewer.leave() for viewer in viewers))


async def siege(server: Server, pool: Pool, dice: Random) -> None:
    url = live_url(f"http://127.0.0.1:{server.port}")
    async with viewers_at(url) as viewers:
        for _ in range(ROUNDS):
            for viewer in viewers:
                viewer.begin()
            await asyncio.sleep(dice.uniform(0.05, 0.8))
            await server.kill()
            await server.launch()
            if dice.random() < 0.25:
                # The new one dies while it starts, recovers, or has just begun.
                await asyncio.sleep(dice.uniform(0.0, 1.5))
                await server.kill()
                await server.launch()
            await server.serving()
            await asyncio.gather(*(viewer.rest() for viewer in viewers))
            await audit(pool, viewers)
            await account_for_every_place(url, pool)
            await asyncio.gather(*(viewer.find_holds_again() for viewer in viewers))
            await asyncio.gather(*(viewer.ask_again() for viewer in viewers))


def test_kill9_nothing_acknowledged_is_lost_and_nothing_sold_twice(folder: Path) -> None:
    async def scene(url: str) -> None:
        await migrate(url)
        async with open_pool(url) as pool:
            await put_on_sale(url, pool)
            server = Server(folder)
            await server.launch()
            try:
                await server.serving()
                await siege(server, pool, Random(ROUNDS))
                assert await server.kill(signal.SIGTERM) == 0
            finally:
                await server.kill()
            await Follower(pool, PostgresCharts(pool)).catch_up(EVENT)
            journal = await audit(pool, [])
            assert len(journal) > 20 * ROUNDS

    postgres = EmbeddedPostgres(folder / "postgres")
    postgres.start()
    try:
        uvloop.run(scene(postgres.url))
    finally:
        postgres.stop()
    assert postgres.pid is None
