"""A real server under load from real websocket clients, to be killed at any moment.

The viewers fight over a small hall and write down what they are told; after each kill everything
told is held against the journal, the tables, and what the new server says.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
import time
from asyncio.subprocess import PIPE, Process
from pathlib import Path
from random import Random
from typing import Final, Literal

import numpy as np

from gateway.client.client import Answer, Asked, Client
from gateway.demo.told import Told
from gateway.demo.verdict import command_of, judge
from gateway.live.wire import (
    Book,
    Booked,
    Drop,
    Ended,
    Extend,
    Held,
    Hold,
    HoldBest,
    Refused,
    Release,
)
from gateway.sale.audit import Auditor
from gateway.sale.audit_store import audit_event
from gateway.sale.auth import ViewerTokens
from seatengine.core import commands
from seatengine.core.entries import Entry, decode_frame, frame
from seatengine.core.outputs import Code
from seatengine.core.policy import SalePolicy, Tariff
from seatengine.core.seating import STATUS_NAMES
from seatengine.core.shard import Shard
from seatengine.ids import CommandId, EventId, HolderId, Seq
from seatengine.ports import Append
from seatengine.shell.postgres import Pool
from seatengine.shell.postgres_journal import PostgresJournal
from seatengine.shell.postgres_stores import PostgresCharts, PostgresLease
from tests.shell.stores import insert_event
from tests.venues import hall_chart

EVENT: Final = EventId("siege")
_SECRET: Final = "the secret of a server under siege"
_HALL: Final = hall_chart(20, 200)
_TTL_MS: Final = 3_000
_POLICY: Final = SalePolicy(hold_ttl_ms=_TTL_MS, max_per_holder=400, max_per_hold=10)
_STARTS_WITHIN_S: Final = 30.0
_PATIENCE_S: Final = 40.0
# Faster, and the server would close the connection for sending too much.
_PAUSE_S: Final = 0.022
_RETRIED: Final = 3
# A hold this close to its end may be gone when it is looked at.
_EXPIRY_MARGIN_MS: Final = 1_500

# The real command, but with snapshots so often that most recoveries begin with one.
_SERVE: Final = (
    "from seatengine import limits; limits.SNAPSHOT_EVERY_ENTRIES = 300;"
    "from gateway.cli.main import main; main()"
)


class Server:
    """`seatengine serve` in a process of its own, with its embedded Postgres under `folder`."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        self.log = folder / "server.log"
        self._environ = {
            **{k: v for k, v in os.environ.items() if not k.startswith("SEATENGINE_")},
            "SEATENGINE_DATA_DIR": str(folder),
            "SEATENGINE_PORT": str(self.port),
            "SEATENGINE_SECRET": _SECRET,
        }
        self._environ.pop("DATABASE_URL", None)
        self._process: Process | None = None

    async def launch(self) -> None:
        with self.log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-c", _SERVE, "serve", env=self._environ, stdout=PIPE, stderr=log
            )

    async def serving(self) -> None:
        """Wait until it says that it serves."""
        assert self._process is not None
        assert self._process.stdout is not None
        line = await asyncio.wait_for(self._process.stdout.readline(), _STARTS_WITHIN_S)
        assert line.startswith(b"Serving"), self.log.read_text()[-3_000:]

    async def kill(self, how: signal.Signals = signal.SIGKILL) -> int:
        """End it, if it has not ended, and wait until it has; its exit code."""
        assert self._process is not None
        if self._process.returncode is None:
            self._process.send_signal(how)
        await self._process.communicate()
        code = self._process.returncode
        assert code is not None
        return code


class Viewer:
    """One buyer who wants what others want, and remembers every answer."""

    def __init__(self, number: int, url: str) -> None:
        _, self._token = ViewerTokens(_SECRET).mint()
        self.client = Client(url, EVENT, self._token, patience_s=_PATIENCE_S)
        self.told: list[Told] = []
        self.answers: list[tuple[Asked, Answer]] = []
        self._dice = Random(number)
        self._may_ask = asyncio.Event()
        self._idle = asyncio.Event()

    async def join(self) -> None:
        await self.client.connect()
        self.living = asyncio.create_task(self._live())

    async def leave(self) -> None:
        self.living.cancel()
        await asyncio.gather(self.living, return_exceptions=True)
        await self.client.close()

    def begin(self) -> None:
        self._idle.clear()
        self._may_ask.set()

    async def rest(self) -> None:
        """Return once every command has its answer."""
        self._may_ask.clear()
        idle = asyncio.create_task(self._idle.wait())
        await asyncio.wait({idle, self.living}, return_when=asyncio.FIRST_COMPLETED)
        idle.cancel()
        if self.living.done():
            self.living.result()

    async def _live(self) -> None:
        """Ask one thing after another, for ever."""
        while True:
            if not self._may_ask.is_set():
                self._idle.set()
                await self._may_ask.wait()
            message = self._next()
            answer = await self.client.ask(message)
            # What "the hold has ended" answers may have been carried out before the hold ended.
            if not isinstance(answer, Refused) or answer.code != Code.HOLD_ENDED:
                self.answers.append((message, answer))
                self.told.append(self._fact(message, answer))
            await asyncio.sleep(_PAUSE_S)

    def _next(self) -> Asked:
        dice, ref = self._dice, self.client.ref()
        hold = dice.choice([*self.client.holds] or [0])
        mood = dice.random()
        if not hold or (len(self.client.holds) < 3 and mood < 0.35):
            if mood < 0.1:
                return HoldBest(ref, dice.randint(1, 4))
            return Hold(ref, self._wish())
        if mood < 0.5:
            return Release(ref, hold)
        if mood < 0.6:
            return Extend(ref, hold)
        if mood < 0.7:
            return Hold(ref, self._wish(), hold)
        if mood < 0.8:
            return Drop(ref, hold, self.client.holds[hold].places[:1])
        if mood < 0.81:
            return Book(ref, hold, "Ada Example", "ada@example.org")
        return Release(ref, hold)

    def _wish(self) -> list[int]:
        statuses = self.client.statuses
        assert statuses is not None
        free = np.flatnonzero(statuses == 0)
        count = self._dice.randint(1, 3)
        if len(free) < 40:
            return self._dice.sample(range(len(statuses)), count)
        # Everyone wants the first of the free ones, so many lose a race.
        return [int(p) for p in self._dice.sample(list(free[:40]), count)]

    def _fact(self, message: Asked, answer: Answer) -> Told:
        viewer = self.client.viewer
        match answer:
            case Held(ref, state):
                new = isinstance(message, Hold | HoldBest) and not message.into
                kind: Literal["held", "changed"] = "held" if new else "changed"
                return Told(kind, EVENT, viewer, ref, state.hold, places=state.places)
            case Ended(ref, hold):
                return Told("ended", EVENT, viewer, ref, hold)
            case Booked(ref, hold, booking, places, total):
                return Told("booked", EVENT, viewer, ref, hold, booking, places, total)
            case Refused(ref, code):
                return Told("refused", EVENT, viewer, ref, code=code)

    async def ask_again(self) -> None:
        """Send some answered commands once more: the answers must be the ones given."""
        accepted = [(m, a) for m, a in self.answers if not isinstance(a, Refused)]
        for message, first in [*accepted[:1], *accepted[-_RETRIED:]]:
            again = await self.client.ask(message)
            if isinstance(first, Booked):
                assert again == first
            elif isinstance(again, Refused):
                assert again.code == Code.HOLD_ENDED, (first, again)
                assert _hold_of(first) not in self.lasting_holds(), (first, again)
            else:
                assert _hold_of(again) == _hold_of(first), (first, again)
            await asyncio.sleep(_PAUSE_S)

    async def find_holds_again(self) -> None:
        """Another tab of this viewer must be told of every hold that it believes to have."""
        before = self.lasting_holds()
        tab = Client(self.client.url, EVENT, self._token, patience_s=_PATIENCE_S)
        await tab.connect()
        found = {number: set(hold.places) for number, hold in tab.holds.items()}
        await tab.close()
        for number in self.lasting_holds():
            assert found.get(number) == before[number], (number, before, found)

    def lasting_holds(self) -> dict[int, set[int]]:
        """Its holds, but for those about to end, and their places."""
        soon_ms = time.time_ns() // 1_000_000 + _EXPIRY_MARGIN_MS
        return {
            hold.hold: set(hold.places)
            for hold in self.client.holds.values()
            if hold.expires_at_ms > soon_ms
        }


def _hold_of(answer: Answer) -> int:
    return answer.state.hold if isinstance(answer, Held) else getattr(answer, "hold", 0)


async def audit(pool: Pool, viewers: list[Viewer]) -> list[Entry]:
    """Hold everything told against the journal, and that against the tables; the journal."""
    told = [fact for viewer in viewers for fact in viewer.told]
    watched = frozenset(map(command_of, told))
    async with pool.acquire() as connection:
        audited = await audit_event(connection, EVENT, watched)
        frames = await connection.fetch(
            "select frame from journal where event_id = $1 order by first_seq", EVENT
        )
    verdict = judge(told, {EVENT: audited.auditor})
    assert verdict.findings == []
    assert (verdict.double_sold, verdict.lost) == (0, 0)
    return [entry for (data,) in frames for entry in decode_frame(data)]


async def account_for_every_place(url: str, pool: Pool) -> None:
    """What a newcomer is shown is, place by place, what the journal says."""
    _, token = ViewerTokens(_SECRET).mint()
    newcomer = Client(url, EVENT, token, patience_s=_PATIENCE_S)
    await newcomer.connect()
    seq, statuses = newcomer.seq, newcomer.statuses
    await newcomer.close()
    assert statuses is not None
    auditor = Auditor()
    auditor.read((await audit(pool, []))[:seq])
    expected = [STATUS_NAMES.index(auditor.status(p)) for p in range(_HALL.next_index)]
    assert statuses.tolist() == expected


async def put_on_sale(url: str, pool: Pool) -> None:
    """The hall, bound and selling, before any server has seen it."""
    await insert_event(pool, EVENT, _HALL)
    claim = await PostgresLease(pool).claim(EVENT, "setup")
    charts = PostgresCharts(pool)
    chart_hash = await pool.fetchval("select chart_hash from event")
    shard = Shard(EVENT, {chart_hash: await charts.seat_table(chart_hash)})
    bind = commands.BindChart(
        id=CommandId("bind"),
        holder=HolderId("k_setup"),
        staff=True,
        chart_hash=chart_hash,
        policy=_POLICY,
        tariff=Tariff("EUR", (9_000, 4_000)),
    )
    shard.step(bind, 1)
    batch = shard.take_ready()
    assert batch is not None
    journal = PostgresJournal(url, pool)
    data = frame(batch.encoded)
    assert not await journal.append([Append(EVENT, claim.epoch, Seq(1), Seq(batch.seq), data)])
    journal.close()
