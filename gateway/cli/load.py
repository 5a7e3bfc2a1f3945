"""`seatengine load`: thousands of viewers on one event, a live screen, a report and an audit."""

from __future__ import annotations

import asyncio
import sys
from ipaddress import ip_address
from pathlib import Path
from random import SystemRandom
from typing import Annotated, Final, Literal
from urllib.parse import urlsplit

import msgspec
from cyclopts import Parameter
from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from gateway.client.api import ApiClient
from gateway.load.report import write_report
from gateway.load.run import Audience, LoadOrder, Moment, Outcome, run
from gateway.load.scenarios import SCENARIOS
from seatengine.errors import BadSettings
from seatengine.limits import (
    MAX_GENERATED_SEATS,
    MAX_LOAD_HOLDS_PER_S,
    MAX_LOAD_S,
    MAX_LOAD_VIEWERS,
    MIN_GENERATED_SEATS,
)

_PLAIN_EVERY_S: Final = 5

Name = Literal["browse", "pick", "herd", "onsale", "slow", "reconnect", "abandon", "mixed"]


def load(
    scenario: Name,
    /,
    *,
    viewers: int = 1_000,
    holds: float = 100.0,
    for_s: Annotated[float, Parameter(name="--for")] = 60.0,
    url: str = "",
    event: str = "",
    seats: int = 100_000,
    seed: int | None = None,
    report: Path | None = None,
    database_url: Annotated[str, Parameter(env_var="DATABASE_URL")] = "",
    allow_remote: bool = False,
    json: bool = False,
) -> int:
    """Send thousands of viewers to one event, watch how it does, and audit what they were told.

    Without --url it starts a server of its own on a fresh database with a generated stadium, and
    nothing stays but the report. Holds are made at a steady rate that waits for nobody, and their
    latency runs from the moment each was due. In the end every viewer's seats are compared with
    the engine's, and everything that was told with the database. Exits with 1 when that does not
    add up.

    Scenarios: browse, pick, herd (all want the same seats), onsale (the storm of a hot sale), slow
    (some stop reading), reconnect (everyone's connection breaks at once), abandon (forgotten
    baskets and hoarders), mixed.

    For example:

        seatengine load onsale --viewers 10000 --holds 1000 --for 60 --report load.html
        seatengine load herd --url http://127.0.0.1:8000 --event ev_4f1c9a

    Parameters
    ----------
    scenario
        What the viewers do.
    viewers
        How many there are, each with a websocket of its own.
    holds
        How many holds are made a second, of 1 to 6 seats.
    for_s
        How many seconds the storm takes; Ctrl-C ends it earlier, in order.
    url
        A server that runs already. It sells real places: use one for testing.
    event
        Which event there; not needed where only one is on sale.
    seats
        Size of the stadium on a server of the load's own.
    seed
        Makes the viewers' choices repeatable.
    report
        Where to write an HTML page with plots.
    database_url
        The database of the server at --url; without it nothing is audited there.
    allow_remote
        Let --url be another machine. Load only what is yours.
    json
        Print the result as one JSON object on the last line.
    """
    _check_range("--viewers", viewers, 1, MAX_LOAD_VIEWERS)
    _check_range("--holds", holds, 0, MAX_LOAD_HOLDS_PER_S)
    _check_range("--for", for_s, 1, MAX_LOAD_S)
    _check_range("--seats", seats, MIN_GENERATED_SEATS, MAX_GENERATED_SEATS)
    if event and not url:
        raise BadSettings("--event needs --url: a server of the load's own has one event")
    if url:
        _check_target(url, allow_remote)
        event = event or _only_event(url)
    order = LoadOrder(
        scenario=SCENARIOS[scenario],
        viewers=viewers,
        holds_per_s=holds,
        seconds=for_s,
        seed=SystemRandom().randrange(1 << 30) if seed is None else seed,
        seats=seats,
        url=url.rstrip("/"),
        event=event,
        database_url=database_url if url else "",
    )
    screen = _Screen(Console(highlight=False, stderr=json), order)
    with screen:
        outcome = asyncio.run(run(order, screen.audience()))
    _print_outcome(screen.console, outcome)
    if report is not None:
        write_report(outcome, report)
        screen.console.print(f"Report: {report}", soft_wrap=True)
    if json:
        print(msgspec.json.encode(summary(outcome)).decode())
    verdict = outcome.verdict
    wrong = outcome.result.diverged + (verdict.lost + verdict.double_sold if verdict else 0)
    return 1 if wrong else 0


def summary(outcome: Outcome) -> dict[str, object]:
    """The outcome as its one JSON object; `lost` and `double_sold` are null without an audit."""
    verdict = outcome.verdict
    return {
        "scenario": outcome.order.scenario.name,
        **msgspec.structs.asdict(outcome.result),
        "server_cpu": outcome.server_cpu,
        "rss_mb": outcome.rss_mb,
        "lost": verdict.lost if verdict else None,
        "double_sold": verdict.double_sold if verdict else None,
    }


def _check_range(name: str, value: float, least: float, most: float) -> None:
    if not least <= value <= most:
        raise BadSettings(f"{name} must be {least:g} to {most:g}, not {value:g}")


def _check_target(url: str, allow_remote: bool) -> None:
    """Raises BadSettings where `url` cannot be loaded, or is another machine by mistake."""
    parts = urlsplit(url)
    if parts.scheme != "http" or not parts.hostname:
        raise BadSettings(f"--url must look like http://127.0.0.1:8000, not {url!r}")
    try:
        loopback = parts.hostname == "localhost" or ip_address(parts.hostname).is_loopback
    except ValueError:
        loopback = False
    if not loopback and not allow_remote:
        raise BadSettings(
            f"{parts.hostname} is not this machine. A load can take a server down: "
            "add --allow-remote if it is yours to test"
        )


class _EventInfo(msgspec.Struct):
    id: str
    name: str


class _Events(msgspec.Struct):
    events: list[_EventInfo]


def _only_event(url: str) -> str:
    """The one event on sale there. Raises BadSettings where there is none or a choice."""
    api = ApiClient(url)
    events = api.get("/api/v1/events", _Events).events
    api.close()
    if len(events) == 1:
        return events[0].id
    if not events:
        raise BadSettings(f"nothing is on sale at {url}; create an event first")
    listed = ", ".join(f"{event.id} ({event.name})" for event in events[:10])
    raise BadSettings(f"say which event with --event: {listed}")


class _Screen:
    """A table that keeps itself up to date in a terminal, a line now and then elsewhere."""

    def __init__(self, console: Console, order: LoadOrder) -> None:
        self.console = console
        self._order = order
        self._live: Live | None = None
        self._seconds = 0

    def __enter__(self) -> _Screen:
        return self

    def __exit__(self, *_: object) -> None:
        self._end_table()

    def audience(self) -> Audience:
        return Audience(self._say, self._moment)

    def _say(self, sentence: str) -> None:
        self._end_table()
        self.console.print(f"[dim]·[/dim] {sentence}", soft_wrap=True)

    def _moment(self, moment: Moment) -> None:
        self._seconds += 1
        if self.console.is_terminal:
            if self._live is None:
                self._live = Live(console=self.console, auto_refresh=False)
                self._live.start()
            self._live.update(_table(moment, self._order), refresh=True)
        elif self._seconds % _PLAIN_EVERY_S == 0:
            self.console.print(_words(moment), soft_wrap=True)

    def _end_table(self) -> None:
        if self._live is not None:
            self._live.stop()
            self._live = None


def _table(moment: Moment, order: LoadOrder) -> Group:
    load, server = moment.load, moment.server
    rows = (
        ("viewers", f"{load.connected:,}", f"of {order.viewers:,}, {load.near:,} at seats"),
        ("holds/s", f"{load.holds:,}", f"{load.refused:,} refused, {load.skipped:,} skipped"),
        ("hold", f"{load.hold_p50_ms:g} ms", f"p99 {load.hold_p99_ms:g} ms"),
        ("seen", f"{load.seen_p50_ms:g} ms", f"p99 {load.seen_p99_ms:g} ms"),
        ("seen far out", f"{load.seen_far_p50_ms:g} ms", f"p99 {load.seen_far_p99_ms:g} ms"),
        ("told", f"{load.bytes / 1e6:.2f} MB/s", f"{load.frames:,} frames/s"),
        ("errors", f"{load.errors:,}", f"{load.lost_connections:,} connections lost"),
        (
            "server",
            _figure(server.cpu, "{:.2f} CPU"),
            f"{_figure(server.rss_mb, '{:,.0f} MB')}, "
            f"loop lag p99 {_figure(server.loop_lag_p99_ms, '{:.1f} ms')}",
        ),
        ("this process", f"{load.cpu:.2f} CPU", f"worst lag {load.lag_ms:g} ms"),
    )
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(style="dim")
    table.add_column(justify="right", min_width=12, style="bold")
    table.add_column()
    for row in rows:
        table.add_row(*row)
    title = f"{order.scenario.name}: {load.phase}, {load.at_s:.0f} s"
    return Group(Text(title, style="bold"), table)


def _words(moment: Moment) -> str:
    load, server = moment.load, moment.server
    return (
        f"{load.at_s:4.0f} s {load.phase} · {load.connected:,} viewers · {load.holds:,} holds/s"
        f" · hold p50 {load.hold_p50_ms:g} p99 {load.hold_p99_ms:g} ms"
        f" · seen p50 {load.seen_p50_ms:g} p99 {load.seen_p99_ms:g} ms"
        f" · {load.bytes / 1e6:.2f} MB/s · {load.errors} errors"
        f" · server {_figure(server.cpu, '{:.2f} CPU')}, {_figure(server.rss_mb, '{:,.0f} MB')},"
        f" loop lag p99 {_figure(server.loop_lag_p99_ms, '{:.1f} ms')}"
    )


def _figure(value: float | None, form: str) -> str:
    return "not told" if value is None else form.format(value)


def _print_outcome(console: Console, outcome: Outcome) -> None:
    told, verdict = outcome.result, outcome.verdict
    console.print(
        f"{told.holds:,} holds in {told.seconds:g} s, p50 {told.hold_p50_ms:g} ms, "
        f"p99 {told.hold_p99_ms:g} ms · seen p50 {told.seen_p50_ms:g} ms, "
        f"p99 {told.seen_p99_ms:g} ms · {told.bytes / 1e6:,.1f} MB told in {told.frames:,} frames",
        soft_wrap=True,
    )
    for finding in (*told.findings, *(verdict.findings if verdict else ())):
        print(f"MISTAKE {finding}", file=sys.stderr)
    if told.errors:
        errors = ", ".join(f"{why} ({count})" for why, count in told.errors.items())
        console.print(f"[yellow]Errors:[/yellow] {errors}", soft_wrap=True)
    seats = f"{told.compared:,} viewers compared, {told.diverged:,} of them differ from the engine"
    if verdict is None:
        console.print(
            f"{seats}. Nothing was audited: that needs the server's database (--database-url).",
            soft_wrap=True,
        )
    elif told.diverged or verdict.lost or verdict.double_sold:
        console.print(
            f"[red]This does not add up:[/red] {seats}; {verdict.double_sold} places sold twice, "
            f"{verdict.lost} things lost.",
            soft_wrap=True,
        )
    else:
        console.print(
            f"[green]Everything adds up:[/green] {seats}; nothing sold twice, nothing lost.",
            soft_wrap=True,
        )
