"""`seatengine load` as a command: what it refuses, and what it says."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from gateway.cli.load import load
from seatengine.errors import BadSettings

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"viewers": 0}, "--viewers"),
        ({"holds": -1}, "--holds"),
        ({"for_s": 0.2}, "--for"),
        ({"seats": 7}, "--seats"),
        ({"event": "ev_1"}, "--event needs --url"),
        ({"url": "http://198.51.100.7:8000"}, "not this machine"),
        ({"url": "http://tickets.example.org"}, "not this machine"),
        ({"url": "ftp://127.0.0.1"}, "must look like"),
    ],
)
def test_what_cannot_be_is_refused_in_words(given: dict[str, object], said: str) -> None:
    with pytest.raises(BadSettings, match=said):
        load("onsale", **given)  # type: ignore[arg-type]


def test_a_small_load_ends_with_a_report_and_one_json_object(tmp_path: Path) -> None:
    report = tmp_path / "folder" / "load.html"
    asked = "pick --viewers 10 --holds 20 --for 1 --seats 500 --seed 3 --json"
    done = subprocess.run(
        [sys.executable, "-m", "gateway.cli.main", "load", *asked.split(), "--report", str(report)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    told = msgspec.json.decode(done.stdout.splitlines()[-1])
    assert (told["lost"], told["double_sold"], told["diverged"]) == (0, 0, 0)
    assert (told["scenario"], told["viewers"], told["holds"]) == ("pick", 10, 20)
    assert "Everything adds up" in done.stderr
    assert report.read_text().startswith("<!doctype html>")
