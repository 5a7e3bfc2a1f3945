"""The demo from end to end: a real server, real bots, and an audit that finds what is wrong."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import asyncpg
import msgspec
import pytest

from gateway.demo.crowd import Progress
from gateway.demo.run import Audience, DemoPlan, Outcome, run
from gateway.demo.sample_shows import SHOWS, ShowOnSale
from gateway.demo.told import read_record
from gateway.sale.audit_store import audit_event
from seatengine.shell.embedded import EmbeddedPostgres
from seatengine.shell.settings import Settings

_SIZES = {"theatre": 300, "arena": 800, "stadium": 2_000}
_DATABASE = "demo"
_REPLACED = " on conflict (event_id) do update set seq = excluded.seq, data = excluded.data"


class Ran(NamedTuple):
    outcome: Outcome
    shows: list[ShowOnSale]
    settings: Settings


def _execute(url: str, *statements: str) -> None:
    async def execute() -> None:
        connection = await asyncpg.connect(url)
        try:
            for statement in statements:
                await connection.execute(statement)
        finally:
            await connection.close()

    asyncio.run(execute())


def _run(settings: Settings, seed: int) -> Ran:
    """The demo until enough has happened, then what it came to."""
    shows: list[ShowOnSale] = []
    plan = DemoPlan(
        shows=tuple(
            msgspec.structs.replace(show, seats=_SIZES[show.kind], bots=15, sold_share=0.25)
            for show in SHOWS
        ),
        for_s=60.0,
        seed=seed,
        pace=0.03,
    )

    async def until_enough() -> Outcome:
        demo = asyncio.current_task()
        assert demo is not None

        def progress(now: Progress) -> None:
            done = now.holds > 200 and now.bookings > 80
            if done and min(now.cancelled, now.refused, now.returns) > 3:
                demo.cancel()

        audience = Audience(lambda _: None, lambda _, made: shows.extend(made), progress)
        return await run(settings, plan, audience)

    return Ran(asyncio.run(until_enough()), shows, settings)


@pytest.fixture(scope="module")
def ran(postgres_server: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> Ran:
    _execute(postgres_server.url, f"create database {_DATABASE}")
    url = postgres_server.url.replace("@/postgres?", f"@/{_DATABASE}?")
    folder = tmp_path_factory.mktemp("demo")
    return _run(Settings(database_url=url, data_dir=str(folder), port=0), seed=1)


def test_bots_hold_book_crash_and_nothing_is_lost_or_sold_twice(ran: Ran) -> None:
    summary, verdict = ran.outcome.summary, ran.outcome.verdict
    assert verdict.findings == []
    assert (summary.double_sold, summary.lost) == (0, 0)
    assert summary.holds > 200
    assert summary.bookings > 80
    assert summary.p99_ms > 0
    kinds = {told.kind for told in read_record(Path(ran.settings.data_dir) / "demo" / "told")}
    assert kinds >= {"held", "changed", "ended", "booked", "kept", "cancelled"}
    assert "missing" not in kinds


def test_a_second_run_finds_its_shows_and_audits_both(ran: Ran) -> None:
    before = (Path(ran.settings.data_dir) / "demo" / "told").stat().st_size
    again = _run(ran.settings, seed=2)
    assert [show.event for show in again.shows] == [show.event for show in ran.shows]
    assert (again.outcome.summary.double_sold, again.outcome.summary.lost) == (0, 0)
    assert again.outcome.summary.holds > 200
    assert (Path(ran.settings.data_dir) / "demo" / "told").stat().st_size > before


@pytest.mark.parametrize(
    ("tampering", "words"),
    [
        ("update place set status = 'free' where event_id = $1 and status = 'booked'", "is free"),
        (
            "update place set booking_id = 'X' where event_id = $1 and status = 'booked'",
            "to booking X",
        ),
        ("delete from place where event_id = $1 and place = 0", "table place has"),
        ("delete from booking_place where event_id = $1", "table booking"),
        ("delete from booking where event_id = $1", "table booking lacks"),
        ("update booking set total = total + 1 where event_id = $1", "table booking"),
        (
            "update sales_by_category set revenue = revenue + 1 where event_id = $1",
            "sales_by_category",
        ),
        (
            "insert into hold values ($1, 999999, 'v_x', '{1}', 0, now(), now())",
            "table hold has 999999",
        ),
        (
            "delete from journal where event_id = $1 and first_seq ="
            " (select max(first_seq) from journal where event_id = $1 and first_seq > 1)",
            "",
        ),
        (
            "delete from journal where event_id = $1 and first_seq ="
            " (select min(first_seq) from journal where event_id = $1 and first_seq > 10)",
            "the journal goes from",
        ),
        ("insert into snapshot values ($1, 9, 'x')" + _REPLACED, "cannot be read"),
        ("insert into snapshot values ($1, 999999999999, 'x')" + _REPLACED, "the journal ends at"),
        (
            "update follower_cursor set seq = 999999999999 where event_id = $1",
            "the tables stand at",
        ),
        (
            "insert into follower_cursor select 'x', event_id, seq - 1 from follower_cursor"
            " where event_id = $1",
            "stand apart",
        ),
    ],
)
def test_the_audit_finds_what_was_tampered_with(
    ran: Ran, postgres_server: EmbeddedPostgres, tampering: str, words: str
) -> None:
    event = ran.shows[0].event
    _execute(postgres_server.url, f"create database tampered template {_DATABASE}")

    async def findings() -> list[str]:
        url = postgres_server.url.replace("@/postgres?", "@/tampered?")
        connection = await asyncpg.connect(url)
        try:
            assert (await audit_event(connection, event)).auditor.findings == []
            await connection.execute(tampering, event)
            return (await audit_event(connection, event)).auditor.findings
        finally:
            await connection.close()

    try:
        found = asyncio.run(findings())
    finally:
        _execute(postgres_server.url, "drop database tampered with (force)")
    assert found
    assert words in " ".join(found)


def test_the_command_ends_by_itself_with_one_line_of_json(
    postgres_url: str, tmp_path: Path
) -> None:
    done = subprocess.run(
        [
            *(sys.executable, "-m", "gateway.cli.main", "demo", "--for", "3", "--port", "0"),
            *("--bots", "60", "--size", "0.1", "--pace", "0.05", "--data-dir", str(tmp_path)),
        ],
        env=os.environ | {"DATABASE_URL": postgres_url},
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    summary = json.loads(done.stdout.splitlines()[-1])
    assert list(summary) == ["holds", "refused", "bookings", "double_sold", "lost", "p99_ms"]
    assert summary["holds"] > 0
    assert (summary["double_sold"], summary["lost"]) == (0, 0)
    for kind in ("Lantern Theatre", "Harbour Arena", "Riverside Stadium"):
        assert kind in done.stdout
