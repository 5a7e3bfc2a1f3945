"""Metrics of a real server: they count what happened, and the documentation knows them all."""

from __future__ import annotations

import asyncio
import re
import time
from pathlib import Path

import httpx
import pytest
from websockets.asyncio.client import connect

from gateway.metrics_reading import Figures, Reading, between, read
from tests.gateway.http.site import Site, put_on_sale

ROOT = Path(__file__).parents[3]


def scrape(site: Site) -> Reading:
    answer = site.client().get("/metrics")
    assert answer.status_code == 200, answer.text
    return read(answer.text)


def since(site: Site, before: Reading) -> Figures:
    figures = between(before, scrape(site))
    assert figures is not None
    return figures


def hold(client: httpx.Client, event: str, *places: int) -> httpx.Response:
    pick = {"pick": {"kind": "seats", "places": list(places)}}
    return client.post(f"/api/v1/events/{event}/holds", json=pick)


def test_it_is_prometheus_text(site: Site) -> None:
    answer = site.client().get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=")
    assert answer.headers["cache-control"] == "no-store"
    assert "# TYPE seatengine_commands_total counter" in answer.text
    assert 'seatengine_loop_lag_seconds_bucket{le="+Inf"}' in answer.text


def test_the_sale_is_counted(site: Site, organizer: httpx.Client) -> None:
    event = put_on_sale(organizer)
    before = scrape(site)
    viewer = site.viewer()
    held = hold(viewer, event, 0, 1)
    assert held.status_code == 201, held.text
    assert hold(site.viewer(), event, 0).status_code == 409
    sold = {"from": "hold", "hold": held.json()["hold"], "name": "Ada", "email": "ada@example.org"}
    booked = viewer.post(f"/api/v1/events/{event}/bookings", json=sold)
    assert booked.status_code == 201, booked.text
    after = scrape(site)
    for name, label, more in (
        ("holds_total", "", 1),
        ("bookings_total", "", 1),
        ("entries_total", "seats_held", 1),
        ("entries_total", "seats_booked", 1),
        ("refusals_total", "places-taken", 1),
        ("refusals_total", "overloaded", 0),
    ):
        assert after.value(name, label) - before.value(name, label) == more, (name, label)
    assert after.value("commands_total") - before.value("commands_total") >= 3
    assert after.value("events", "serving") >= 1
    assert after.value("journal_lag_entries") == 0
    figures = between(before, after)
    assert figures is not None
    assert figures.commits_per_s > 0
    assert figures.commit_p99_ms is not None
    assert figures.refusals_per_s.keys() == {"places-taken"}
    assert figures.resident_mb > 10
    assert figures.cpu_percent > 0


def test_open_websockets_are_counted(site: Site) -> None:
    before = scrape(site).value("connections")

    async def told() -> None:
        url = site.url.replace("http", "ws", 1)
        async with connect(f"{url}/live"):
            answer = await asyncio.to_thread(scrape, site)
            assert answer.value("connections") == before + 1

    asyncio.run(told())


def test_a_stall_of_the_loop_shows(site: Site) -> None:
    before = scrape(site)

    async def stall() -> None:
        time.sleep(0.3)

    site.run(stall())
    give_up = time.monotonic() + 10
    while (figures := since(site, before)).loop_lag_worst_ms < 250:
        assert time.monotonic() < give_up
    assert figures.loop_lag_p99_ms is not None
    assert figures.loop_lag_p99_ms > 100


def test_the_documentation_lists_each_metric_and_no_other(site: Site) -> None:
    told = set(re.findall(r"^# TYPE (\S+) ", site.client().get("/metrics").text, re.MULTILINE))
    written = set(
        re.findall(r"^\| `(\w+)` \|", (ROOT / "docs/operations.md").read_text(), re.MULTILINE)
    )
    assert written == told


def test_the_setting_is_documented() -> None:
    text = (ROOT / "docs/operations.md").read_text()
    assert "`SEATENGINE_METRICS_TOKEN`" in text


@pytest.mark.parametrize("header", ["Forwarded", "Via", "X-Forwarded-For", "X-Real-IP"])
def test_what_a_proxy_passes_on_is_not_from_this_machine(site: Site, header: str) -> None:
    answer = site.client().get("/metrics", headers={header: "127.0.0.1"})
    assert answer.status_code == 403
    assert "SEATENGINE_METRICS_TOKEN" in answer.json()["detail"]
