"""The API while Postgres cannot be reached, and after it has come back."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import asyncpg
import httpx

from seatengine.shell.embedded import EmbeddedPostgres
from tests.gateway.http.site import code, put_on_sale, serving
from tests.gateway.http.test_bookings import WHO
from tests.gateway.http.test_holds import hold, holds, seats

_PATIENCE_S = 20.0


def let_in(server: EmbeddedPostgres, database_url: str, allowed: bool) -> None:
    """Let connections to the database happen or not; those that are there are cut."""
    name = database_url.partition("@/")[2].partition("?")[0]

    async def run() -> None:
        connection = await asyncpg.connect(server.url)
        try:
            await connection.execute(f"alter database {name} allow_connections {allowed}")
            await connection.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity where datname = $1", name
            )
        finally:
            await connection.close()

    asyncio.run(run())


def until_answered(client: httpx.Client, path: str) -> None:
    until_s = time.monotonic() + _PATIENCE_S
    while client.get(path).status_code != 200:
        assert time.monotonic() < until_s, f"{path} does not come back"


def test_requests_are_told_to_try_again_and_then_work(
    postgres_server: EmbeddedPostgres, postgres_url: str, tmp_path: Path
) -> None:
    with serving(postgres_url, tmp_path) as site:
        organizer, viewer = site.organizer(), site.viewer()
        event = put_on_sale(organizer)
        made = hold(viewer, event, "Stalls-A-1")
        let_in(postgres_server, postgres_url, False)
        try:
            away = [
                viewer.post(holds(event), json=seats("Stalls-A-2")),
                viewer.get("/api/v1/events"),
                organizer.get("/api/v1/charts"),
                viewer.get("/readyz"),
            ]
            for answer in away:
                assert (answer.status_code, code(answer)) == (503, "store-unavailable")
                assert answer.headers["retry-after"] == "1"
                assert "postgres" not in answer.text.lower()
            assert viewer.get("/healthz").status_code == 200
        finally:
            let_in(postgres_server, postgres_url, True)
        until_answered(viewer, "/readyz")
        until_answered(viewer, f"/api/v1/events/{event}/state")
        body = {"from": "hold", "hold": made["hold"], **WHO}
        answer = viewer.post(f"/api/v1/events/{event}/bookings", json=body)
        assert answer.status_code == 201, answer.text
