"""`seatengine demo`: what a newcomer sees first."""

from __future__ import annotations

import asyncio
import sys
from random import SystemRandom
from typing import Annotated, Final

import msgspec
from cyclopts import Parameter
from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from gateway.cli.options import ServerOptions
from gateway.demo.crowd import Progress
from gateway.demo.run import Audience, DemoPlan, Outcome, run
from gateway.demo.sample_shows import SHOWS, SampleShow, ShowOnSale
from seatengine.errors import BadSettings
from seatengine.limits import MAX_DEMO_BOTS, MIN_GENERATED_SEATS

_PLAIN_EVERY_S: Final = 5
_ALL_BOTS: Final = sum(show.bots for show in SHOWS)


def demo(
    *,
    for_s: Annotated[float | None, Parameter(name="--for")] = None,
    bots: int = _ALL_BOTS,
    size: float = 1.0,
    pace: float = 1.0,
    seed: int | None = None,
    server: ServerOptions | None = None,
) -> int:
    """Put three sample venues on sale and send a crowd of bots to them.

    A theatre, an arena and a stadium, in a server of its own; the bots choose, hold, change their
    minds, pay at the venue, crash and come back, all through the real protocol. Open the address
    it prints and pick seats among them. It runs until Ctrl-C, then compares everything that the
    bots were told with the database. Exits with 1 when that does not add up.

    For example:

        seatengine demo
        seatengine demo --for 20 --port 8123

    Parameters
    ----------
    for_s
        Stop by itself after this many seconds of sale; the last line is then the audit as JSON.
    bots
        How many bots there are, over the three shows.
    size
        Scales the venues: 0.1 makes them ten times smaller. Takes effect on the first run only.
    pace
        Stretches the time that bots take to think: 0.1 makes them hectic.
    seed
        Makes the bots' choices repeatable.
    """
    if for_s is not None and for_s <= 0:
        raise BadSettings(f"--for {for_s:g} is no time to sell in; give seconds above 0")
    if not 3 <= bots <= MAX_DEMO_BOTS:
        raise BadSettings(f"--bots must be 3 to {MAX_DEMO_BOTS}, not {bots}")
    if not 0.01 <= size <= 2:
        raise BadSettings(f"--size must be 0.01 to 2, not {size:g}")
    if not 0.01 <= pace <= 100:
        raise BadSettings(f"--pace must be 0.01 to 100, not {pace:g}")
    settings = (server or ServerOptions()).settings()
    plan = DemoPlan(
        shows=tuple(_scaled(show, bots / _ALL_BOTS, size) for show in SHOWS),
        for_s=for_s,
        seed=SystemRandom().randrange(1 << 30) if seed is None else seed,
        pace=pace,
    )
    screen = _Screen(Console(highlight=False), for_s)
    with screen:
        outcome = asyncio.run(run(settings, plan, screen.audience()))
    _print_outcome(screen.console, outcome)
    if for_s is not None:
        print(msgspec.json.encode(outcome.summary).decode())
    return 1 if outcome.summary.double_sold or outcome.summary.lost else 0


def _scaled(show: SampleShow, bots: float, size: float) -> SampleShow:
    return msgspec.structs.replace(
        show,
        bots=max(1, round(show.bots * bots)),
        seats=max(MIN_GENERATED_SEATS, round(show.seats * size)),
    )


class _Screen:
    """A table that keeps itself up to date in a terminal, a line now and then elsewhere."""

    def __init__(self, console: Console, for_s: float | None) -> None:
        self.console = console
        self._for_s = for_s
        self._address = ""
        self._shows: list[ShowOnSale] = []
        self._seconds = 0
        self._live: Live | None = None

    def __enter__(self) -> _Screen:
        return self

    def __exit__(self, *_: object) -> None:
        self._end_table()

    def audience(self) -> Audience:
        return Audience(self._say, self._on_sale, self._progress)

    def _say(self, sentence: str) -> None:
        self._end_table()
        self.console.print(f"[dim]·[/dim] {sentence}")

    def _on_sale(self, address: str, shows: list[ShowOnSale]) -> None:
        self._address, self._shows = address, shows
        self.console.print()
        self.console.print(f"[bold]Open[/bold] {address}/  and pick seats among the bots:")
        for show in shows:
            places = f"{show.places:,} places"
            self.console.print(
                f"  {address}/e/{show.event}  {show.venue}, {places}", soft_wrap=True
            )
        until = "Ctrl-C stops" if self._for_s is None else f"stops after {self._for_s:g} s of sale"
        self.console.print(f"[dim]API {address}/api/v1 · {until}[/dim]\n", soft_wrap=True)
        if self.console.is_terminal:
            self._live = Live(console=self.console, auto_refresh=False)
            self._live.start()

    def _progress(self, progress: Progress) -> None:
        self._seconds += 1
        if self._live is not None:
            self._live.update(self._table(progress), refresh=True)
        elif self._seconds % _PLAIN_EVERY_S == 1:
            self.console.print(_words(progress), soft_wrap=True)

    def _table(self, progress: Progress) -> Group:
        table = Table(box=None, pad_edge=False, header_style="dim")
        table.add_column("venue")
        for heading in ("bots", "free", "held", "sold"):
            table.add_column(heading, justify="right", min_width=6)
        table.add_column("")
        for show, now in zip(self._shows, progress.shows, strict=False):
            sold = now.booked / max(1, show.places)
            bar = Text("█" * round(sold * 24), style="green")
            bar.append("█" * max(0, round(now.held / max(1, show.places) * 24)), style="yellow")
            counts = (now.watching, now.free, now.held, now.booked)
            table.add_row(show.venue, *(f"{count:,}" for count in counts), bar)
        return Group(table, Text(_words(progress), style="dim"))

    def _end_table(self) -> None:
        if self._live is not None:
            self._live.stop()
            self._live = None


def _words(progress: Progress) -> str:
    return (
        f"{progress.holds:,} holds · {progress.refused:,} refused · {progress.bookings:,} bookings"
        f" · {progress.cancelled:,} cancelled · {progress.returns:,} came back after a crash"
        f" · answers p50 {progress.p50_ms:g} ms, p99 {progress.p99_ms:g} ms"
    )


def _print_outcome(console: Console, outcome: Outcome) -> None:
    for finding in outcome.verdict.findings:
        print(f"MISTAKE {finding}", file=sys.stderr)
    summary = outcome.summary
    if not summary.double_sold and not summary.lost:
        console.print("[green]Everything adds up:[/green] nothing sold twice, nothing lost.")
    else:
        console.print(
            f"[red]This does not add up:[/red] {summary.double_sold} places sold twice, "
            f"{summary.lost} things lost."
        )
