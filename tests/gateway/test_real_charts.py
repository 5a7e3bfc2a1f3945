"""Every real seat plan at hand can be put on sale and picked from. Without any at hand, those that
the project generates stand in."""

from __future__ import annotations

import asyncio
from pathlib import Path

import numpy as np

from gateway.client.client import Client, live_url
from gateway.live.wire import Held
from seatengine.chart.chart import Chart
from seatengine.chart.generate import VENUE_KINDS, generate
from seatengine.chart.importers import read_chart
from seatengine.core.policy import SalePolicy
from seatengine.shell.settings import Settings
from tests.chart.files import shared_files
from tests.gateway.server_process import put_on_sale, server_process, viewer_token


def _charts() -> list[Chart]:
    generated = [generate(kind, 1_000) for kind in VENUE_KINDS]
    return generated + [read_chart(file.read_bytes()).chart for file in shared_files()]


def test_every_chart_is_put_on_sale_and_picked_from(postgres_url: str, tmp_path: Path) -> None:
    settings = Settings(database_url=postgres_url, data_dir=str(tmp_path), port=0)

    async def run() -> None:
        events = [await put_on_sale(settings, chart, SalePolicy()) for chart in _charts()]
        async with server_process(settings) as site:
            for event in events:
                client = Client(live_url(site), event, viewer_token(site))
                await client.connect()
                held = await client.hold_best(1)
                assert isinstance(held, Held), held
                assert client.statuses is not None
                # One's own hold may show in the statuses only with the next tick.
                free = np.setdiff1d(np.flatnonzero(client.statuses == 0), held.state.places)
                assert isinstance(await client.hold([int(free[0])]), Held)
                await client.close()

    asyncio.run(asyncio.wait_for(run(), 60))
