"""What `seatengine top` shows: the last figures, and their last minute as little curves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Final

from rich.console import Group, RenderableType
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from gateway.metrics_reading import Figures
from seatengine.limits import TOP_HISTORY_S

_BLOCKS: Final = "▁▂▃▄▅▆▇█"
_LABEL_WIDTH: Final = 9
_FIGURES_WIDTH: Final = 43
_CURVE_WIDTH: Final = 24
_CURVE_MIN: Final = 10
_PADDING: Final = 4

# Close codes of viewers who left by themselves.
_WENT: Final = ("going-away",)

_GOOD, _ODD, _BAD, _QUIET = "bold", "bold yellow", "bold red", "dim"

_Curve = Callable[[Figures], float]


def screen(history: Sequence[Figures], site: str, trouble: str, width: int) -> RenderableType:
    """All of it in `width` columns and 24 lines. `history` has one Figures a second, oldest first;
    `trouble` is what keeps the last of them from being new, "" if nothing."""
    if not history:
        return Group(
            _head(site, ""),
            Rule(style=_QUIET),
            Text(trouble or "Reading ...", _QUIET, no_wrap=True, overflow="ellipsis"),
        )
    now = history[-1]
    up = timedelta(seconds=int(now.up_s))
    # What a wider terminal has to spare goes to both columns alike.
    spare = width - _LABEL_WIDTH - _FIGURES_WIDTH - _CURVE_WIDTH - _PADDING
    curve_width = max(_CURVE_MIN, min(TOP_HISTORY_S, _CURVE_WIDTH + spare // 2))
    table = Table.grid(padding=(0, 1))
    table.add_column(width=_LABEL_WIDTH, style=_QUIET, no_wrap=True)
    table.add_column(
        width=width - _LABEL_WIDTH - curve_width - _PADDING, no_wrap=True, overflow="ellipsis"
    )
    table.add_column(width=curve_width, no_wrap=True, style="cyan")
    for row in _rows(now):
        if row is None:
            table.add_row()
        else:
            label, figures, curve = row
            drawn = "" if curve is None else sparkline([curve(f) for f in history], curve_width)
            table.add_row(label, figures, drawn)
    foot = (
        Text(trouble, _BAD, no_wrap=True, overflow="ellipsis")
        if trouble
        else Text("the last minute at the right · Ctrl-C ends", _QUIET)
    )
    return Group(_head(site, f"up {up} · {_events(now)}"), Rule(style=_QUIET), table, foot)


def sparkline(values: Sequence[float], width: int, span: int = TOP_HISTORY_S) -> str:
    """The last `span` values as a curve of at most `width` characters, the newest at the right.
    Where several values share a character, it shows the largest; the top is the largest of all."""
    each = max(1, -(-span // width))
    shown = values[-each * width :][-span:]
    # Counted from the right, so that a value stays with its neighbours as the curve moves.
    groups = [shown[max(0, end - each) : end] for end in range(len(shown), 0, -each)]
    peaks = [max(group) for group in reversed(groups)]
    top = max(peaks, default=0.0)
    if top <= 0:
        return ""
    curve = "".join(
        " " if peak <= 0 else _BLOCKS[min(len(_BLOCKS) - 1, int(peak / top * len(_BLOCKS)))]
        for peak in peaks
    )
    return curve.rjust(width)


_Row = tuple[str, Text, _Curve | None]


def _rows(now: Figures) -> list[_Row | None]:
    return [*_viewers(now), None, *_sale(now), None, *_process(now), None, *_store(now)]


def _viewers(now: Figures) -> list[_Row]:
    watching = Text.assemble(
        _figure(now.viewers_near),
        " near  ",
        _figure(now.viewers_far),
        " far  ",
        (f"{now.connections:,} open", _QUIET),
    )
    doors = Text.assemble(_figure(now.opened_per_s), "/s come")
    if now.connections_waiting:
        doors.append(f"  {now.connections_waiting:,} wait", _ODD)
    sent_away = {name: rate for name, rate in now.closed_per_s.items() if name not in _WENT}
    for reason, rate in _largest(sent_away | now.handshakes_refused_per_s, 2):
        doors.append(f"  {reason} {_short(rate)}", _ODD)
    ticks = f"ticks {_short(now.ticks_per_s)}/s near  {_short(now.far_ticks_per_s)}/s far"
    spared = now.deltas_dropped_per_s
    slow = Text.assemble(
        _figure(now.slow_readers, _ODD if now.slow_readers else _GOOD),
        f" readers  {_short(now.outbox_mb)} MB  ",
        _figure(spared, _ODD if spared else _GOOD),
        "/s lost  ",
        _figure(now.resyncs_per_s),
        "/s afresh",
    )
    return [
        ("viewers", watching, lambda f: f.viewers_near + f.viewers_far),
        ("door", doors, lambda f: f.opened_per_s),
        (
            "frames",
            Text.assemble(_figure(now.frames_per_s), "/s  ", (ticks, _QUIET)),
            lambda f: f.frames_per_s,
        ),
        (
            "bytes",
            Text.assemble(
                _figure(now.mb_per_s), " MB/s  ", (f"looks {_short(now.looks_per_s)}/s", _QUIET)
            ),
            lambda f: f.mb_per_s,
        ),
        ("slow", slow, lambda f: f.deltas_dropped_per_s),
    ]


def _sale(now: Figures) -> list[_Row]:
    refused = sum(now.refusals_per_s.values())
    codes = [f"{code} {_short(rate)}" for code, rate in _largest(now.refusals_per_s, 3)]
    commands = Text.assemble(_figure(now.commands_per_s), "/s")
    if now.commands_waiting:
        commands.append(f"  {now.commands_waiting:,} wait for recovery", _BAD)
    return [
        ("commands", commands, lambda f: f.commands_per_s),
        ("holds", Text.assemble(_figure(now.holds_per_s), "/s"), lambda f: f.holds_per_s),
        ("bookings", Text.assemble(_figure(now.bookings_per_s), "/s"), lambda f: f.bookings_per_s),
        (
            "refusals",
            Text.assemble(_figure(refused), "/s  ", ("".join(codes[:1]), _QUIET)),
            lambda f: sum(f.refusals_per_s.values()),
        ),
        ("", Text("  ".join(codes[1:]), _QUIET), None),
    ]


def _process(now: Figures) -> list[_Row]:
    lag = Text.assemble(
        "p50 ",
        _ms(now.loop_lag_p50_ms, 20, 100),
        "  p99 ",
        _ms(now.loop_lag_p99_ms, 50, 250),
        "  worst ",
        _ms(now.loop_lag_worst_ms, 100, 500),
        " ms",
    )
    collector = Text.assemble(
        _ms(now.gc_pause_ms_per_s, 10, 50),
        " ms/s  ",
        (f"{_short(now.gc_collections_per_s)}/s  p99 ", _QUIET),
        _ms(now.gc_pause_p99_ms, 20, 100),
        (" ms", _QUIET),
    )
    processor = Text.assemble(
        _graded(now.cpu_percent, 80, 95, f"{now.cpu_percent:.0f}"), " %  waits for one "
    )
    processor.append(*_graded(now.cpu_wait_percent, 10, 50, f"{now.cpu_wait_percent:.0f}"))
    processor.append(" %")
    return [
        ("loop lag", lag, lambda f: f.loop_lag_p99_ms or 0.0),
        ("gc", collector, lambda f: f.gc_pause_ms_per_s),
        ("cpu", processor, lambda f: f.cpu_percent),
        ("memory", Text.assemble(_figure(now.resident_mb), " MB"), lambda f: f.resident_mb),
    ]


def _store(now: Figures) -> list[_Row]:
    each = now.entries_per_s / now.commits_per_s if now.commits_per_s else 0.0
    commits = Text.assemble(
        "p50 ",
        _ms(now.commit_p50_ms, 10, 50),
        "  p99 ",
        _ms(now.commit_p99_ms, 50, 250),
        " ms  ",
        (f"{_short(now.commits_per_s)}/s of {_short(each)}", _QUIET),
    )
    if now.commits_failed:
        commits.append(f"  {now.commits_failed:,} failed", _BAD)
    journal = Text.assemble(
        _figure(now.journal_lag_entries),
        " undurable for ",
        _ms(now.journal_lag_ms, 100, 1_000),
        " ms",
    )
    reports = Text.assemble(_figure(now.follower_behind_entries), " entries behind  ")
    reports.append(f"{now.snapshots:,} snapshots", _QUIET)
    if now.snapshots_failed:
        reports.append(f"  {now.snapshots_failed:,} failed", _BAD)
    return [
        ("commits", commits, lambda f: f.commit_p99_ms or 0.0),
        ("journal", journal, lambda f: f.journal_lag_entries),
        ("reports", reports, lambda f: f.follower_behind_entries),
    ]


def _head(site: str, about: str) -> RenderableType:
    line = Table.grid(expand=True)
    line.add_column(no_wrap=True, overflow="ellipsis")
    line.add_column(justify="right", no_wrap=True)
    line.add_row(Text.assemble(("Seat Engine ", "bold"), (site, _QUIET)), Text(about, _QUIET))
    return line


def _events(now: Figures) -> str:
    parts = [f"{now.events_serving:,} event{'' if now.events_serving == 1 else 's'}"]
    if now.events_recovering:
        parts.append(f"{now.events_recovering:,} recovering")
    if now.events_fenced:
        parts.append(f"{now.events_fenced:,} taken over")
    return ", ".join(parts)


def _largest(rates: dict[str, float], most: int) -> list[tuple[str, float]]:
    return sorted(rates.items(), key=lambda item: (-item[1], item[0]))[:most]


def _short(value: float) -> str:
    """Three digits or what it takes: 0, 0.04, 7.3, 812, 41,022."""
    if value == 0 or value >= 100:
        return f"{value:,.0f}"
    return f"{value:.2g}" if value < 1 else f"{value:.1f}".removesuffix(".0")


def _figure(value: float, style: str = _GOOD) -> tuple[str, str]:
    return _short(value), style


def _ms(value: float | None, odd: float, bad: float) -> tuple[str, str]:
    if value is None:
        return "-", _QUIET
    return _graded(value, odd, bad, _short(value))


def _graded(value: float, odd: float, bad: float, text: str) -> tuple[str, str]:
    return text, _BAD if value >= bad else _ODD if value >= odd else _GOOD
