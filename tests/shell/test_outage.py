"""Postgres gone, frozen, slow or restarted: bounded waits, nothing acknowledged lost, and service
comes back by itself."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from pathlib import Path

import pytest

from seatengine import limits
from seatengine.chart.chart import chart_hash
from seatengine.core import commands, snapshot
from seatengine.core.outputs import Accepted, Answer, Batch, Code, Refusal
from seatengine.core.policy import SalePolicy, Tariff
from seatengine.core.shard import Shard
from seatengine.errors import StoreUnavailable
from seatengine.ids import CommandId, Epoch, EventId, HolderId, Seq
from seatengine.ports import Append
from seatengine.shell.embedded import EmbeddedPostgres
from seatengine.shell.followers import Follower
from seatengine.shell.migrate import migrate
from seatengine.shell.postgres import Pool, open_pool
from seatengine.shell.postgres_journal import PostgresJournal
from seatengine.shell.postgres_stores import PostgresCharts, PostgresLease, PostgresSnapshots
from seatengine.shell.recovery import recover
from seatengine.shell.runner import Runner
from tests.shell.stores import insert_event
from tests.venues import hall_chart

GALA = EventId("gala")
HALL = hall_chart(10, 40)


@pytest.fixture(scope="module")
def server() -> Iterator[EmbeddedPostgres]:
    """A server of this module's own, to be mistreated."""
    folder = Path(tempfile.mkdtemp(prefix="seatengine-"))
    postgres = EmbeddedPostgres(folder / "postgres")
    postgres.start()
    asyncio.run(migrate(postgres.url))
    try:
        yield postgres
    finally:
        postgres.stop()
        assert postgres.pid is None
        shutil.rmtree(folder)


@asynccontextmanager
async def clean(server: EmbeddedPostgres) -> AsyncIterator[Pool]:
    """A pool on the server's database, with one new event in it."""
    async with open_pool(server.url) as pool:
        tables = await pool.fetchval(
            "select string_agg(format('%I', tablename), ', ') from pg_tables"
            " where schemaname = 'public' and tablename <> 'migration'"
        )
        await pool.execute(f"truncate {tables}")
        await insert_event(pool, GALA, HALL)
        yield pool


def run(server: EmbeddedPostgres, scene: Callable[[Pool], Awaitable[None]]) -> None:
    async def main() -> None:
        async with clean(server) as pool:
            await scene(pool)

    asyncio.run(main())


def one(epoch: int, first: int, last: int) -> list[Append]:
    return [Append(GALA, Epoch(epoch), Seq(first), Seq(last), b"\x90")]


@contextmanager
def frozen(*pids: int) -> Iterator[None]:
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


async def backends(pool: Pool, statement: str = "") -> list[int]:
    """The processes of client connections whose last statement begins so; not the asking one."""
    rows = await pool.fetch(
        "select pid from pg_stat_activity where backend_type = 'client backend'"
        " and pid <> pg_backend_pid() and starts_with(ltrim(query, E' \\n'), $1)",
        statement,
    )
    return [row[0] for row in rows]


def test_an_append_to_a_frozen_server_ends_in_time_and_its_outcome_is_settled_by_the_next_claim(
    server: EmbeddedPostgres,
) -> None:
    async def scene(pool: Pool) -> None:
        journal, lease = (
            PostgresJournal(server.url, pool, append_timeout_ms=200),
            PostgresLease(pool),
        )
        await lease.claim(GALA, "a")
        assert not await journal.append(one(1, 1, 2))
        [backend] = await backends(pool, "with asked")
        with frozen(backend):
            began = time.monotonic()
            with pytest.raises(StoreUnavailable, match="appending"):
                await journal.append(one(1, 3, 5))
            assert time.monotonic() - began < 2
        claim = await lease.claim(GALA, "b")
        assert claim.head_seq in (2, 5)
        # What arrives late has lost its epoch.
        assert await journal.append(one(1, claim.head_seq + 1, 9)) == {GALA}
        frames = await journal.read(GALA, Seq(0), 9)
        assert frames[-1].last_seq == claim.head_seq
        assert not await journal.append(one(2, claim.head_seq + 1, 9))
        journal.close()

    run(server, scene)


def test_an_append_that_waits_for_a_lock_ends_in_time(server: EmbeddedPostgres) -> None:
    async def scene(pool: Pool) -> None:
        journal = PostgresJournal(server.url, pool, append_timeout_ms=200)
        await PostgresLease(pool).claim(GALA, "a")
        async with pool.acquire() as connection, connection.transaction():
            await connection.execute("select from shard for update")
            with pytest.raises(StoreUnavailable):
                await journal.append(one(1, 1, 1))
        claim = await PostgresLease(pool).claim(GALA, "a")
        assert len(await journal.read(GALA, Seq(0), 9)) == claim.head_seq
        journal.close()

    run(server, scene)


def test_a_cut_connection_is_replaced_unnoticed_between_appends(server: EmbeddedPostgres) -> None:
    async def scene(pool: Pool) -> None:
        journal = PostgresJournal(server.url, pool)
        await PostgresLease(pool).claim(GALA, "a")
        for seq in range(1, 4):
            assert not await journal.append(one(1, seq, seq))
            [backend] = await backends(pool, "with asked")
            assert await pool.fetchval("select pg_terminate_backend($1, 5000)", backend)
        journal.close()

    run(server, scene)


def test_a_cancelled_append_leaves_a_journal_that_works(server: EmbeddedPostgres) -> None:
    async def scene(pool: Pool) -> None:
        journal = PostgresJournal(server.url, pool)
        await PostgresLease(pool).claim(GALA, "a")
        assert not await journal.append(one(1, 1, 1))
        [backend] = await backends(pool, "with asked")
        with frozen(backend):
            append = asyncio.create_task(journal.append(one(1, 2, 2)))
            await asyncio.sleep(0)
            append.cancel()
            with pytest.raises(asyncio.CancelledError):
                await append
        claim = await PostgresLease(pool).claim(GALA, "a")
        assert not await journal.append(one(2, claim.head_seq + 1, 9))
        journal.close()

    run(server, scene)


class Durable:
    """Listens to a runner and keeps what it was told is durable."""

    def __init__(self) -> None:
        self.shard: Shard | None = None
        self.lost = 0

    def on_recovered(self, shard: Shard, epoch: Epoch) -> None:
        self.shard = shard

    def on_batch(self, batch: Batch) -> None:
        pass

    def on_lost(self, event: EventId) -> None:
        self.lost += 1


class SystemClock:
    def now_ms(self) -> int:
        return time.time_ns() // 1_000_000


class Box:
    """A runner on Postgres with one event, and everything that it answered."""

    def __init__(self, url: str, pool: Pool) -> None:
        self.journal = PostgresJournal(url, pool, append_timeout_ms=300)
        self.listener = Durable()
        self.charts = PostgresCharts(pool)
        self.recover = partial(
            recover,
            owner="test",
            lease=PostgresLease(pool),
            journal=self.journal,
            snapshots=PostgresSnapshots(pool),
            charts=self.charts,
        )
        self.runner = Runner(
            clock=SystemClock(),
            journal=self.journal,
            snapshots=PostgresSnapshots(pool),
            recover=self.recover,
            listener=self.listener,
        )
        self.held: dict[str, Accepted] = {}
        self.unavailable = 0

    async def ask(self, command: commands.AnyCommand) -> Accepted | Refusal | Answer:
        answered: asyncio.Future[Accepted | Refusal | Answer] = (
            asyncio.get_running_loop().create_future()
        )
        self.runner.submit(GALA, command, answered.set_result)
        # Beyond this bound no command may wait, whatever the store does.
        return await asyncio.wait_for(answered, 8)

    async def open(self) -> None:
        await self.runner.open(GALA)
        self.runner.offer_chart(GALA, await self.charts.seat_table(chart_hash(HALL)))
        bind = commands.BindChart(
            id=CommandId("bind"),
            holder=HolderId("k"),
            staff=True,
            chart_hash=chart_hash(HALL),
            policy=SalePolicy(),
            tariff=Tariff("EUR", (9_000, 5_000)),
        )
        assert isinstance(await self.ask(bind), Accepted)

    async def hold_each(self, places: range, stop: asyncio.Event) -> None:
        """Hold one place after another, each until it is held; a retry keeps its id."""
        for place in places:
            command = commands.HoldSeats(
                id=CommandId(f"c{place}"), holder=HolderId(f"v{place}"), places=[place]
            )
            while not stop.is_set():
                outcome = await self.ask(command)
                if isinstance(outcome, Accepted):
                    self.held[command.id] = outcome
                    break
                assert isinstance(outcome, Refusal)
                assert outcome.code is Code.UNAVAILABLE, outcome
                self.unavailable += 1

    async def check(self) -> None:
        """What was acknowledged is in the journal, entry by entry, and nothing is there twice."""
        before = self.listener.shard
        assert before is not None
        shard, _ = await self.recover(GALA)
        assert snapshot.state_hash(shard.state) == snapshot.state_hash(before.state)
        for outcome in self.held.values():
            hold = shard.state.holds.get(outcome.seq)  # type: ignore[call-overload]
            assert hold is not None
            assert hold.places == outcome.entry.places  # type: ignore[union-attr]


@pytest.mark.parametrize("trouble", ["killed", "restarted", "frozen"])
def test_service_comes_back_by_itself_and_nothing_acknowledged_is_lost(
    server: EmbeddedPostgres, trouble: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "COMMAND_WAIT_MS", 250)

    async def away(pool: Pool) -> None:
        pid = server.pid
        assert pid is not None
        if trouble == "frozen":
            with frozen(pid, *await backends(pool)):
                await asyncio.sleep(0.7)
        elif trouble == "killed":
            os.kill(pid, signal.SIGKILL)
            await asyncio.sleep(0.3)
            await asyncio.to_thread(server.start)
        else:
            await asyncio.to_thread(server.stop)
            await asyncio.to_thread(server.start)

    async def scene(pool: Pool) -> None:
        box = Box(server.url, pool)
        await box.open()
        stop = asyncio.Event()
        buyers = [
            asyncio.create_task(box.hold_each(range(n * 20, n * 20 + 20), stop)) for n in range(20)
        ]
        await away(pool)
        await asyncio.gather(*buyers)
        assert len(box.held) == 400
        await box.check()
        await box.runner.close()
        box.journal.close()

    run(server, scene)


def test_followers_go_on_after_the_server_was_away(
    server: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "COMMAND_WAIT_MS", 250)
    for name in ("FOLLOWER_PAUSE_MS", "FOLLOWER_POLL_MS"):
        monkeypatch.setattr(f"seatengine.shell.followers.{name}", 10)

    async def scene(pool: Pool) -> None:
        box = Box(server.url, pool)
        await box.open()
        follower, stop = Follower(pool, box.charts), asyncio.Event()
        following = asyncio.create_task(follower.run(stop))
        await box.hold_each(range(50), stop)
        await asyncio.to_thread(server.stop)
        await asyncio.to_thread(server.start)
        await box.hold_each(range(50, 100), stop)
        async with asyncio.timeout(20):
            while await pool.fetchval("select count(*) from place where status = 'held'") < 100:
                await asyncio.sleep(0.01)
        stop.set()
        await following
        await box.runner.close()
        box.journal.close()

    run(server, scene)
