"""What level of detail, tiles and ticks buy: a storm told as we do, and as JSON to everyone.

Both sides run at the same size, one after the other, on the same engine, journal and connections:
the plain side (benchmarks/naive_server.py) tells every viewer of every hold, release and booking
in a JSON message of its own. The size is smaller than that of `onsale`, because messages there grow
with viewers times changes. What is kept from the plain side: it names seats by number, and one
message tells all seats of a hold.
"""

from __future__ import annotations

from typing import Annotated

import msgspec
import uvloop
from cyclopts import Parameter
from cyclopts.validators import Number

from benchmarks import venue
from benchmarks.onsale import audience
from benchmarks.report import finish, say
from gateway.load.run import LoadOrder, Outcome, run
from gateway.load.scenarios import SCENARIOS

_NEVER_S = 1e6


class NaiveResult(msgspec.Struct, frozen=True):
    """`bytes_ratio` and `cpu_ratio`: the plain design's bytes told and server processor time, per
    viewer and second, to ours; where a side did not keep up with the rate, as if it had. CPU is in
    processors and has in it what the holds themselves cost, which is the same on both sides."""

    viewers: int
    holds_per_s: float
    naive_holds_per_s: float
    bytes_ratio: float
    cpu_ratio: float
    ours_bytes_per_viewer_s: float
    naive_bytes_per_viewer_s: float
    ours_cpu: float
    naive_cpu: float
    ours_frames_per_viewer_s: float
    naive_frames_per_viewer_s: float
    ours_hold_p99_ms: float
    naive_hold_p99_ms: float


def naive(
    *,
    viewers: Annotated[int, Parameter(validator=Number(gte=4, lte=20_000))] = 500,
    holds: Annotated[float, Parameter(validator=Number(gt=0, lte=20_000))] = 60,
    seconds: Annotated[float, Parameter(validator=Number(gt=0, lte=3_600))] = 20.0,
    seats: Annotated[int, Parameter(validator=Number(gte=1_000, lte=120_000))] = venue.SEATS,
    seed: int = 1,
    json: bool = False,
) -> NaiveResult:
    """A storm told by tiles and zones, then the same told as JSON to everyone.

    Parameters
    ----------
    viewers
        Websockets, all in one process.
    holds
        How many are made a second.
    seconds
        How long the storm takes on each side.
    seats
        Size of the stadium.
    seed
        Makes the viewers' choices repeatable.
    json
        Print the result as one JSON object on the last line.
    """
    onsale = SCENARIOS["onsale"]
    ours = LoadOrder(
        scenario=onsale,
        viewers=viewers,
        holds_per_s=holds,
        seconds=seconds,
        seed=seed,
        seats=seats,
    )
    # Whoever is told of everything has no use for saying what it looks at.
    plain = msgspec.structs.replace(
        ours,
        scenario=msgspec.structs.replace(onsale, move_s=(_NEVER_S, _NEVER_S)),
        server_module="benchmarks.naive_server",
        compares=False,
    )
    say(f"Tiles and zones: {viewers:,} viewers, {holds:g} holds/s")
    told = uvloop.run(run(ours, audience()))
    say("JSON to everyone")
    shouted = uvloop.run(run(plain, audience()))
    pace = _holds(told) / _holds(shouted)
    result = NaiveResult(
        viewers=viewers,
        holds_per_s=round(_holds(told), 1),
        naive_holds_per_s=round(_holds(shouted), 1),
        bytes_ratio=round(_bytes(shouted) / _bytes(told) * pace, 2),
        cpu_ratio=round((shouted.server_cpu or 0.0) / max(told.server_cpu or 0.0, 1e-9) * pace, 2),
        ours_bytes_per_viewer_s=round(_bytes(told), 1),
        naive_bytes_per_viewer_s=round(_bytes(shouted), 1),
        ours_cpu=told.server_cpu or 0.0,
        naive_cpu=shouted.server_cpu or 0.0,
        ours_frames_per_viewer_s=round(_frames(told), 2),
        naive_frames_per_viewer_s=round(_frames(shouted), 2),
        ours_hold_p99_ms=told.result.hold_p99_ms,
        naive_hold_p99_ms=shouted.result.hold_p99_ms,
    )
    finish(result, json=json)
    return result


def _bytes(outcome: Outcome) -> float:
    """Told a viewer and second."""
    told = outcome.result
    return told.bytes / told.viewers / told.seconds


def _holds(outcome: Outcome) -> float:
    """Made a second, while the storm lasted."""
    return max(outcome.result.storm_holds, 1) / outcome.result.seconds


def _frames(outcome: Outcome) -> float:
    told = outcome.result
    return told.frames / told.viewers / told.seconds
