"""The venue of every benchmark: a generated stadium, its table, and a shard that sells it."""

from __future__ import annotations

from functools import cache
from typing import Final

from seatengine import limits
from seatengine.chart.chart import Chart
from seatengine.chart.generate import generate
from seatengine.chart.seat_table import SeatTable, build
from seatengine.core import commands
from seatengine.core.policy import SalePolicy, Tariff
from seatengine.core.shard import Shard
from seatengine.ids import CommandId, EventId, HolderId

SEATS: Final = 100_000
EVENT: Final = EventId("benchmark")

POLICY: Final = SalePolicy(
    hold_ttl_ms=limits.MAX_HOLD_TTL_MS,
    max_per_hold=limits.DEFAULT_MAX_PER_HOLD,
    max_per_holder=limits.CEILING_PER_HOLDER,
    max_holds_per_holder=limits.CEILING_HOLDS_PER_HOLDER,
)
"""Limits are checked as always, and wide enough that no benchmark meets them. Nothing expires
while it is measured."""


@cache
def chart(seats: int) -> Chart:
    """A stadium of so many seats."""
    return generate("stadium", seats)


@cache
def table(seats: int) -> SeatTable:
    return build(chart(seats))


def tariff(table: SeatTable) -> Tariff:
    return Tariff("EUR", tuple(c.price for c in table.categories))


def shard_on_sale(table: SeatTable) -> Shard:
    """A shard whose chart is bound; nothing of it waits to be committed."""
    shard = Shard(EVENT, {table.chart_hash: table})
    shard.step(
        commands.BindChart(
            id=CommandId("bind"),
            holder=HolderId("k_benchmark"),
            staff=True,
            chart_hash=table.chart_hash,
            policy=POLICY,
            tariff=tariff(table),
        ),
        0,
    )
    shard.take_ready()
    return shard
