"""A load from start to audit: a site, its viewers, what was measured, and the reckoning."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import msgspec

from gateway.demo.child import Child
from gateway.demo.told import read_record
from gateway.demo.verdict import Verdict, command_of, judge
from gateway.load.gauges import Gauge, Gauges
from gateway.load.plan import Line, LoadPlan, LoadResult, Second
from gateway.load.scenarios import Scenario
from gateway.load.site import Site, own_site
from gateway.sale.audit_store import audit_event
from seatengine.errors import SeatEngineError, StoreUnavailable
from seatengine.shell.postgres import Pool, open_pool

_FIRST_LINE_S: Final = 120.0
_LINE_S: Final = 120.0
_GAUGE_EVERY_S: Final = 1.0
_TABLES_WITHIN_S: Final = 90.0
_TABLES_POLL_S: Final = 0.2


class LoadFailed(SeatEngineError):
    """The load could not be made."""

    code = "load-failed"


class LoadOrder(msgspec.Struct, kw_only=True):
    """What is asked for. With `url` "" the load starts a server of its own, with `seats` seats;
    else `event` is one there, and `database_url` leads to its database, "" where it is unknown.
    `compares` is False where the server tells viewers in a way of its own."""

    scenario: Scenario
    viewers: int
    holds_per_s: float
    seconds: float
    seed: int
    seats: int = 100_000
    url: str = ""
    event: str = ""
    database_url: str = ""
    server_module: str = "gateway.demo.server_process"
    compares: bool = True


class Moment(msgspec.Struct):
    """One second: of the load, and of the server."""

    load: Second
    server: Gauge


class Outcome(msgspec.Struct, kw_only=True):
    """`verdict` is None where no database was at hand to audit. `server_cpu` is in processors,
    over the storm, `rss_mb` the most the server had; None where nobody told."""

    order: LoadOrder
    address: str
    event: str
    result: LoadResult
    moments: list[Moment]
    verdict: Verdict | None
    server_cpu: float | None
    rss_mb: float | None
    stopped_early: bool


class Audience(msgspec.Struct):
    """Who wants to know how it goes: sentences now and then, figures every second."""

    say: Callable[[str], None]
    moment: Callable[[Moment], None]


async def run(order: LoadOrder, audience: Audience) -> Outcome:
    """Make the load, then compare what its viewers were told with the database.

    A cancellation ends the storm early, not the reckoning. Raises LoadFailed, ChildFailed,
    StoreUnavailable; every process it started is gone when this returns.
    """
    with tempfile.TemporaryDirectory(prefix="load-") as name:
        folder = Path(name)
        # Others may pass through it: Postgres, where we are root, is not.
        folder.chmod(0o711)
        async with _site(order, folder, audience) as site:
            record = folder / "told"
            plan = LoadPlan(
                site=site.address,
                event=site.event,
                scenario=order.scenario,
                viewers=order.viewers,
                holds_per_s=order.holds_per_s,
                seconds=order.seconds,
                seed=order.seed,
                record=str(record),
                secret=site.secret,
                compares=order.compares,
            )
            audience.say(f"{order.viewers:,} viewers go to {site.address}/e/{site.event}")
            storm = _Storm(site, folder, audience)
            result = await storm.run(plan)
            verdict = None
            if site.pool is not None:
                audience.say("Comparing what they were told with the database")
                verdict = await _audit(site.pool, site.event, record)
            return Outcome(
                order=order,
                address=site.address,
                event=site.event,
                result=result,
                moments=storm.moments,
                verdict=verdict,
                server_cpu=storm.server_cpu(),
                rss_mb=max((m.server.rss_mb or 0.0 for m in storm.moments), default=0.0) or None,
                stopped_early=storm.stopped_early,
            )


@asynccontextmanager
async def _site(order: LoadOrder, folder: Path, audience: Audience) -> AsyncIterator[Site]:
    if not order.url:
        audience.say(f"Starting a server, and putting a stadium of {order.seats:,} seats on sale")
        async with own_site(folder, order.seats, order.scenario, order.server_module) as site:
            yield site
    elif order.database_url:
        async with open_pool(order.database_url) as pool:
            yield Site(order.url, order.event, "", pool, None)
    else:
        yield Site(order.url, order.event, "", None, None)


class _Storm:
    """The process of viewers while it runs."""

    def __init__(self, site: Site, folder: Path, audience: Audience) -> None:
        self._site = site
        self._folder = folder
        self._audience = audience
        self._gauges = Gauges(site.address, site.pid)
        self._gauge = Gauge()
        self.moments: list[Moment] = []
        self.stopped_early = False

    async def run(self, plan: LoadPlan) -> LoadResult:
        driver = await Child.start("gateway.load.driver", plan, self._folder / "driver.log")
        following = asyncio.create_task(self._follow(driver))
        gauging = asyncio.create_task(self._keep_gauge())
        try:
            try:
                return await asyncio.shield(following)
            except asyncio.CancelledError:
                # Ctrl-C ends the storm, not the reckoning.
                current = asyncio.current_task()
                assert current is not None
                current.uncancel()
                self.stopped_early = True
                self._audience.say("Stopping: viewers settle, give back what they hold, and leave")
                driver.end_input()
                return await following
        finally:
            following.cancel()
            gauging.cancel()
            await asyncio.gather(following, gauging, return_exceptions=True)
            await driver.stop()
            self._gauges.close()

    async def _follow(self, driver: Child) -> LoadResult:
        while data := await driver.line(_LINE_S):
            line = msgspec.json.decode(data, type=Line)
            if line.trouble:
                raise LoadFailed(line.trouble)
            if line.result is not None:
                return line.result
            if line.second is not None:
                # A late reading holds up nothing: the one before stands for it, and counts once.
                moment = Moment(line.second, self._gauge)
                self._gauge = msgspec.structs.replace(self._gauge, took_s=0.0)
                self.moments.append(moment)
                self._audience.moment(moment)
        raise driver.failed()

    async def _keep_gauge(self) -> None:
        while True:
            self._gauge = await self._gauges.read()
            await asyncio.sleep(_GAUGE_EVERY_S)

    def server_cpu(self) -> float | None:
        """Processors the server kept busy in the storm, on average."""
        told = [
            (m.server.cpu * m.server.took_s, m.server.took_s)
            for m in self.moments
            if m.load.phase == "storm" and m.server.cpu is not None
        ]
        busy_s, took_s = (sum(part) for part in zip(*told, strict=True)) if told else (0, 0)
        return round(busy_s / took_s, 3) if took_s else None


async def _audit(pool: Pool, event: str, record: Path) -> Verdict:
    await _tables_caught_up(pool, event)
    facts = list(read_record(record))
    watched = frozenset(map(command_of, facts))
    async with pool.acquire() as connection:
        auditor = (await audit_event(connection, event, watched)).auditor
    return judge(facts, {event: auditor})


async def _tables_caught_up(pool: Pool, event: str) -> None:
    """Wait until the relational tables have everything that is in the journal."""
    query = (
        "select count(*) from shard s where event_id = $1 and not exists"
        " (select 1 from follower_cursor c where c.event_id = s.event_id"
        " group by c.event_id having min(c.seq) >= s.head_seq)"
    )
    for _ in range(int(_TABLES_WITHIN_S / _TABLES_POLL_S)):
        if not await pool.fetchval(query, event):
            return
        await asyncio.sleep(_TABLES_POLL_S)
    raise StoreUnavailable(f"the relational tables did not catch up within {_TABLES_WITHIN_S:g} s")
