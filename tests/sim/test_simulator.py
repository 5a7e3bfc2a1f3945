"""The simulator over many seeds. SEATENGINE_SIM_SEEDS runs more of them; `python -m tests.sim`
replays one. A failure names its venue and seed; mended ones are kept in REGRESSIONS."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.sim.truth import Broken
from tests.sim.world import VENUES, Report, World

SEEDS = int(os.environ.get("SEATENGINE_SIM_SEEDS", "300"))
CHUNK = 50
ROOT = Path(__file__).parents[2]

REGRESSIONS = {
    "best-available-into-an-older-basket-uses-its-tariff": ("pocket", 119),
    "an-older-basket-has-cheaper-seats-than-today": ("pocket", 264),
}


def play(venue: str, seed: int) -> Report:
    try:
        return World(seed, VENUES[venue]()).run()
    except Broken as broken:
        raise AssertionError(
            f"{broken}\nreplay: python -m tests.sim --venue {venue} --seeds {seed}:{seed + 1}"
        ) from broken


@pytest.mark.parametrize("first", range(0, SEEDS, CHUNK))
def test_h1_h2_h3_h4_h5_d1_d2_d3_d4_d5_a1_a2_a3_a4_a5_a6_a7_m1_m2_v1_v2_s1_s2_one_of_everything(
    first: int,
) -> None:
    for seed in range(first, min(first + CHUNK, SEEDS)):
        play("pocket", seed)


@pytest.mark.parametrize("venue", ["hall", "row"])
def test_h1_the_same_holds_where_seats_are_few(venue: str) -> None:
    for seed in range(max(1, SEEDS // 3)):
        play(venue, seed)


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
