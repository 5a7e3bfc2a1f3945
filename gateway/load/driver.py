"""All viewers of a load, in a process of their own.

`python -m gateway.load.driver` reads a LoadPlan as a line of JSON, then writes a Line of JSON every
second and, last, one with the result. The end of its input ends the storm early, in order.
"""

from __future__ import annotations

import asyncio
import resource
import sys
from collections import Counter, deque
from collections.abc import Callable
from pathlib import Path
from random import Random
from time import perf_counter, process_time
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec
import uvloop

from gateway.client.api import ApiClient, ApiRefused
from gateway.demo.told import Record
from gateway.live import wire
from gateway.live.chart_view import ChartView
from gateway.load.agenda import Agenda
from gateway.load.buyers import Buyers, clock
from gateway.load.comparison import Comparer, Comparison, EventState, statuses_of
from gateway.load.ground import Ground
from gateway.load.ideal import Diary, ideal_bytes
from gateway.load.latencies import Latencies
from gateway.load.plan import Line, LoadPlan, LoadResult, Second
from gateway.load.seen import FarEye, NearEye
from gateway.load.told_zones import ZonesTold
from gateway.load.viewer import ABNORMAL, Viewer
from gateway.sale.auth import ViewerTokens
from seatengine.errors import SeatEngineError
from seatengine.shell.collector import calm_collector

_CONNECTING: Final = 48
_CONNECT_TRY_S: Final = 15.0
_CONNECT_S: Final = 60.0
_CONNECTS_PER_S: Final = 60.0
_MOST_TRIES: Final = 8
_NEAR_EYES: Final = 60
_FAR_EYES: Final = 8
_DIARIES: Final = 24
_PING_S: Final = 40.0
_QUIET_S: Final = 2.5
_SETTLE_S: Final = 45.0
_SETTLE_POLL_S: Final = 0.1
_GIVE_BACK_S: Final = 30.0
_TOKENS_AT_ONCE: Final = 4
_LAG_EVERY_S: Final = 0.02
_COMEBACK_S: Final = 3.0
_COMPARED_AT_ONCE: Final = 50


class _Given(msgspec.Struct):
    token: str


class _Event(msgspec.Struct):
    chart_view_url: str


class Trouble(SeatEngineError):
    """The load cannot begin."""

    code = "load-failed"


class Driver:
    """The viewers, what they do, and what is counted. It is their House."""

    def __init__(self, plan: LoadPlan) -> None:
        self.plan = plan
        self.random = Random(plan.seed)
        self.event = plan.event
        parts = urlsplit(plan.site)
        self._address = parts.hostname or "127.0.0.1", parts.port or 80
        self.host = parts.netloc.encode()
        self.frames = self.bytes = self.near_bytes = self.far_bytes = 0
        self.agenda = Agenda()
        self.phase = "connecting"
        self.stopping = asyncio.Event()
        self.viewers: list[Viewer] = []
        self._waiting: deque[Viewer] = deque()
        self._greeting: dict[Viewer, asyncio.Future[None]] = {}
        self._workers: set[asyncio.Task[None]] = set()
        self._lost_connections = 0
        self.closed_by_code: Counter[int] = Counter()
        self.errors: Counter[str] = Counter()
        self.comebacks = Latencies()
        self.lags = Latencies()
        self._worst_lag_s = 0.0
        self._due_lag_s = 0.0
        self._moving = False
        self._connected_once = 0
        self.connect_s = 0.0

    # House

    def nothing_known(self) -> ZonesTold:
        return self._nothing

    def greeted(self, viewer: Viewer, mine: wire.Mine) -> None:
        waiting = self._greeting.get(viewer)
        if waiting is not None and not waiting.done():
            waiting.set_result(None)
        if viewer.comeback_s:
            self.comebacks.add(perf_counter() - viewer.comeback_s)
            viewer.comeback_s = 0.0
        self.buyers.greeted(viewer, mine)

    def answered(self, viewer: Viewer, message: wire.ServerMessage) -> None:
        self.buyers.answered(viewer, message)

    def broken(self, why: str) -> None:
        self.errors[why[:80]] += 1

    def lost(self, viewer: Viewer, code: int) -> None:
        self._lost_connections += 1
        self.closed_by_code[code] += 1
        waiting = self._greeting.get(viewer)
        if waiting is not None and not waiting.done():
            waiting.set_exception(ConnectionError(f"closed with {code}"))
            return
        if self.phase == "closing":
            return
        self._come_back(viewer, code)

    def _come_back(self, viewer: Viewer, code: int) -> None:
        """Plan another try, unless the server said not to."""
        for_good = 4100 <= code < 4200 or code in (403, 404)
        viewer.tries += 1
        if for_good or viewer.tries > _MOST_TRIES:
            self.errors[f"gave up after close code {code}"] += 1
            viewer.leaving = True
            return
        pause_s = self.random.uniform(0, _COMEBACK_S if code == ABNORMAL else 2 * _COMEBACK_S)
        self.agenda.add(clock() + pause_s * min(viewer.tries, 4), self._wait_at_door, viewer)

    def _wait_at_door(self, viewer: Viewer) -> None:
        if not viewer.comeback_s and self.phase != "connecting":
            viewer.comeback_s = perf_counter()
        self._waiting.append(viewer)
        self._open_doors()

    # Connecting

    def _open_doors(self) -> None:
        while self._waiting and len(self._workers) < _CONNECTING:
            worker = asyncio.create_task(self._connect(self._waiting.popleft()))
            self._workers.add(worker)
            worker.add_done_callback(self._door_free)

    def _door_free(self, worker: asyncio.Task[None]) -> None:
        self._workers.discard(worker)
        if not worker.cancelled() and (error := worker.exception()):
            self.errors[f"{type(error).__name__}: {error}"[:80]] += 1
        self._open_doors()

    async def _connect(self, viewer: Viewer) -> None:
        if viewer.leaving:
            return
        loop = asyncio.get_running_loop()
        greeted = self._greeting[viewer] = loop.create_future()
        try:
            async with asyncio.timeout(_CONNECT_TRY_S):
                await loop.create_connection(lambda: viewer, *self._address)
                await greeted
        except (OSError, TimeoutError):
            code = viewer.close_code
            if not viewer.greeted:
                greeted.cancel()
                viewer.drop()
                self._come_back(viewer, code)
        finally:
            del self._greeting[viewer]

    # The storm

    async def run(self) -> LoadResult:
        """Connect, make the storm, compare, give back, leave. Raises Trouble."""
        plan = self.plan
        api = ApiClient(plan.site)
        self._api = api
        event = await asyncio.to_thread(api.get, f"/api/v1/events/{plan.event}", _Event)
        view = await asyncio.to_thread(api.exchange, "GET", event.chart_view_url)
        self.ground = Ground(msgspec.msgpack.decode(view, type=ChartView))
        if not self.ground.seats:
            raise Trouble(f"event {plan.event} has no seats that are sold one by one")
        self._nothing = ZonesTold(self.ground.tiles.index)
        self._record = Record(Path(plan.record))
        self.buyers = Buyers(
            plan.event, plan.scenario, self.ground, self.agenda, self._record, self.random, clock
        )
        self._make_viewers(await self._tokens())
        calm_collector()
        reporting = asyncio.create_task(self._report())
        try:
            return await self._storm()
        finally:
            reporting.cancel()
            self._record.close()

    async def _storm(self) -> LoadResult:
        plan = self.plan
        for viewer in self.viewers:
            self.agenda.add(clock() + self.random.uniform(0, _PING_S), self._ping, viewer)
        await self._connect_all()
        self._moving = True
        begun_s, cpu_s = perf_counter(), process_time()
        self._measure_from()
        self.phase = "storm"
        near = [viewer for viewer in self.viewers if viewer.screen is not None]
        self._plan_habits(near)
        self.buyers.begin(near or self.viewers, plan.holds_per_s, plan.seconds)
        await self._wait(plan.seconds)
        seconds = perf_counter() - begun_s
        told = self.buyers.told["held"], self.frames, self.bytes, self.near_bytes, self.far_bytes
        cpu = (process_time() - cpu_s) / seconds
        connected = sum(viewer.greeted for viewer in self.viewers)
        self.phase = "settling"
        self.buyers.stop()
        await self._settle()
        self.phase = "comparing"
        found = await self._compare() if plan.compares else Comparison()
        self.phase = "giving back"
        holds = self.buyers.give_back(max(plan.holds_per_s, self.buyers.holding / _GIVE_BACK_S, 1))
        if holds:
            await self._until(lambda: not self.buyers.holding, _GIVE_BACK_S + 10)
        self.phase = "closing"
        self.agenda.clear()
        for viewer in self.viewers:
            viewer.leave()
        return self._result(seconds, connected, len(near), told, cpu, found)

    def _make_viewers(self, tokens: list[str]) -> None:
        scenario, random = self.plan.scenario, self.random
        near = round(len(tokens) * scenario.near_share)
        for number, token in enumerate(tokens):
            screen = self.ground.screen(random) if number < near else None
            viewer = Viewer(self, number, token, screen)
            if screen is not None and number < _NEAR_EYES:
                viewer.eye = NearEye(self.buyers.times)
                viewer.diary = Diary() if number < _DIARIES else None
            elif screen is None and number < near + _FAR_EYES:
                viewer.far_eye = FarEye(self.buyers.times)
            else:
                viewer.slow = random.random() < scenario.slow_share
                viewer.hoards = random.random() < scenario.hoard_share
            self.viewers.append(viewer)

    async def _tokens(self) -> list[str]:
        count = self.plan.viewers
        if self.plan.secret:
            tokens = ViewerTokens(self.plan.secret)
            return [tokens.mint()[1] for _ in range(count)]
        given: list[str] = []

        async def ask() -> None:
            api = ApiClient(self.plan.site)
            refused = 0
            while len(given) < count and not self.stopping.is_set():
                try:
                    each = await asyncio.to_thread(api.post, "/api/v1/viewers", {}, _Given)
                except ApiRefused as error:
                    refused += 1
                    if error.status != 429 or refused > 10 * _MOST_TRIES:
                        raise
                    await asyncio.sleep(1)
                    continue
                given.append(each.token)
            api.close()

        await asyncio.gather(*(ask() for _ in range(_TOKENS_AT_ONCE)))
        return given[:count]

    async def _connect_all(self) -> None:
        begun_s = perf_counter()
        order = list(self.viewers)
        self.random.shuffle(order)
        self._waiting.extend(order)
        self._open_doors()
        await self._until(
            lambda: all(viewer.greeted or viewer.leaving for viewer in self.viewers),
            _CONNECT_S + len(self.viewers) / _CONNECTS_PER_S,
        )
        self.connect_s = perf_counter() - begun_s
        if not any(viewer.greeted for viewer in self.viewers) and not self.stopping.is_set():
            why = ", ".join(f"{why} ({n})" for why, n in self.errors.most_common(3))
            raise Trouble(f"no viewer could connect to {self.plan.site}: {why or 'no answer'}")

    def _measure_from(self) -> None:
        self.frames = self.bytes = self.near_bytes = self.far_bytes = 0
        self._lost_connections = 0
        self.closed_by_code.clear()
        for viewer in self.viewers:
            if viewer.diary is not None:
                viewer.diary.begin()

    def _plan_habits(self, near: list[Viewer]) -> None:
        scenario, now_s = self.plan.scenario, clock()
        for viewer in self.viewers:
            if viewer.slow:
                pause_s = self.random.uniform(0, max(self.plan.seconds - scenario.stall_s, 1))
                self.agenda.add(now_s + pause_s, self._stall, viewer)
        for viewer in near:
            self.agenda.add(now_s + self.random.uniform(0, scenario.move_s[1]), self._move, viewer)
        if scenario.drop_every_s:
            self.agenda.add(now_s + scenario.drop_every_s / 2, self._drop, None)

    def _ping(self, viewer: Viewer) -> None:
        # While it settles, whatever comes is news.
        if self.phase != "settling":
            viewer.say(wire.Ping(1))
        self.agenda.add(clock() + _PING_S, self._ping, viewer)

    def _move(self, viewer: Viewer) -> None:
        if not self._moving or viewer.screen is None:
            return
        self.ground.move(viewer.screen, self.random)
        viewer.look()
        self.agenda.add(
            clock() + self.random.uniform(*self.plan.scenario.move_s), self._move, viewer
        )

    def _stall(self, viewer: Viewer) -> None:
        if self.phase == "storm":
            viewer.read(False)
            self.agenda.add(clock() + self.plan.scenario.stall_s, self._read_on, viewer)

    def _read_on(self, viewer: Viewer) -> None:
        viewer.read(True)
        self.agenda.add(clock() + self.plan.scenario.stall_s, self._stall, viewer)

    def _drop(self, _: None) -> None:
        """Many connections break at one moment."""
        if self.phase != "storm":
            return
        for viewer in self.viewers:
            if viewer.greeted and self.random.random() < self.plan.scenario.drop_share:
                viewer.drop()
        self.agenda.add(clock() + self.plan.scenario.drop_every_s, self._drop, None)

    # Waiting

    async def _wait(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self.stopping.wait(), seconds)
        except TimeoutError:
            pass

    async def _until(self, done: Callable[[], bool], at_most_s: float) -> bool:
        for _ in range(int(at_most_s / _SETTLE_POLL_S)):
            if done() or (self.stopping.is_set() and self.phase == "connecting"):
                return True
            await asyncio.sleep(_SETTLE_POLL_S)
        return done()

    async def _settle(self) -> None:
        """Wait until everyone is back, everything is answered, and nothing is told any more."""
        self._moving = False
        for viewer in self.viewers:
            if viewer.slow:
                viewer.read(True)
        await self._until(self._all_answered, _SETTLE_S)
        quiet_since_s, told = perf_counter(), self.bytes

        def quiet() -> bool:
            nonlocal quiet_since_s, told
            if self.bytes != told or not self._all_answered():
                quiet_since_s, told = perf_counter(), self.bytes
            return perf_counter() - quiet_since_s > _QUIET_S

        await self._until(quiet, _SETTLE_S)

    def _all_answered(self) -> bool:
        return not self.buyers.unanswered and all(v.greeted or v.leaving for v in self.viewers)

    async def _compare(self) -> Comparison:
        path = f"/api/v1/events/{self.plan.event}/state?places=true"
        state = await asyncio.to_thread(self._api.get, path, EventState)
        comparer = Comparer(statuses_of(state, self.ground.size), self.ground)
        viewers = [viewer for viewer in self.viewers if viewer.greeted]
        for at in range(0, len(viewers), _COMPARED_AT_ONCE):
            comparer.compare(viewers[at : at + _COMPARED_AT_ONCE])
            # It takes a while, and who says nothing for long is sent away.
            await asyncio.sleep(0)
        return comparer.found

    # Telling

    async def _report(self) -> None:
        self._feel_lag(None)
        begun_s = perf_counter()
        before = Second(at_s=0.0, phase="")
        cpu_s = process_time()
        due_s = begun_s
        while True:
            due_s = max(due_s + 1, perf_counter())
            await asyncio.sleep(due_s - perf_counter())
            totals = self._totals()
            now_cpu_s = process_time()
            took_s = max(perf_counter() - begun_s - before.at_s, 1e-3)
            second = msgspec.structs.replace(
                totals,
                at_s=round(before.at_s + took_s, 3),
                took_s=round(took_s, 3),
                cpu=round((now_cpu_s - cpu_s) / took_s, 3),
                lag_ms=round(self._worst_lag_s * 1000, 1),
                **{
                    name: getattr(totals, name) - getattr(before, name)
                    for name in _COUNTED
                    if getattr(totals, name) >= getattr(before, name)
                },
                **self._window(),
            )
            before, cpu_s = msgspec.structs.replace(totals, at_s=second.at_s), now_cpu_s
            self._worst_lag_s = 0.0
            say(Line(second=second))

    def _totals(self) -> Second:
        told = self.buyers.told
        return Second(
            at_s=0.0,
            phase=self.phase,
            connected=sum(viewer.greeted for viewer in self.viewers),
            near=sum(viewer.greeted and viewer.screen is not None for viewer in self.viewers),
            holds=told["held"],
            refused=told["refused"],
            ended=told["ended"],
            booked=told["booked"],
            skipped=self.buyers.skipped,
            errors=self.errors.total(),
            lost_connections=self._lost_connections,
            frames=self.frames,
            bytes=self.bytes,
        )

    def _window(self) -> dict[str, Any]:
        """Latencies of the second that ends, which then begin anew."""
        buyers, times = self.buyers, self.buyers.times
        figures = {
            f"{name}_p{percent}_ms": round(window.percentile(percent), 2)
            for name, window in (
                ("hold", buyers.window),
                ("seen", times.near_window),
                ("seen_far", times.far_window),
            )
            for percent in (50, 99)
        }
        buyers.window = Latencies()
        times.near_window, times.far_window = Latencies(), Latencies()
        return figures

    def _feel_lag(self, _: None) -> None:
        now_s = perf_counter()
        if self._due_lag_s:
            lag_s = max(0.0, now_s - self._due_lag_s)
            self.lags.add(lag_s)
            self._worst_lag_s = max(self._worst_lag_s, lag_s)
        self._due_lag_s = now_s + _LAG_EVERY_S
        asyncio.get_running_loop().call_later(_LAG_EVERY_S, self._feel_lag, None)

    def _result(
        self,
        seconds: float,
        connected: int,
        near: int,
        told: tuple[int, int, int, int, int],
        cpu: float,
        found: Comparison,
    ) -> LoadResult:
        buyers, times = self.buyers, self.buyers.times
        storm_holds, frames, bytes_, near_bytes, far_bytes = told
        diaries = [viewer.diary for viewer in self.viewers if viewer.diary is not None]
        far = len(self.viewers) - near
        return LoadResult(
            seconds=round(seconds, 2),
            viewers=len(self.viewers),
            connected=connected,
            connect_s=round(self.connect_s, 2),
            holds=buyers.told["held"],
            storm_holds=storm_holds,
            refused=buyers.told["refused"],
            refused_by_code=dict(buyers.refused_by_code),
            ended=buyers.told["ended"],
            booked=buyers.told["booked"],
            skipped=buyers.skipped,
            unanswered=buyers.unanswered,
            errors=dict(self.errors),
            lost_connections=self._lost_connections,
            closed_by_code=dict(self.closed_by_code),
            comebacks=self.comebacks.count,
            comeback_p50_ms=_ms(self.comebacks, 50),
            comeback_p99_ms=_ms(self.comebacks, 99),
            hold_p50_ms=_ms(buyers.hold_latencies, 50),
            hold_p99_ms=_ms(buyers.hold_latencies, 99),
            hold_max_ms=round(buyers.hold_latencies.max_ms, 2),
            release_p99_ms=_ms(buyers.release_latencies, 99),
            book_p99_ms=_ms(buyers.book_latencies, 99),
            seen=times.near.count,
            seen_p50_ms=_ms(times.near, 50),
            seen_p99_ms=_ms(times.near, 99),
            seen_max_ms=round(times.near.max_ms, 2),
            seen_far=times.far.count,
            seen_far_p50_ms=_ms(times.far, 50),
            seen_far_p99_ms=_ms(times.far, 99),
            frames=frames,
            bytes=bytes_,
            near_bytes_per_viewer_s=round(near_bytes / max(near, 1) / seconds, 1),
            far_bytes_per_viewer_s=round(far_bytes / max(far, 1) / seconds, 1),
            told_bytes=sum(diary.told_bytes for diary in diaries),
            ideal_bytes=sum(ideal_bytes(diary, self.ground) for diary in diaries),
            driver_cpu=round(cpu, 3),
            driver_lag_p99_ms=_ms(self.lags, 99),
            driver_rss_mb=round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
            compared=found.compared,
            diverged=found.diverged,
            findings=found.findings,
        )


_COUNTED: Final = (
    "holds",
    "refused",
    "ended",
    "booked",
    "skipped",
    "errors",
    "lost_connections",
    "frames",
    "bytes",
)


def say(line: Line) -> None:
    sys.stdout.buffer.write(msgspec.json.encode(line) + b"\n")
    sys.stdout.buffer.flush()


def _ms(latencies: Latencies, percent: float) -> float:
    return round(latencies.percentile(percent), 2)


async def _main() -> None:
    reader = asyncio.StreamReader(limit=1 << 20)
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    driver = Driver(msgspec.json.decode(await reader.readline(), type=LoadPlan))

    async def stop_at_end_of_input() -> None:
        await reader.read()
        driver.stopping.set()

    watch = asyncio.create_task(stop_at_end_of_input())
    try:
        say(Line(result=await driver.run()))
    except SeatEngineError as error:
        say(Line(trouble=str(error)))
    watch.cancel()


if __name__ == "__main__":
    _, _most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (_most, _most))
    uvloop.run(_main())
