"""A shard whose every outcome is checked by the simulator's auditor: the bench for core tests."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from seatengine.chart.seat_table import SeatTable
from seatengine.core import commands
from seatengine.core.commands import AnyCommand
from seatengine.core.entries import Entry
from seatengine.core.outputs import Accepted, Answer, Batch, Code, Refusal
from seatengine.core.policy import SalePolicy, Tariff
from seatengine.core.shard import Shard
from seatengine.ids import CommandId, EventId, HolderId
from tests.sim.auditor import Auditor
from tests.sim.truth import VenueFacts

EVENT = EventId("gala")
NOON = 1_000_000
POLICY = SalePolicy(
    hold_ttl_ms=60_000, max_per_hold=4, max_per_holder=6, max_holds_per_holder=2, max_extensions=1
)
ANNA, BEN, STAFF = HolderId("v_anna"), HolderId("v_ben"), HolderId("k_staff")


@dataclass
class Audited:
    """`ask` steps one command and lets the auditor judge the batch it made."""

    shard: Shard
    auditor: Auditor
    now_ms: int = NOON
    asked: int = 0

    def ask(self, command: AnyCommand) -> Accepted | Refusal | Answer:
        outcome = self.shard.step(command, self.now_ms)
        self.auditor.submitted(command, self.now_ms, outcome)
        self.batch()
        return outcome

    def batch(self) -> Batch | None:
        batch = self.shard.take_ready()
        if batch is not None:
            self.auditor.proposed(batch)
        return batch

    def tick(self) -> Batch | None:
        self.shard.tick(self.now_ms)
        self.auditor.submitted(None, self.now_ms)
        return self.batch()

    def anna(self, kind: type[Any], **fields: object) -> Accepted | Refusal | Answer:
        return self.ask(self.make(kind, ANNA, **fields))

    def ben(self, kind: type[Any], **fields: object) -> Accepted | Refusal | Answer:
        return self.ask(self.make(kind, BEN, **fields))

    def staff(self, kind: type[Any], **fields: object) -> Accepted | Refusal | Answer:
        return self.ask(self.make(kind, STAFF, staff=True, **fields))

    def make(self, kind: type[Any], holder: HolderId, **fields: object) -> AnyCommand:
        self.asked += 1
        command: AnyCommand = kind(
            **{"id": CommandId(f"{holder}/{self.asked}"), "holder": holder, **fields}
        )
        return command


def unbound(table: SeatTable) -> Audited:
    """An event that has no chart yet; it may be bound to `table`."""
    facts = {str(table.chart_hash): VenueFacts(table)}
    return Audited(Shard(EVENT, {table.chart_hash: table}), Auditor(facts))


def on_sale(table: SeatTable, policy: SalePolicy = POLICY, tariff: Tariff | None = None) -> Audited:
    """An event on sale: entry 1 bound the chart."""
    event = unbound(table)
    prices = tariff or Tariff("EUR", tuple(1_000 * (n + 1) for n in range(len(table.categories))))
    accepted(
        event.staff(commands.BindChart, chart_hash=table.chart_hash, policy=policy, tariff=prices)
    )
    return event


def accepted(outcome: Accepted | Refusal | Answer) -> Entry:
    """The entry of an accepted command. Raises AssertionError with the refusal otherwise."""
    assert isinstance(outcome, Accepted), outcome
    return outcome.entry


def refused(outcome: Accepted | Refusal | Answer) -> tuple[Code, list[int]]:
    """Code and places of a refusal."""
    assert isinstance(outcome, Refusal), outcome
    return outcome.code, outcome.places
