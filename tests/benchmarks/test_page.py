"""The page's benchmark opens the real page in the real browser and ends with its figures."""

from __future__ import annotations

from typing import Any

import msgspec

from tests.benchmarks.test_benchmarks import run

KEYS = {"seats", "first_seats_ms", "fps_pan", "frame_p99_ms", "heap_mb"}
SMALL = ["--seats=20000", "--seconds=0.5", "--loads=1", "--changes=200"]


def test_the_page_is_measured() -> None:
    done = run("page", *SMALL, "--json")
    assert done.returncode == 0, done.stderr
    found = msgspec.json.decode(done.stdout.splitlines()[-1], type=dict[str, Any])
    assert found["seats"] == 20_000
    assert all(found[key] > 0 for key in KEYS)
    assert found["first_map_ms"] <= found["first_seats_ms"] <= found["opened_section_ms"]
    assert found["changes_per_s"] > 0
    assert found["phone"]["heap_mb"] > 0


def test_what_is_asked_wrongly_is_refused() -> None:
    assert run("page", "--seats=0").returncode == 2
