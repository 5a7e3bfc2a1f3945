"""The load scenarios run under locust against a real server, and find nothing wrong."""

from __future__ import annotations

import asyncio
import csv
import json
import re
import socket
import subprocess
import sys
from pathlib import Path

import httpx

from gateway.app import assembled
from gateway.sale.auth import mint_api_key
from seatengine.chart.generate import generate
from seatengine.core.policy import SalePolicy
from seatengine.shell.settings import Settings
from tests.gateway.server_process import put_on_sale, server_process

ROOT = Path(__file__).parents[2]

SCENARIOS = (
    *("Browse", "Pick", "Herd", "OnSaleStorm", "SlowReader"),
    *("ReconnectStorm", "Abandoner", "Hoarder", "Mixed"),
)


LOCUST = ("-m", "locust", "-f", "benchmarks/locustfile.py", "--headless")


def locust(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *LOCUST, *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


async def _organizer_key(settings: Settings) -> str:
    """A new API key of whom `put_on_sale` sells for."""
    key = mint_api_key()
    async with assembled(settings, settings.database_url) as parts:
        await parts.catalog.add_api_key(key.key_id, "house", "load", key.secret_hash)
    return key.text


def _counts(stats: Path, column: str) -> dict[str, float]:
    """One column of locust's table, by name of the request."""
    with stats.open() as file:
        return {row["Name"]: float(row[column]) for row in csv.DictReader(file)}


def test_every_scenario_asks_and_none_fails(postgres_url: str, tmp_path: Path) -> None:
    settings = Settings(database_url=postgres_url, data_dir=str(tmp_path), port=0)
    # So many pick that some are sure to book.
    counts = dict.fromkeys(SCENARIOS, 2) | {"Pick": 8}
    users = [json.dumps({"user_class_name": n, "fixed_count": k}) for n, k in counts.items()]
    total = sum(counts.values())

    async def run() -> subprocess.CompletedProcess[str]:
        event = await put_on_sale(settings, generate("theatre", 900), SalePolicy())
        key = await _organizer_key(settings)
        async with server_process(settings) as site:
            return await asyncio.to_thread(
                locust,
                *(f"--host={site}", f"--event={event}", f"--key={key}", "--pace=0.1"),
                *(f"--users={total}", f"--spawn-rate={total}", "--run-time=5s"),
                *("--config-users", *users, f"--csv={tmp_path / 'load'}", "--only-summary"),
            )

    done = asyncio.run(run())
    assert done.returncode == 0, done.stdout + done.stderr
    (spawned,) = re.findall(r"All users spawned: ({.*?})", done.stderr)
    assert json.loads(spawned) == counts
    stats = tmp_path / "load_stats.csv"
    requests = _counts(stats, "Request Count")
    assert {"viewer", "join", "rejoin", "look", "hold", "seen", "release"} <= requests.keys()
    assert {"find hold again", "hold best", "extend", "book", "cancel"} <= requests.keys()
    assert all(requests.values())
    assert not any(_counts(stats, "Failure Count").values())
    sizes = _counts(stats, "Average Content Size")
    assert all(sizes[name] > 0 for name in ("viewer", "join", "look", "hold", "release"))


def test_scenarios_are_chosen_by_class_or_tag(postgres_url: str, tmp_path: Path) -> None:
    settings = Settings(database_url=postgres_url, data_dir=str(tmp_path), port=0)
    choices: dict[tuple[str, ...], set[str]] = {
        ("--tags", "herd", "abandon"): {"Herd", "Abandoner", "Hoarder"},
        ("--exclude-tags", "mixed", "slow"): {*SCENARIOS} - {"Mixed", "SlowReader"},
        ("Browse", "Mixed"): {"Browse", "Mixed"},
    }

    async def run() -> None:
        await put_on_sale(settings, generate("theatre", 900), SalePolicy())
        async with server_process(settings) as site:
            for arguments, chosen in choices.items():
                common = (f"--host={site}", "--users=9", "--spawn-rate=9", "--run-time=1s")
                done = await asyncio.to_thread(locust, *common, *arguments)
                assert done.returncode == 0, done.stderr
                (spawned,) = re.findall(r"All users spawned: ({.*?})", done.stderr)
                assert json.loads(spawned).keys() == chosen

    asyncio.run(run())
    done = locust("--host=http://127.0.0.1:1", "--users=1", "--run-time=1s", "--tags", "unheard-of")
    assert done.returncode != 0
    assert "no scenario has these tags" in done.stderr


def test_the_web_ui_shows_the_options_and_runs_a_load(postgres_url: str, tmp_path: Path) -> None:
    settings = Settings(database_url=postgres_url, data_dir=str(tmp_path), port=0)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    web_ui = f"http://127.0.0.1:{port}"

    def get(client: httpx.Client, path: str) -> str:
        try:
            return client.get(web_ui + path).text
        except httpx.ConnectError:
            return ""

    async def run() -> tuple[str, dict[str, int]]:
        await put_on_sale(settings, generate("theatre", 900), SalePolicy())
        async with server_process(settings) as site:
            command = ("-m", "locust", "-f", "benchmarks/locustfile.py", f"--host={site}")
            options = (f"--web-port={port}", "--web-host=127.0.0.1", "--pace=0.1", "Browse", "Pick")
            locust = await asyncio.create_subprocess_exec(
                sys.executable, *command, *options, cwd=ROOT
            )
            try:
                async with asyncio.timeout(40):
                    with httpx.Client() as client:
                        while not (page := get(client, "/")):
                            await asyncio.sleep(0.05)
                        form = {"user_count": "2", "spawn_rate": "2", "host": site}
                        assert client.post(web_ui + "/swarm", data=form).json()["success"]
                        asked: dict[str, int] = {}
                        while not {"join", "look"} <= asked.keys():
                            await asyncio.sleep(0.1)
                            rows = client.get(web_ui + "/stats/requests").json()["stats"]
                            asked = {row["name"]: row["num_failures"] for row in rows}
                        return page, asked
            finally:
                locust.terminate()
                await locust.wait()

    page, failures = asyncio.run(run())
    for option in ("event", "key", "pace"):
        assert f'"{option}"' in page
    assert not any(failures.values())


def test_a_server_that_goes_away_is_a_failure(postgres_url: str, tmp_path: Path) -> None:
    settings = Settings(database_url=postgres_url, data_dir=str(tmp_path), port=0)

    async def told(table: str, name: str) -> None:
        """Wait until one of locust's tables has a row of that name."""
        path = tmp_path / f"load_{table}.csv"
        async with asyncio.timeout(30):
            while not path.exists() or f",{name}," not in path.read_text():
                await asyncio.sleep(0.05)

    async def run() -> int:
        await put_on_sale(settings, generate("theatre", 900), SalePolicy())
        async with server_process(settings) as site:
            options = ("--users=3", "--spawn-rate=3", "--pace=0.1", f"--csv={tmp_path / 'load'}")
            load = await asyncio.create_subprocess_exec(
                *(sys.executable, *LOCUST, f"--host={site}", *options, "Browse"), cwd=ROOT
            )
            await told("stats", "look")
        try:
            await told("failures", "rejoin")
        finally:
            load.terminate()
        return await load.wait()

    assert asyncio.run(run()) == 1


def test_nothing_on_sale_is_said_plainly(postgres_url: str, tmp_path: Path) -> None:
    settings = Settings(database_url=postgres_url, data_dir=str(tmp_path), port=0)

    async def run() -> subprocess.CompletedProcess[str]:
        async with server_process(settings) as site:
            return await asyncio.to_thread(
                locust, f"--host={site}", "--users=1", "--run-time=30s", "Browse"
            )

    done = asyncio.run(run())
    assert done.returncode != 0
    assert "nothing is on sale at" in done.stdout + done.stderr
