"""The command line as its users meet it: each command in a process of its own."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.cli.doctor import examine
from seatengine.chart.importers import read_chart
from seatengine.shell.settings import Settings

ONE_WORD = ("serve", "demo", "top", "doctor", "import", "export", "generate", "journal", "audit")
OPENING = "2030-03-01T19:30+01:00"


class CommandLine:
    """Runs `seatengine` in `folder` on the database at `url`."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder = folder
        self._environ = {
            name: value for name, value in os.environ.items() if not name.startswith("SEATENGINE_")
        } | {"DATABASE_URL": url, "COLUMNS": "100"}

    def __call__(self, *arguments: str, code: int = 0) -> str:
        """What it said, on both streams; fails when the exit code is another than `code`."""
        done = subprocess.run(
            [sys.executable, "-m", "gateway.cli.main", *arguments],
            cwd=self.folder,
            env=self._environ | {"PYTHONPATH": str(Path(__file__).parents[3])},
            capture_output=True,
            text=True,
            timeout=60,
        )
        said = done.stdout + done.stderr
        assert done.returncode == code, said
        assert "Traceback" not in said
        return said


@pytest.fixture
def seatengine(tmp_path: Path, postgres_url: str) -> CommandLine:
    return CommandLine(tmp_path, postgres_url)


def kept_chart(seatengine: CommandLine, seats: int = 300) -> str:
    seatengine("generate", "theatre", "--seats", str(seats), "-o", "hall.json")
    said = seatengine("import", "hall.json", "--name", "Hall")
    found = re.search(r"Kept as chart (\S+?)\.", said)
    assert found, said
    return found[1]


def test_help_teaches_every_command_with_an_example(seatengine: CommandLine) -> None:
    said = seatengine("--help")
    for command in (*ONE_WORD, "event", "key"):
        assert re.search(rf"│ {command} +\w", said), f"{command} says nothing of itself"
    for command in ONE_WORD:
        assert f"    seatengine {command}" in seatengine(command, "--help")
    assert "    seatengine event create" in seatengine("event", "create", "--help")
    assert "    seatengine key create" in seatengine("key", "create", "--help")


def test_a_generated_venue_is_imported_sold_and_audited(seatengine: CommandLine) -> None:
    chart = kept_chart(seatengine)
    said = seatengine("event", "create", chart, "Opening night", "--starts-at", OPENING)
    found = re.search(r"On sale as (\S+?)\.", said)
    assert found, said
    event = found[1]
    listed = seatengine("event", "list")
    assert event in listed
    assert "Opening night · Hall" in listed
    history = seatengine("journal", event)
    assert re.search(r"^ +1 \d{4}-.* ChartBound ", history)
    assert seatengine("journal", event, "--after", "1") == ""


def test_a_dry_run_reports_and_keeps_nothing(seatengine: CommandLine) -> None:
    seatengine("generate", "arena", "--seats", "500", "-o", "arena.json")
    said = seatengine("import", "arena.json", "--dry-run")
    assert "500 places" in said
    assert "nothing was kept" in said
    assert "Kept as" not in said


def test_an_export_of_an_import_is_the_same_chart(seatengine: CommandLine) -> None:
    chart = kept_chart(seatengine)
    said = seatengine("export", chart)
    written = (seatengine.folder / "hall.json").read_bytes()
    assert read_chart(said.encode()).chart == read_chart(written).chart
    seatengine("export", chart, "--format", "seatsio", "-o", "drawing.json")
    assert read_chart((seatengine.folder / "drawing.json").read_bytes()).format == "seatsio"


def test_prices_are_those_asked_for(seatengine: CommandLine) -> None:
    chart = kept_chart(seatengine)
    category = json.loads(seatengine("export", chart))["chart"]["categories"][0]["key"]
    create = ("event", "create", chart, "Gala", "--starts-at", OPENING)
    said = seatengine(*create, "--price", f"{category}=12345", "--currency", "CHF")
    event = re.search(r"On sale as (\S+?)\.", said)
    assert event
    bound = seatengine("journal", event[1])
    assert '"currency":"CHF"' in bound
    assert "12345" in bound


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("event", "create", "CHART", "X", "--starts-at", "tomorrow"), "is no time"),
        (("event", "create", "CHART", "X", "--starts-at", "2030-01-01T19:30"), "offset from UTC"),
        (("event", "create", "ch_none", "X", "--starts-at", OPENING), "no chart 'ch_none'"),
        (
            ("event", "create", "CHART", "X", "--starts-at", OPENING, "--price", "nothing=1"),
            "no category 'nothing'",
        ),
        (
            ("event", "create", "CHART", "X", "--starts-at", OPENING, "--price", "1.50"),
            "KEY=PRICE",
        ),
        (
            ("event", "create", "CHART", "X", "--starts-at", OPENING, "--currency", "euro"),
            "three capital letters",
        ),
        (
            ("event", "create", "CHART", "X", "--starts-at", OPENING, "--hold-minutes", "1e6"),
            "hold_ttl_ms must be",
        ),
        (("export", "ch_none"), "no chart 'ch_none'"),
        (("audit", "ev_none"), "no event 'ev_none'"),
        (("import", "absent.json"), "absent.json"),
        (("import", "broken.json"), "$"),
        (("generate", "theatre", "--seats", "3000000"), "seats"),
        (("serve", "--port", "70000"), "port"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_sentence(
    seatengine: CommandLine, arguments: tuple[str, ...], words: str
) -> None:
    (seatengine.folder / "broken.json").write_text('{"format": 7}')
    chart = kept_chart(seatengine) if "CHART" in arguments else ""
    said = seatengine(*(chart if a == "CHART" else a for a in arguments), code=1)
    assert said.startswith("seatengine: ")
    assert words in said


@pytest.mark.parametrize(
    "arguments", [("no-such",), ("serve", "--no-such"), ("import",), ("generate", "circus")]
)
def test_a_wrong_question_exits_with_2(seatengine: CommandLine, arguments: tuple[str, ...]) -> None:
    seatengine(*arguments, code=2)


def test_keys_are_new_each_time_and_look_like_keys(seatengine: CommandLine) -> None:
    keys = {seatengine("key", "create", "--organizer", "hall").strip() for _ in range(2)}
    assert len(keys) == 2
    assert all(re.fullmatch(r"sk_[0-9a-f]+_[0-9a-f]{64}", key) for key in keys)


def test_doctor_finds_what_is_missing_and_says_the_cure(postgres_url: str, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as busy:
        port = busy.getsockname()[1]
        settings = Settings(database_url=postgres_url, data_dir=str(tmp_path), port=port)
        found = {diagnosis.what: diagnosis for diagnosis in examine(settings)}
    assert found["Postgres (DATABASE_URL)"].state == "good"
    assert found["Python packages"].state == "good"
    assert found["Data folder"].state in ("good", "weak")
    assert found[f"Port {port}"].state == "missing"
    assert "--port" in found[f"Port {port}"].cure


def test_doctor_tells_a_database_that_does_not_answer(tmp_path: Path) -> None:
    settings = Settings(
        database_url=f"postgresql://nobody@/none?host={tmp_path}", data_dir=str(tmp_path), port=0
    )
    found = {diagnosis.what: diagnosis for diagnosis in examine(settings)}
    assert found["Postgres (DATABASE_URL)"].state == "missing"
    assert found["Postgres (DATABASE_URL)"].cure
