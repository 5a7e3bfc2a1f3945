"""Loads from start to audit, small: nothing is lost, nothing sold twice, nobody is left behind."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import uvloop
from msgspec import structs

from gateway.load.report import page
from gateway.load.run import Audience, LoadOrder, Moment, Outcome, run
from gateway.load.scenarios import SCENARIOS
from gateway.load.site import own_site


def ordered(scenario: str, viewers: int, seconds: float) -> LoadOrder:
    return LoadOrder(
        scenario=SCENARIOS[scenario],
        viewers=viewers,
        holds_per_s=60,
        seconds=seconds,
        seed=5,
        seats=2_000,
    )


def outcome_of(scenario: str, viewers: int = 40, seconds: float = 2.0) -> Outcome:
    moments: list[Moment] = []
    said: list[str] = []
    outcome = uvloop.run(
        run(ordered(scenario, viewers, seconds), Audience(said.append, moments.append))
    )
    assert said
    assert moments == outcome.moments
    return outcome


def assert_adds_up(outcome: Outcome) -> None:
    result, verdict = outcome.result, outcome.verdict
    assert result.errors == {}
    assert (result.compared, result.diverged, result.unanswered) == (result.viewers, 0, 0)
    assert verdict is not None
    assert (verdict.lost, verdict.double_sold, verdict.findings) == (0, 0, [])


def test_a_sale_opens_and_everything_adds_up() -> None:
    outcome = outcome_of("onsale")
    assert_adds_up(outcome)
    result = outcome.result
    assert (result.holds, result.refused, result.skipped) == (120, 0, 0)
    assert result.ended + result.booked == result.holds
    assert result.seen > 0
    assert result.seen_far > 0
    assert result.told_bytes >= result.ideal_bytes > 0
    told = page(outcome, datetime(2026, 1, 1, tzinfo=UTC))
    assert "Everything adds up." in told
    assert told.count("<svg") >= 8
    assert "http" not in told.replace(outcome.address, "")


def test_a_herd_wants_the_same_seats_and_each_is_sold_once() -> None:
    outcome = outcome_of("herd")
    assert_adds_up(outcome)
    assert outcome.result.holds + outcome.result.refused == 120
    assert outcome.result.refused > 0


@pytest.mark.parametrize("scenario", ["reconnect", "mixed"])
def test_whoever_comes_back_or_falls_behind_sees_what_is_so(scenario: str) -> None:
    order = ordered(scenario, 40, 3.0)
    order.scenario = structs.replace(
        order.scenario,
        drop_every_s=1.0,
        slow_share=0.2,
        stall_s=1.0,
        hold_ttl_ms=2_000,
    )
    outcome = uvloop.run(run(order, Audience(lambda _: None, lambda _: None)))
    assert_adds_up(outcome)
    assert outcome.result.lost_connections > 0
    assert outcome.result.comebacks == outcome.result.lost_connections


def test_an_early_end_still_comes_with_a_reckoning() -> None:
    async def interrupted() -> Outcome:
        begun = asyncio.Event()

        def moment(moment: Moment) -> None:
            if moment.load.phase == "storm" and moment.load.holds:
                begun.set()

        running = asyncio.create_task(
            run(ordered("pick", 20, 600.0), Audience(lambda _: None, moment))
        )
        async with asyncio.timeout(60):
            await begun.wait()
        running.cancel()
        return await running

    outcome = uvloop.run(interrupted())
    assert outcome.stopped_early
    assert_adds_up(outcome)
    assert outcome.result.holds > 0
    assert outcome.result.seconds < 60


def test_a_server_that_runs_already_is_loaded_and_not_audited() -> None:
    order = ordered("browse", 10, 1.0)

    async def loaded(folder: Path) -> Outcome:
        async with own_site(folder, 1_000, order.scenario) as site:
            order.url, order.event = site.address, site.event
            return await run(order, Audience(lambda _: None, lambda _: None))

    with TemporaryDirectory() as name:
        Path(name).chmod(0o711)
        outcome = uvloop.run(loaded(Path(name)))
    assert outcome.verdict is None
    assert (outcome.result.compared, outcome.result.diverged) == (10, 0)
    assert "Nothing was audited" in page(outcome, datetime(2026, 1, 1, tzinfo=UTC))
