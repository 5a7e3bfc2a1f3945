"""The screen of `seatengine top`: it fits a terminal, and says what matters."""

from __future__ import annotations

import io

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from gateway.cli.top_screen import screen, sparkline
from gateway.metrics_reading import Figures, Reading, between
from seatengine.limits import TOP_HISTORY_S

SITE = "http://127.0.0.1:8000"


def quiet(**changes: object) -> Figures:
    """A server on which nothing happens, but for `changes`."""
    readings = [
        Reading({"start_time_seconds": {"": 7.0}, "up_seconds": {"": at}}, {})
        for at in (60.0, 61.0)
    ]
    found = between(*readings)
    assert found is not None
    return msgspec.structs.replace(found, **changes)


def busy() -> Figures:
    """A server on which everything happens at once."""
    return quiet(
        up_s=123_456.7,
        events_serving=12_345,
        events_recovering=17,
        events_fenced=3,
        viewers_near=19_999,
        viewers_far=19_999,
        connections=20_000,
        connections_waiting=4_000,
        opened_per_s=5_000.0,
        closed_per_s={"going-away": 5_000.0, "too-slow": 123.4, "come-back": 99.9},
        handshakes_refused_per_s={"address": 1_000.0},
        commands_per_s=123_456.7,
        holds_per_s=100_000.0,
        bookings_per_s=10_000.0,
        refusals_per_s={"places-taken": 9_999.9, "overloaded": 888.8, "unavailable": 77.7},
        entries_per_s=110_000.0,
        ticks_per_s=1_000.0,
        far_ticks_per_s=1_000.0,
        frames_per_s=1_234_567.8,
        mb_per_s=987.6,
        deltas_dropped_per_s=12_345.6,
        resyncs_per_s=1_234.5,
        slow_readers=20,
        outbox_mb=96.0,
        loop_lag_p50_ms=123.4,
        loop_lag_p99_ms=5_000.0,
        loop_lag_worst_ms=5_000.0,
        commits_per_s=2_000.0,
        commit_p50_ms=123.4,
        commit_p99_ms=5_000.0,
        commits_failed=17,
        journal_lag_entries=50_000,
        journal_lag_ms=4_000.0,
        commands_waiting=20_000,
        follower_behind_entries=1_234_567,
        snapshots=1_234,
        snapshots_failed=5,
        gc_collections_per_s=12.3,
        gc_pause_ms_per_s=123.4,
        gc_pause_p99_ms=1_000.0,
        cpu_percent=100.0,
        cpu_wait_percent=40.0,
        resident_mb=12_345.6,
    )


def drawn(history: list[Figures], *, width: int = 80, trouble: str = "") -> list[str]:
    console = Console(file=io.StringIO(), width=width, record=True)
    console.print(screen(history, SITE, trouble, width))
    return console.export_text().splitlines()


@pytest.mark.parametrize("width", [80, 100, 132, 200])
@pytest.mark.parametrize("count", [1, TOP_HISTORY_S])
@pytest.mark.parametrize("make", [quiet, busy])
def test_it_fits_a_terminal(make: object, count: int, width: int) -> None:
    assert callable(make)
    lines = drawn([make()] * count, width=width)
    assert len(lines) <= 24
    assert max(map(len, lines)) <= width


def test_the_figures_are_there() -> None:
    text = "\n".join(drawn([busy()], width=132))
    for words in (
        SITE,
        "up 1 day, 10:17:36",
        "12,345 events, 17 recovering, 3 taken over",
        "19,999 near",
        "5,000/s come  4,000 wait  address 1,000  too-slow 123",
        "1,234,568/s",
        "988 MB/s",
        "20 readers  96 MB  12,346/s lost  1,234/s afresh",
        "20,000 wait for recovery",
        "places-taken 10,000",
        "overloaded 889  unavailable 77.7",
        "p50 123  p99 5,000  worst 5,000 ms",
        "17 failed",
        "50,000 undurable for 4,000 ms",
        "1,234,567 entries behind",
        "5 failed",
        "100 %  waits for one 40 %",
        "12,346 MB",
    ):
        assert words in text


def test_what_was_not_measured_is_a_dash() -> None:
    assert any("p50 -  p99 -  worst 0 ms" in line for line in drawn([quiet()]))


def test_a_lag_that_is_felt_stands_out() -> None:
    def styled(figures: Figures) -> str:
        console = Console(
            file=io.StringIO(), width=80, force_terminal=True, color_system="standard"
        )
        with console.capture() as capture:
            console.print(screen([figures], SITE, "", 80))
        return next(line for line in capture.get().splitlines() if "loop lag" in line)

    red = "\x1b[1;31m"
    assert red not in styled(quiet(loop_lag_p99_ms=3.0))
    assert f"{red}900" in styled(quiet(loop_lag_p99_ms=900.0))


def test_trouble_is_said_and_the_last_figures_stay() -> None:
    lines = drawn([busy()], trouble=f"{SITE} does not answer")
    assert f"{SITE} does not answer" in lines[-1]
    assert any("19,999 near" in line for line in lines)
    assert drawn([], trouble="gone")[-1] == "gone"
    assert len(drawn([busy()], trouble="it went away " * 40)) == len(drawn([busy()]))


def test_a_curve_rises_with_its_values() -> None:
    assert sparkline([0, 1, 2, 3, 4, 5, 6, 7], 8, 8) == " ▂▃▄▅▆▇█"
    assert sparkline([0, 0, 0], 8, 8) == ""
    assert sparkline([], 8, 8) == ""


def test_several_seconds_in_a_character_show_the_largest() -> None:
    assert sparkline([1, 8, 1, 1, 4, 1], 3, 6) == "█▂▅"
    # A value stays with its neighbours when a new one comes.
    assert sparkline([8, 1, 1, 4, 1], 3, 6) == "█▂▅"


@given(
    st.lists(st.floats(0, 1e9), max_size=2 * TOP_HISTORY_S),
    st.integers(10, TOP_HISTORY_S),
)
def test_a_curve_is_as_wide_as_it_may_be(values: list[float], width: int) -> None:
    curve = sparkline(values, width)
    assert len(curve) in (0, width)
    assert bool(curve) == any(value > 0 for value in values[-TOP_HISTORY_S:])
