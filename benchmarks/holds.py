"""Durable operations through the whole server, beside an echo of the same frames."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final, Literal

import msgspec
import uvloop
from cyclopts import Parameter
from cyclopts.validators import Number

from benchmarks import venue
from benchmarks.live_load import LoadPlan, Phase, PhaseResult, share
from benchmarks.live_site import live_site
from benchmarks.process import temporary_folder
from benchmarks.report import finish, median, say
from gateway.demo.child import Child
from gateway.live import wire
from seatengine.chart.tiles import seat_spacing

_ANSWER_WITHIN_S: Final = 300.0
# The map on a laptop, zoomed to where seats are easily told apart.
_SCREEN_PX: Final = (1_280, 640)
_SEAT_PX: Final = 18


class HoldsResult(msgspec.Struct, frozen=True):
    """Medians over the rounds. `us_cpu_per_op` is the server's processor time from the first
    message to the last answer; `us_cpu_behind_per_op` what it spends later on the relational
    tables. `cost_vs_echo` is us_cpu_per_op to echo_us_cpu_per_op."""

    ops_per_s: int
    p50_ms: float
    p99_ms: float
    us_cpu_per_op: float
    echo_us_cpu_per_op: float
    cost_vs_echo: float
    us_cpu_behind_per_op: float
    echo_per_s: int
    frames_per_op: float


def holds(
    *,
    clients: Annotated[int, Parameter(validator=Number(gte=1, lte=5_000))] = 500,
    seats: Annotated[int, Parameter(validator=Number(gte=1_000, lte=120_000))] = venue.SEATS,
    seconds: Annotated[float, Parameter(validator=Number(gt=0, lte=600))] = 4.0,
    rounds: Annotated[int, Parameter(validator=Number(gte=1, lte=100))] = 5,
    json: bool = False,
) -> HoldsResult:
    """Durable holds and releases over websockets, beside an echo of the same frames.

    The clients are a closed loop in a process of their own: hold three seats, release them, again;
    every answer is of a commit. Every round measures that, waits until the server is quiet, and
    then measures as many pings of the same size on the same connections.

    Parameters
    ----------
    clients
        Websockets, each watching a screenful of seats around its own.
    seats
        Size of the venue; at least three for each client.
    seconds
        How long each half of a round takes.
    rounds
        How often everything is measured; a shorter one before them warms up.
    json
        Print the result as one JSON object on the last line.
    """
    with temporary_folder() as folder:
        rounds_found = uvloop.run(_measure(folder, clients, seats, seconds, rounds))
    done, echoed = zip(*rounds_found, strict=True)
    cpu_us, echo_us = (median([r.cpu_s / r.ops * 1e6 for r in half]) for half in (done, echoed))
    result = HoldsResult(
        ops_per_s=round(median([r.ops / r.seconds for r in done])),
        p50_ms=round(median([r.p50_ms for r in done]), 2),
        p99_ms=round(median([r.p99_ms for r in done]), 2),
        us_cpu_per_op=round(cpu_us, 2),
        echo_us_cpu_per_op=round(echo_us, 2),
        cost_vs_echo=round(cpu_us / echo_us, 2),
        us_cpu_behind_per_op=round(median([r.behind_s / r.ops * 1e6 for r in done]), 2),
        echo_per_s=round(median([r.ops / r.seconds for r in echoed])),
        frames_per_op=round(median([r.frames_heard / r.ops for r in done]), 2),
    )
    finish(result, json=json)
    return result


async def _measure(
    folder: Path, clients: int, seats: int, seconds: float, rounds: int
) -> list[tuple[PhaseResult, PhaseResult]]:
    async with live_site(folder) as site:
        say("Starting the server, and putting a stadium on sale")
        server, address = await site.start_server()
        try:
            event = await site.put_on_sale(address, seats)
            plan = LoadPlan(
                address, server.pid, event, site.tokens(clients), _looks(clients, seats), seats
            )
            load = await Child.start("benchmarks.live_load", plan, folder / "load.log")
            try:
                await _phase(load, "holds", seconds / 4)
                found = []
                for number in range(1, rounds + 1):
                    done = await _phase(load, "holds", seconds)
                    echoed = await _phase(load, "echo", seconds)
                    say(f"round {number} of {rounds}: {_line(done)}; echo {_line(echoed)}")
                    found.append((done, echoed))
                return found
            finally:
                await load.stop()
        finally:
            await server.stop()


def _looks(clients: int, seats: int) -> list[wire.Look]:
    """For each client a screen around its share of the places."""
    table = venue.table(seats)
    zoom = _SEAT_PX / seat_spacing(table)
    half_width, half_height = (px / zoom / 2 for px in _SCREEN_PX)
    looks = []
    for number in range(clients):
        begin, end = share(number, clients, seats)
        x, y = float(table.x[begin:end].mean()), float(table.y[begin:end].mean())
        looks.append(
            wire.Look(x - half_width, y - half_height, x + half_width, y + half_height, zoom)
        )
    return looks


async def _phase(load: Child, kind: Literal["holds", "echo"], seconds: float) -> PhaseResult:
    await load.say(Phase(kind, seconds))
    line = await load.line(_ANSWER_WITHIN_S)
    if not line:
        raise load.failed()
    return msgspec.json.decode(line, type=PhaseResult)


def _line(result: PhaseResult) -> str:
    return (
        f"{result.ops / result.seconds:,.0f}/s, p50 {result.p50_ms:.1f} ms, "
        f"p99 {result.p99_ms:.1f} ms, {result.cpu_s / result.ops * 1e6:.1f} us, "
        f"{result.frames_heard / result.ops:.2f} frames"
    )
