"""Holds of three seats: the engine's core, a Lua script in Valkey, row locks in Postgres."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable
from contextlib import ExitStack
from typing import Annotated, Final

import msgspec
import uvloop
from cyclopts import Parameter
from cyclopts.validators import Number

from benchmarks import venue
from benchmarks.peers import PostgresSeats, Triple, ValkeySeats
from benchmarks.process import served_like, temporary_folder
from benchmarks.report import finish, median, say
from seatengine.core import commands
from seatengine.core.entries import frame
from seatengine.core.shard import Shard
from seatengine.ids import CommandId, HolderId
from seatengine.shell.embedded import EmbeddedPostgres

BATCH: Final = 200
_NOW_MS: Final = 1_800_000_000_000
# Three holds each, as the default policy allows.
_HOLDERS: Final = 10_000


class CoreResult(msgspec.Struct, frozen=True):
    """Medians over the rounds. `holds_per_cpu_s` is the engine's rate by processor time, which a
    shared machine leaves alone. `valkey_lua_script_holds_per_s` is what the script alone allows by
    Valkey's own clock, without client, socket and parsing."""

    holds_per_s: int
    valkey_lua_holds_per_s: int
    postgres_holds_per_s: int
    ratio_valkey: float
    ratio_postgres: float
    holds_per_cpu_s: int
    valkey_lua_script_holds_per_s: int
    ratio_valkey_script: float


def core(
    *,
    seats: Annotated[int, Parameter(validator=Number(gte=300, lte=120_000))] = venue.SEATS,
    holds: Annotated[int, Parameter(validator=Number(gte=3))] = 30_000,
    postgres_holds: Annotated[int, Parameter(validator=Number(gte=1))] = 8_000,
    rounds: Annotated[int, Parameter(validator=Number(gte=1, lte=100))] = 7,
    json: bool = False,
) -> CoreResult:
    """Holds of three seats in memory, beside Lua in Valkey and row locks in Postgres.

    Every round measures all three, one after the other, on the same seats in the same random
    order; the figures are medians. Seats times a third bound the holds of a round.

    Parameters
    ----------
    seats
        Size of the venue.
    holds
        Holds a round by the engine and by Valkey.
    postgres_holds
        Holds a round by Postgres, which is slower.
    rounds
        How often everything is measured.
    json
        Print the result as one JSON object on the last line.
    """
    triples = _triples(seats)[:holds]
    with ExitStack() as stack:
        folder = stack.enter_context(temporary_folder())
        valkey = ValkeySeats(folder)
        stack.callback(valkey.close)
        server = EmbeddedPostgres(folder / "postgres")
        server.start()
        stack.callback(server.stop)
        loop = stack.enter_context(asyncio.Runner(loop_factory=uvloop.new_event_loop))
        postgres = PostgresSeats(server.url)
        loop.run(postgres.open(seats))
        stack.callback(lambda: loop.run(postgres.close()))
        stack.enter_context(served_like())

        cpu_rates: list[float] = []

        def by_engine() -> float:
            shard, asked = venue.shard_on_sale(venue.table(seats)), _commands(triples)
            begun_cpu_s = time.thread_time()
            rate = _rate(len(triples), lambda: _step_all(shard, asked))
            cpu_rates.append(len(triples) / (time.thread_time() - begun_cpu_s))
            return rate

        def by_valkey() -> float:
            valkey.clear()
            return _rate(len(triples), lambda: valkey.hold(triples, _HOLDERS, BATCH))

        def by_postgres() -> float:
            loop.run(postgres.clear())
            part = triples[:postgres_holds]
            return _rate(len(part), lambda: loop.run(postgres.hold(part, _HOLDERS)))

        sides = {"engine": by_engine, "valkey": by_valkey, "postgres": by_postgres}
        rates: dict[str, list[float]] = {name: [] for name in sides}
        for number in range(1, rounds + 1):
            for name, measure in sides.items():
                rates[name].append(measure())
            said = ", ".join(f"{name} {found[-1]:,.0f}" for name, found in rates.items())
            say(f"round {number} of {rounds}, holds/s: {said}")
        script = valkey.script_holds_per_s()
    ours, lua, locks = (median(rates[name]) for name in sides)
    result = CoreResult(
        holds_per_s=round(ours),
        valkey_lua_holds_per_s=round(lua),
        postgres_holds_per_s=round(locks),
        ratio_valkey=round(ours / lua, 2),
        ratio_postgres=round(ours / locks, 2),
        holds_per_cpu_s=round(median(cpu_rates)),
        valkey_lua_script_holds_per_s=round(script),
        ratio_valkey_script=round(ours / script, 2),
    )
    finish(result, json=json)
    return result


def _triples(seats: int) -> list[Triple]:
    """Every seat once, in neighbouring threes, in an order that is random but always the same."""
    triples = [(first, first + 1, first + 2) for first in range(0, seats - 2, 3)]
    random.Random(1).shuffle(triples)
    return triples


def _commands(triples: list[Triple]) -> list[commands.HoldSeats]:
    return [
        commands.HoldSeats(
            id=CommandId(f"v_{n % _HOLDERS}/{n}"),
            holder=HolderId(f"v_{n % _HOLDERS}"),
            places=list(triple),
        )
        for n, triple in enumerate(triples)
    ]


def _step_all(shard: Shard, asked: list[commands.HoldSeats]) -> int:
    """From command to encoded frame, as the runner has it when a commit takes 200 at a time."""
    held = 0
    step = shard.step
    for at in range(0, len(asked), BATCH):
        for command in asked[at : at + BATCH]:
            step(command, _NOW_MS)
        batch = shard.take_ready()
        assert batch is not None
        frame(batch.encoded)
        held += len(batch.entries)
    return held


def _rate(holds: int, hold_all: Callable[[], int]) -> float:
    """Holds a second."""
    begun_s = time.perf_counter()
    held = hold_all()
    took_s = time.perf_counter() - begun_s
    assert held == holds, f"{held} of {holds} were held"
    return holds / took_s
