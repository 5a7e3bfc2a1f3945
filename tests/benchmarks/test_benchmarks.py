"""Each benchmark runs, small, and ends with one JSON object that has its figures. What the figures
are is nobody's business here: tests do not measure time."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

from benchmarks.native import compiler
from benchmarks.report import median, percentile

ROOT = Path(__file__).parents[2]

SMALL = {
    "core": ["--seats=300", "--holds=90", "--postgres-holds=30", "--rounds=1"],
    "holds": ["--seats=1000", "--clients=5", "--seconds=0.2", "--rounds=1"],
    "best": ["--seats=1000", "--asks=14"],
    "recovery": ["--seats=1000", "--entries=1000", "--clients=2", "--kills=1", "--seconds=0.3"],
    "import": ["--seats=200", "--rounds=1"],
    "onsale": ["--viewers=30", "--holds=30", "--seconds=2", "--seats=1000"],
    "naive": ["--viewers=20", "--holds=20", "--seconds=2", "--seats=1000"],
}

KEYS = {
    "core": {
        "holds_per_s",
        "valkey_lua_holds_per_s",
        "postgres_holds_per_s",
        "ratio_valkey",
        "ratio_postgres",
    },
    "holds": {
        "ops_per_s",
        "p50_ms",
        "p99_ms",
        "us_cpu_per_op",
        "echo_us_cpu_per_op",
        "cost_vs_echo",
    },
    "best": {"p50_us", "p99_us"},
    "recovery": {"entries", "kill_to_first_ack_s", "lost"},
    "import": {"seats", "s"},
    "naive": {"bytes_ratio", "cpu_ratio", "viewers", "holds_per_s"},
    "onsale": {
        "viewers",
        "holds_per_s",
        "hold_p99_ms",
        "seen_p50_ms",
        "seen_p99_ms",
        "bytes_per_viewer_s",
        "ideal_bytes_ratio",
        "server_cpu",
        "rss_mb",
        "lost",
        "double_sold",
        "diverged",
    },
}


def run(*arguments: str, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "benchmarks", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env=env,
    )


def figures(name: str) -> dict[str, Any]:
    done = run(name, *SMALL[name], "--json")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert len(lines) > 1
    found = msgspec.json.decode(lines[-1], type=dict[str, Any])
    assert set(found) >= KEYS[name]
    assert all(type(found[key]) in (int, float) for key in KEYS[name])
    return found


def test_one_frame_goes_to_everybody() -> None:
    done = run(
        "fanout",
        "--viewers=12",
        "--frames=60",
        "--batches=1",
        "--peers=websockets",
        "--json",
    )
    assert done.returncode == 0, done.stderr
    found = msgspec.json.decode(done.stdout.splitlines()[-1], type=dict[str, Any])["viewers"]
    assert set(found) == {"12"}
    for size in found.values():
        sides = [size, size["peers"].pop("websockets")]
        assert size["peers"] == {}
        assert all(side["us_per_frame"] > 0 and side["frame_bytes"] > 2 for side in sides)
        assert all(type(side["kib_per_viewer"]) is float for side in sides)
        if compiler() is None:
            assert size["floor_us_per_frame"] is size["ratio_floor"] is None
            assert "no C compiler" in done.stderr
        else:
            assert all(side["ratio_floor"] > 0 for side in sides)
            assert size["floor_us_per_frame"] > 0


def test_what_cannot_be_measured_is_null_and_standard_error_says_why(tmp_path: Path) -> None:
    asked = ["--viewers=2", "--frames=4", "--batches=1", "--peers=nchan", "--json"]
    done = run("fanout", *asked, env={"PATH": str(tmp_path)})
    assert done.returncode == 0, done.stderr
    found = msgspec.json.decode(done.stdout.splitlines()[-1], type=dict[str, Any])["viewers"]["2"]
    assert found["us_per_frame"] > 0
    assert found["floor_us_per_frame"] is found["ratio_floor"] is None
    assert found["peers"] == {"nchan": None}
    assert "the floor was not measured: there is no C compiler" in done.stderr
    assert "nchan was not measured: nginx is not installed" in done.stderr


@pytest.mark.parametrize("name", ["core", "holds", "best", "import", "naive"])
def test_a_benchmark_ends_with_its_figures(name: str) -> None:
    found = figures(name)
    assert all(found[key] > 0 for key in KEYS[name])


def test_nothing_acknowledged_is_lost_when_the_server_is_killed() -> None:
    found = figures("recovery")
    assert found["lost"] == 0
    assert found["entries"] >= 1000
    assert found["acknowledged"] > 0


def test_a_hot_sale_loses_nothing_and_shows_everyone_what_is_so() -> None:
    found = figures("onsale")
    assert (found["lost"], found["double_sold"], found["diverged"]) == (0, 0, 0)
    assert (found["viewers"], found["holds"]) == (30, 60)
    assert found["ideal_bytes_ratio"] > 0


def test_without_json_there_is_none() -> None:
    done = run("best", *SMALL["best"])
    assert done.returncode == 0, done.stderr
    assert not done.stdout.splitlines()[-1].startswith("{")


def test_help_names_every_benchmark() -> None:
    done = run("--help")
    assert done.returncode == 0
    assert all(name in done.stdout for name in [*SMALL, "fanout"])


def test_what_is_asked_wrongly_is_refused() -> None:
    assert run("speed").returncode == 2
    assert run("core", "--rounds=0").returncode == 2
    assert run("fanout", "--viewers=1").returncode == 2
    assert run("fanout", "--peers=carrier-pigeon").returncode == 2


def test_medians_and_percentiles() -> None:
    assert median([3.0, 1.0, 2.0]) == 2.0
    assert median([4.0, 1.0, 2.0, 3.0]) == 2.5
    hundred = [float(n) for n in range(100, 0, -1)]
    assert percentile(hundred, 50) == 50.0
    assert percentile(hundred, 99) == 99.0
    assert percentile([7.0], 99) == 7.0
