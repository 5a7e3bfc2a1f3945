"""The crowd: many visitors in a process of their own, each through a websocket of its own.

`python -m gateway.demo.crowd` reads one CrowdPlan as a line of JSON, then sends visitors until its
standard input ends. Every second it writes one Progress as a line of JSON.
"""

from __future__ import annotations

import asyncio
import sys
from collections import Counter, deque
from pathlib import Path
from random import Random
from typing import Final

import msgspec
import uvloop

from gateway.client.api import ApiClient, SiteUnreachable
from gateway.client.client import live_url
from gateway.demo.cancellation_desk import CancellationDesk
from gateway.demo.tally import Tally
from gateway.demo.told import Record, Told, read_record
from gateway.demo.venue_map import VenueMap, read_map
from gateway.demo.visitor import Visitor
from seatengine.shell.collector import calm_collector

_LATENCIES_KEPT: Final = 20_000
_HOME_WITHIN_S: Final = 8.0
_REPORT_EVERY_S: Final = 1.0


class ShowPlan(msgspec.Struct):
    """One event of the crowd's: how many bots it gets, and the share of its places that may be
    sold before the organizer takes bookings back. `view_path` leads to its chart's view."""

    event: str
    view_path: str
    bots: int
    sold_share: float


class CrowdPlan(msgspec.Struct):
    """`pace` stretches the time that people take to think; `key` is the organizer's API key."""

    site: str
    key: str
    shows: list[ShowPlan]
    record: str
    seed: int
    pace: float = 1.0


class ShowProgress(msgspec.Struct):
    """`watching` bots on the event; places by status."""

    event: str
    watching: int = 0
    free: int = 0
    held: int = 0
    booked: int = 0
    blocked: int = 0


class Progress(msgspec.Struct):
    """Since the start. `p99_ms` is of the last _LATENCIES_KEPT answers."""

    holds: int
    refused: int
    bookings: int
    cancelled: int
    returns: int
    p50_ms: float
    p99_ms: float
    shows: list[ShowProgress]


class Crowd:
    """Everyone who visits, and the record of what they were told."""

    def __init__(self, plan: CrowdPlan) -> None:
        self._plan = plan
        self._pacing = Random(plan.seed)
        self._record = Record(Path(plan.record))
        self._told: Counter[str] = Counter()
        self._latencies_ms: deque[float] = deque(maxlen=_LATENCIES_KEPT)
        self._home = asyncio.Event()
        self._viewers = ApiClient(plan.site)
        self._viewers_turn = asyncio.Lock()
        self._inside: dict[str, dict[int, Visitor]] = {show.event: {} for show in plan.shows}
        self._tally = Tally(plan.site, [show.event for show in plan.shows])
        self._desk = CancellationDesk(plan.site, plan.key, self, self._tally, Random(plan.seed))
        self._maps: dict[str, VenueMap] = {}
        for told in read_record(Path(plan.record)):
            self._remember(told)
            if told.kind == "cancelled":
                self._desk.cancelled(told)

    @property
    def going_home(self) -> bool:
        return self._home.is_set()

    def go_home(self) -> None:
        """Let everyone finish what they are at and leave."""
        self._home.set()

    async def viewer_token(self) -> str:
        async with self._viewers_turn:
            given = await asyncio.to_thread(self._viewers.post, "/api/v1/viewers", {}, _Given)
        return given.token

    async def think(self, least_s: float, most_s: float) -> None:
        seconds = self._pacing.uniform(least_s, most_s) * self._plan.pace
        try:
            await asyncio.wait_for(self._home.wait(), seconds)
        except TimeoutError:
            pass

    def tell(self, told: Told) -> None:
        self._record.add(told)
        self._told[told.kind] += 1
        if told.ms:
            self._latencies_ms.append(told.ms)
        self._remember(told)

    def _remember(self, told: Told) -> None:
        if told.kind == "booked":
            self._desk.sold(told)

    async def run(self) -> None:
        """Visit until `go_home`, then wait for everyone to be out."""
        tasks = [
            asyncio.create_task(self._report()),
            asyncio.create_task(self._tally.keep(self._home)),
        ]
        for show in self._plan.shows:
            view = await asyncio.to_thread(self._viewers.exchange, "GET", show.view_path)
            self._maps[show.event] = read_map(view)
        calm_collector()
        number = 0
        for show in self._plan.shows:
            tasks.append(asyncio.create_task(self._desk.keep(show.event, show.sold_share)))
            for _ in range(show.bots):
                number += 1
                random = Random(self._plan.seed * 100_003 + number)
                tasks.append(asyncio.create_task(self._come_and_go(show.event, number, random)))
        failing = asyncio.create_task(_first_failure(tasks))
        leaving = asyncio.create_task(self._home.wait())
        await asyncio.wait([failing, leaving], return_when=asyncio.FIRST_COMPLETED)
        self.go_home()
        await asyncio.wait(tasks, timeout=_HOME_WITHIN_S)
        for task in (*tasks, failing, leaving):
            task.cancel()
        ends = await asyncio.gather(*tasks, return_exceptions=True)
        self._write_progress()
        self._record.close()
        self._viewers.close()
        self._desk.close()
        self._tally.close()
        for end in ends:
            if isinstance(end, Exception):
                raise end

    async def _come_and_go(self, event: str, number: int, random: Random) -> None:
        """One bot: visitor after visitor, each a new person."""
        url, venue = live_url(self._plan.site), self._maps[event]
        await self.think(0, 5)
        while not self.going_home:
            visitor = Visitor(self, url, event, venue, random)
            self._inside[event][number] = visitor
            try:
                await visitor.visit()
            except SiteUnreachable:
                await self.think(1, 2)
            finally:
                del self._inside[event][number]
            await self.think(0.5, 4)

    async def _report(self) -> None:
        while not self.going_home:
            try:
                await asyncio.wait_for(self._home.wait(), _REPORT_EVERY_S)
            except TimeoutError:
                pass
            self._record.flush()
            self._write_progress()

    def _write_progress(self) -> None:
        latencies = sorted(self._latencies_ms) or [0.0]
        progress = Progress(
            holds=self._told["held"],
            refused=self._told["refused"],
            bookings=self._told["booked"],
            cancelled=self._told["cancelled"],
            returns=self._told["kept"] + self._told["missing"],
            p50_ms=round(latencies[len(latencies) // 2], 2),
            p99_ms=round(latencies[len(latencies) * 99 // 100], 2),
            shows=[self._show_progress(show.event) for show in self._plan.shows],
        )
        sys.stdout.buffer.write(msgspec.json.encode(progress) + b"\n")
        sys.stdout.buffer.flush()

    def _show_progress(self, event: str) -> ShowProgress:
        watching = sum(visitor.client is not None for visitor in self._inside[event].values())
        now = self._tally.counts[event]
        return ShowProgress(event, watching, now.free, now.held, now.booked, now.blocked)


async def _first_failure(tasks: list[asyncio.Task[None]]) -> None:
    """Returns once a task has failed or all are done."""
    await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)


class _Given(msgspec.Struct):
    token: str


async def _main() -> None:
    reader = asyncio.StreamReader(limit=1 << 20)
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    crowd = Crowd(msgspec.json.decode(await reader.readline(), type=CrowdPlan))

    async def go_home_at_end_of_input() -> None:
        await reader.read()
        crowd.go_home()

    watch = asyncio.create_task(go_home_at_end_of_input())
    await crowd.run()
    watch.cancel()


if __name__ == "__main__":
    uvloop.run(_main())
