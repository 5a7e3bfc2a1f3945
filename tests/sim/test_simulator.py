"""The simulator over many seeds. SEATENGINE_SIM_SEEDS runs more of them; `python -m tests.sim`
replays one. A failure names its venue and seed; mended ones are kept in REGRESSIONS."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from seatengine.chart.importers import read_chart
from seatengine.chart.seat_table import build
from tests.chart.files import shared_files
from tests.sim.truth import Broken
from tests.sim.world import VENUES, Report, World

SEEDS = int(os.environ.get("SEATENGINE_SIM_SEEDS", "200"))
CHUNK = 50
LARGEST_REAL_VENUE = 300
ROOT = Path(__file__).parents[2]

REGRESSIONS = {
    "best-available-into-an-older-basket-uses-its-tariff": ("pocket", 30),
    "an-older-basket-has-cheaper-seats-than-today": ("pocket", 46),
}


def play(venue: str, seed: int) -> Report:
    try:
        return World(seed, VENUES[venue]()).run()
    except Broken as broken:
        raise AssertionError(
            f"{broken}\nreplay: python -m tests.sim --venue {venue} --seeds {seed}:{seed + 1}"
        ) from broken


@pytest.mark.parametrize("first", range(0, SEEDS, CHUNK))
def test_one_of_everything(first: int) -> None:
    """(H1, H2, H3, H4, H5, H6, H7) (L1, L2, L3) (A1, A2, A3, A4, A5, A6, A7) (B1, B2, B3, B4, B5,
    B6) (D1, D2, D3, D4, D5) (M1, M2) (V1, V2) (S1, S2)"""
    for seed in range(first, min(first + CHUNK, SEEDS)):
        play("pocket", seed)


@pytest.mark.parametrize("venue", ["hall", "row"])
def test_h1_the_same_holds_where_seats_are_few(venue: str) -> None:
    for seed in range(max(1, SEEDS // 3)):
        play(venue, seed)


def test_h1_b2_the_same_holds_in_a_theatre_as_it_is_generated() -> None:
    for seed in range(max(1, SEEDS // 20)):
        play("theatre", seed)


def test_h1_b2_real_venues_can_be_sold() -> None:
    for path in shared_files():
        table = build(read_chart(path.read_bytes()).chart)
        if table.size <= LARGEST_REAL_VENUE:
            for seed in range(max(1, SEEDS // 100)):
                World(seed, table).run()


@pytest.mark.parametrize("name", REGRESSIONS)
def test_seeds_that_failed_once(name: str) -> None:
    play(*REGRESSIONS[name])


def test_s3_the_same_seed_is_the_same_run() -> None:
    assert play("pocket", 5) == play("pocket", 5)
    assert play("pocket", 5).hash != play("pocket", 6).hash


def test_s3_a_run_does_not_depend_on_the_order_of_hashes() -> None:
    command = [sys.executable, "-m", "tests.sim", "--seeds", "3:6"]
    runs = [
        subprocess.run(
            command,
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        ).stdout
        for seed in ("1", "2")
    ]
    assert runs[0] == runs[1]
    assert "3 seeds, 0 failed" in runs[0]


def test_the_workload_reaches_every_kind_of_trouble() -> None:
    reports = [play("pocket", seed) for seed in range(10)]
    assert sum(r.entries for r in reports) > 300
    assert sum(r.recoveries for r in reports) > 50
    assert sum(r.views for r in reports) > 20
