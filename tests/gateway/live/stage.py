"""The whole edge on virtual time: real runner, hub, connections and sessions, with pipes for
sockets and screens that follow what they are told."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from gateway.live import connection, ticker, wire
from gateway.live.connection import LiveEdge
from gateway.live.hub import Hub
from gateway.live.session import Purchase
from gateway.live.sight import Sight
from seatengine.chart.chart import Chart
from seatengine.chart.seat_table import SeatTable
from seatengine.core import commands
from seatengine.core.outputs import Accepted, Batch, Refusal
from seatengine.core.policy import SalePolicy
from seatengine.core.shard import Shard
from seatengine.errors import StoreUnavailable
from seatengine.ids import CommandId, Epoch, EventId, HolderId, HoldId
from seatengine.shell.recovery import recover
from seatengine.shell.runner import Outcome, Runner
from seatengine.testing import MemoryCharts, MemoryJournal, MemoryLease, MemorySnapshots
from tests.gateway.live.onlookers import overclaimed, sight_of, wrong
from tests.gateway.live.pipe import Pipe
from tests.sim.virtual_time import LoopClock
from tests.venues import TARIFF

EVENT = EventId("gala")
CROWD = HolderId("v_crowd")


class LoopTime:
    """Stands in for the module `time` where code measures beside the loop."""

    def __init__(self, clock: LoopClock) -> None:
        self._clock = clock

    def monotonic(self) -> float:
        return asyncio.get_running_loop().time()

    def thread_time(self) -> float:
        return asyncio.get_running_loop().time()

    def time_ns(self) -> int:
        return self._clock.now_ms() * 1_000_000


@contextmanager
def on_the_loops_time() -> Iterator[pytest.MonkeyPatch]:
    """Connections and rounds measure the running loop's time, which may be virtual."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(connection, "time", LoopTime(LoopClock()))
        patch.setattr(ticker, "time", LoopTime(LoopClock()))
        yield patch


class RecordingHub(Hub):
    """Remembers when each place last changed."""

    def __init__(self) -> None:
        super().__init__()
        self.changed_seq: list[int] = []

    def on_recovered(self, shard: Shard, epoch: Epoch) -> None:
        self.changed_seq = [shard.seq] * len(shard.state.status)
        super().on_recovered(shard, epoch)

    def on_batch(self, batch: Batch) -> None:
        super().on_batch(batch)
        live = self.live(batch.event)
        if live is not None and len(live.statuses) != len(self.changed_seq):
            self.changed_seq = [batch.seq] * len(live.statuses)
        for place in batch.places:
            self.changed_seq[place] = batch.seq


class Stage:
    """An event of a chart, on sale once `opened`."""

    def __init__(self, chart: Chart, table: SeatTable, policy: SalePolicy) -> None:
        self.chart = chart
        self.table = table
        self._policy = policy
        self.clock = LoopClock()
        self.journal = MemoryJournal()
        self.journal.create(EVENT)
        self._lease = MemoryLease(self.journal)
        self._snapshots = MemorySnapshots()
        self._charts = MemoryCharts([table])
        self.hub = RecordingHub()
        self.shard: Shard | None = None
        self.runner = Runner(
            clock=self.clock,
            journal=self.journal,
            snapshots=self._snapshots,
            recover=self._recovered,
            listener=self.hub,
        )
        self.edge = LiveEdge(
            self.runner, self.hub, HolderId, self._book, messages_per_second=100_000
        )
        self.failures: list[BaseException] = []
        self._commands = 0

    async def _recovered(self, event: EventId) -> tuple[Shard, Epoch]:
        shard, epoch = await recover(
            event,
            "owner",
            lease=self._lease,
            journal=self.journal,
            snapshots=self._snapshots,
            charts=self._charts,
        )
        self.shard = shard
        return shard, epoch

    async def _book(
        self, event: EventId, purchase: Purchase, holder: HolderId
    ) -> Accepted | Refusal:
        raise StoreUnavailable("nothing is sold here")

    async def opened(self) -> None:
        """Serve the event; it has no chart before `bind`."""
        asyncio.get_running_loop().set_exception_handler(self._on_error)
        await self.runner.open(EVENT)

    def bind(self) -> None:
        """Put it on sale."""
        self.runner.offer_chart(EVENT, self.table)
        self.ask(
            commands.BindChart(
                id=CommandId("k_staff/bind"),
                holder=HolderId("k_staff"),
                staff=True,
                chart_hash=self.table.chart_hash,
                policy=self._policy,
                tariff=TARIFF,
            )
        )

    def _on_error(self, loop: asyncio.AbstractEventLoop, context: dict[str, object]) -> None:
        error = context.get("exception")
        self.failures.append(
            error if isinstance(error, BaseException) else RuntimeError(str(context))
        )

    @property
    def statuses(self) -> bytes:
        """What is so, durable or not."""
        assert self.shard is not None
        return bytes(self.shard.state.status)

    def ask(
        self, command: commands.AnyCommand, reply: Callable[[Outcome], None] | None = None
    ) -> None:
        self.runner.submit(EVENT, command, reply or (lambda outcome: None))

    def hold(self, places: list[int]) -> None:
        """Someone in the crowd holds these places, if all are free."""
        self._commands += 1
        self.ask(
            commands.HoldSeats(id=CommandId(f"c{self._commands}"), holder=CROWD, places=places)
        )

    def release(self, number: int) -> None:
        """Someone gives a hold up: the one of this number, counted round."""
        assert self.shard is not None
        holds = sorted(self.shard.state.holds)
        if holds:
            self._commands += 1
            hold = HoldId(holds[number % len(holds)])
            self.ask(
                commands.ReleaseHold(id=CommandId(f"c{self._commands}"), holder=CROWD, hold=hold)
            )

    async def quiet(self) -> None:
        """Until all that has happened has been told, the slowest news included."""
        for _ in range(4):
            self.journal.calm()
            await asyncio.sleep(0.5)


class Screen:
    """A viewer of the stage: it knows what it was told, and says so when it comes back."""

    def __init__(self, stage: Stage, name: str) -> None:
        self.stage = stage
        self.name = name
        self.sight: Sight = sight_of(stage.chart, stage.table)
        self.look: wire.Look | None = None
        self.heard: list[wire.ServerMessage] = []
        self.pipe: Pipe | None = None

    @property
    def there(self) -> bool:
        return self.pipe is not None and not self.pipe.closed and not self.pipe.close_code

    def come_back(self, *, looks: bool = True) -> None:
        """Connect anew with what is known, and look where it looked unless that is for later."""
        self.cut()
        self.pipe = Pipe(self.stage.edge)
        self.greet()
        if looks and self.look is not None:
            self.say(self.look)

    def greet(self) -> None:
        self.say(self.sight.hello(self.name, EVENT))

    def turn(self, look: wire.Look) -> None:
        self.look = look
        self.say(look)

    def say(self, message: wire.ClientMessage) -> None:
        if self.there and self.pipe is not None:
            self.pipe.say(wire.encode_message(message))

    def read(self, at_most: int | None = None) -> None:
        """Take in so many bytes more of what was sent."""
        if self.pipe is None:
            return
        for payload in self.pipe.read(at_most):
            message = wire.decode_server_message(payload)
            self.heard.append(message)
            self.sight.take(message)

    def cut(self) -> None:
        if self.pipe is not None:
            self.pipe.cut()

    def overclaimed(self) -> list[str]:
        """What it would claim to know if it came back now, though it does not."""
        live = self.stage.hub.live(EVENT)
        if live is None or self.sight.epoch != live.epoch:
            return []
        return overclaimed(self.sight, live.statuses, self.stage.hub.changed_seq)

    def wrong(self) -> list[str]:
        return wrong(self.sight, self.stage.table, self.stage.statuses)
