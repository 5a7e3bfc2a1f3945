"""A hot sale on one machine: 10,000 viewers, 1,000 holds a second, the load beside the server.

`ideal_bytes_ratio` is what sampled viewers near by were sent about seats, to what exactly the
places inside their viewports would have taken in the same forms: each place's status once when it
comes into view, then its changes (gateway/load/ideal.py). What is over 1 is the rest of tiles that
a viewport cuts, tiles sent ahead, and Watching.
"""

from __future__ import annotations

from typing import Annotated

import msgspec
import uvloop
from cyclopts import Parameter
from cyclopts.validators import Number

from benchmarks import venue
from benchmarks.report import finish, say
from gateway.load.plan import LoadResult
from gateway.load.run import Audience, LoadOrder, Moment, Outcome, run
from gateway.load.scenarios import SCENARIOS

_SAY_EVERY_S = 5


class OnsaleResult(msgspec.Struct, frozen=True):
    """Latencies of holds run from the moment they were due, of sights from the acknowledgement of
    a hold to its change at a viewer whose tile has the seat (`seen_far`: whose zone has it).
    `bytes_per_viewer_s` is over all viewers, `near_` and `far_` over those. `server_cpu` is in
    processors. `lost` counts what viewers were told and the database does not bear out,
    `diverged` those of the `compared` viewers whose seats, zones or totals differ from the
    engine's at the end."""

    viewers: int
    holds_per_s: float
    hold_p50_ms: float
    hold_p99_ms: float
    seen_p50_ms: float
    seen_p99_ms: float
    seen_far_p50_ms: float
    seen_far_p99_ms: float
    bytes_per_viewer_s: float
    near_bytes_per_viewer_s: float
    far_bytes_per_viewer_s: float
    ideal_bytes_ratio: float
    server_cpu: float
    rss_mb: float
    driver_cpu: float
    driver_lag_p99_ms: float
    holds: int
    refused: int
    lost: int
    double_sold: int
    compared: int
    diverged: int


def onsale(
    *,
    viewers: Annotated[int, Parameter(validator=Number(gte=4, lte=20_000))] = 10_000,
    holds: Annotated[float, Parameter(validator=Number(gt=0, lte=20_000))] = 1_000,
    seconds: Annotated[float, Parameter(validator=Number(gt=0, lte=3_600))] = 60.0,
    seats: Annotated[int, Parameter(validator=Number(gte=1_000, lte=120_000))] = venue.SEATS,
    seed: int = 1,
    json: bool = False,
) -> OnsaleResult:
    """A hot sale: viewers far out and near by, and holds at a steady rate that waits for nobody.

    Seven viewers in ten see the whole venue, three look at seats and move every few seconds. Holds
    of 1 to 6 seats are made in view of their holders at a steady rate; after 4 to 12 seconds most
    are released and some booked. In the end every viewer's seats, zones and totals are compared
    with the engine's, and everything that was told with the database.

    Parameters
    ----------
    viewers
        Websockets, all in one process.
    holds
        How many are made a second, whether the server keeps up or not.
    seconds
        How long the storm takes.
    seats
        Size of the stadium.
    seed
        Makes the viewers' choices repeatable.
    json
        Print the result as one JSON object on the last line.
    """
    order = LoadOrder(
        scenario=SCENARIOS["onsale"],
        viewers=viewers,
        holds_per_s=holds,
        seconds=seconds,
        seed=seed,
        seats=seats,
    )
    outcome = uvloop.run(run(order, audience()))
    for finding in (
        *outcome.result.findings,
        *(outcome.verdict.findings if outcome.verdict else ()),
    ):
        say(f"MISTAKE {finding}")
    result = _result(outcome)
    finish(result, json=json)
    return result


def audience() -> Audience:
    """Lines for people, every few seconds."""

    def moment(moment: Moment) -> None:
        load = moment.load
        if round(load.at_s) % _SAY_EVERY_S == 0:
            say(
                f"{load.at_s:4.0f} s  {load.phase:<11} {load.connected:,} viewers, "
                f"{load.holds:,} holds, p99 {load.hold_p99_ms:g} ms, "
                f"seen p99 {load.seen_p99_ms:g} ms, {load.frames:,} frames, "
                f"{load.bytes / 1e6:.1f} MB, server {moment.server.cpu or 0:.2f} CPU"
            )

    return Audience(say, moment)


def _result(outcome: Outcome) -> OnsaleResult:
    told: LoadResult = outcome.result
    assert outcome.verdict is not None
    return OnsaleResult(
        viewers=told.connected,
        holds_per_s=round(told.storm_holds / told.seconds, 1),
        hold_p50_ms=told.hold_p50_ms,
        hold_p99_ms=told.hold_p99_ms,
        seen_p50_ms=told.seen_p50_ms,
        seen_p99_ms=told.seen_p99_ms,
        seen_far_p50_ms=told.seen_far_p50_ms,
        seen_far_p99_ms=told.seen_far_p99_ms,
        bytes_per_viewer_s=round(told.bytes / told.viewers / told.seconds, 1),
        near_bytes_per_viewer_s=told.near_bytes_per_viewer_s,
        far_bytes_per_viewer_s=told.far_bytes_per_viewer_s,
        ideal_bytes_ratio=round(told.told_bytes / max(told.ideal_bytes, 1), 3),
        server_cpu=outcome.server_cpu or 0.0,
        rss_mb=outcome.rss_mb or 0.0,
        driver_cpu=told.driver_cpu,
        driver_lag_p99_ms=told.driver_lag_p99_ms,
        holds=told.holds,
        refused=told.refused,
        lost=outcome.verdict.lost,
        double_sold=outcome.verdict.double_sold,
        compared=told.compared,
        diverged=told.diverged,
    )
