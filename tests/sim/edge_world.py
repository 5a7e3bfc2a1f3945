"""The edge on virtual time: real sessions, real hub, real fan-out and real runner, and pages that
follow what they are told. Connections break in the middle of anything; what a page shows once all
is quiet must be what is so.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random

import numpy as np

from gateway import wire
from gateway.frames import BINARY, server_frame
from gateway.hub import Hub
from gateway.session import Bye, Effect, Greet, Open, Purchase, Say, Session
from seatengine.chart.seat_table import SeatTable
from seatengine.core import commands
from seatengine.core.outputs import Accepted, Answer, Code, Refusal
from seatengine.core.policy import SalePolicy
from seatengine.core.shard import Shard
from seatengine.ids import BookingId, CommandId, Epoch, EventId, HolderId
from seatengine.shell.recovery import recover
from seatengine.shell.runner import Runner
from seatengine.testing import (
    AppendFault,
    MemoryCharts,
    MemoryJournal,
    MemoryLease,
    MemorySnapshots,
)
from tests import venues
from tests.sim.truth import Broken, require
from tests.sim.virtual_time import LoopClock

EVENT = EventId("gala")
STEPS = 120
POLICY = SalePolicy(
    hold_ttl_ms=3_000, max_per_hold=4, max_per_holder=8, max_holds_per_holder=3, max_extensions=1
)
Outcome = Accepted | Refusal | Answer


@dataclass
class Page:
    """What one browser tab knows. `unanswered` messages are sent again after a break."""

    holder: str
    epoch: int = 0
    seq: int = 0
    statuses: bytearray = field(default_factory=bytearray)
    holds: dict[int, wire.HoldState] = field(default_factory=dict)
    unanswered: dict[str, wire.Command] = field(default_factory=dict)
    answers: dict[str, wire.ServerMessage] = field(default_factory=dict)
    refs: int = 0

    def hello(self) -> wire.Hello:
        return wire.Hello(wire.PROTOCOL_VERSION, self.holder, EVENT, self.epoch, self.seq)

    def hear(self, message: wire.ServerMessage) -> None:
        """Follow one message of the server."""
        match message:
            case wire.Welcome():
                self.epoch = message.epoch
            case wire.View():
                self.seq = message.seq
                packed = np.frombuffer(message.statuses, np.uint8)
                quads = np.stack([packed >> shift & 3 for shift in (0, 2, 4, 6)], axis=1)
                self.statuses = bytearray(quads.reshape(-1)[: message.count].tobytes())
            case wire.Delta() if message.seq > self.seq:
                require(message.after_seq <= self.seq, "E2", f"at {self.seq}: {message}")
                self.seq = message.seq
                places = np.frombuffer(message.places, "<u4").tolist()
                for place, status in zip(places, message.statuses, strict=True):
                    self.statuses[place] = status
            case wire.Mine():
                self.holds = {state.hold: state for state in message.holds}
            case wire.Held():
                self.holds[message.state.hold] = message.state
                self._answered(message.ref, message)
            case wire.Ended() | wire.Booked():
                self.holds.pop(message.hold, None)
                self._answered(message.ref, message)
            case wire.Refused():
                if message.code not in (Code.UNAVAILABLE, Code.OVERLOADED):
                    self._answered(message.ref, message)

    def _answered(self, ref: str, message: wire.ServerMessage) -> None:
        if ref:
            require(ref in self.unanswered, "E5", f"{ref} is answered, but nobody asked: {message}")
            del self.unanswered[ref]
            self.answers[ref] = message


class Line:
    """One connection of a page: does what its session says, as gateway/connection.py does.

    What is said arrives at once; once the line is cut, nothing does.
    """

    def __init__(self, page: Page, hub: Hub, runner: Runner, clock: LoopClock) -> None:
        self.page = page
        self.cut = False
        self._hub = hub
        self._runner = runner
        self._clock = clock
        self._session = Session(HolderId, clock.now_ms(), 100_000)
        self._greeted = False
        self.say(page.hello())
        for message in list(page.unanswered.values()):
            self.say(message)

    def say(self, message: wire.ClientMessage) -> None:
        """The page sends `message`."""
        if not self.cut:
            self._do(self._session.receive(wire.encode_message(message), self._clock.now_ms()))

    def hang_up(self) -> None:
        """The connection is gone; neither side will hear the other."""
        self.cut = True
        self._hub.unwatch(EVENT, self, HolderId(self.page.holder))

    # A Watcher of the hub.

    def send(self, message: bytes) -> None:
        if self._greeted:
            self._say(message)

    def send_delta(self, frame: bytes) -> None:
        if self._greeted:
            self._write(frame)

    def answer(self, accepted: Accepted) -> bool:
        if not self._session.asked(accepted.id):
            return False
        self._on_outcome(accepted)
        return True

    def greet_again(self) -> None:
        if self._greeted and not self.cut:
            self._do(self._session.read_holds())

    # What the session says.

    def _say(self, message: bytes) -> None:
        if not self.cut:
            self.page.hear(wire.decode_server_message(message))

    def _write(self, frame: bytes) -> None:
        for payload in _unframed(frame):
            self._say(payload)

    def _do(self, effect: Effect) -> None:
        match effect:
            case None:
                return
            case Say():
                self._say(effect.payload)
            case Bye():
                raise Broken(f"E3: a well-behaved page was sent away with {effect.code.name}")
            case Open():
                self._hub.watch(EVENT, self, HolderId(self.page.holder))
                self._do(self._session.read_holds())
            case Greet():
                self._runner.submit(EVENT, effect.command, self._on_greeting)
            case Purchase():
                book = commands.BookHold(
                    id=effect.command_id,
                    holder=HolderId(self.page.holder),
                    hold=effect.hold,
                    booking=BookingId(f"B-{effect.command_id}"),
                )
                self._runner.submit(EVENT, book, self._on_outcome)
            case _:
                self._runner.submit(EVENT, effect, self._on_outcome)

    def _on_greeting(self, outcome: Outcome) -> None:
        live = self._hub.live(EVENT)
        if self.cut or live is None:
            return
        if not isinstance(outcome, Answer):
            self.hang_up()
            return
        welcome, view, mine = self._session.welcome(live, outcome, self._clock.now_ms())
        self._say(welcome)
        self._write(view)
        self._say(mine)
        self._greeted = True

    def _on_outcome(self, outcome: Outcome) -> None:
        live = self._hub.live(EVENT)
        if not self.cut and live is not None and self._session.asked(outcome.id):
            self._say(self._session.outcome(live, outcome))


def _unframed(frame: bytes) -> Iterator[bytes]:
    """The payload of a server's frame, which is never masked nor cut into fragments."""
    for head in (2, 4, 10):
        if frame == server_frame(BINARY, frame[head:]):
            yield frame[head:]
            return
    raise Broken(f"E3: no frame of a server: {frame[:16]!r}")


class EdgeWorld:
    """`run` plays a whole seed inside `virtual_time.run`."""

    def __init__(self, seed: int, table: SeatTable | None = None) -> None:
        self._rng = Random(seed)
        self._table = table or venues.pocket()
        self._clock = LoopClock()
        self._journal = MemoryJournal()
        self._journal.create(EVENT)
        self._lease = MemoryLease(self._journal)
        self._snapshots = MemorySnapshots()
        self._charts = MemoryCharts([self._table])
        self._hub = Hub()
        self._shard: Shard | None = None
        self._runner = Runner(
            clock=self._clock,
            journal=self._journal,
            snapshots=self._snapshots,
            recover=self._recovered,
            listener=self._hub,
        )
        # Two tabs of one viewer, and three viewers with one each.
        self._pages = [Page(holder) for holder in ("v_a", "v_a", "v_b", "v_c", "v_d")]
        self._lines: list[Line] = []
        self._broken: list[Broken] = []

    async def run(self, steps: int = STEPS) -> None:
        """Raises Broken at the first broken promise."""
        asyncio.get_running_loop().set_exception_handler(self._on_error)
        await self._runner.open(EVENT)
        self._runner.offer_chart(EVENT, self._table)
        self._runner.submit(EVENT, self._bind(), lambda outcome: None)
        await asyncio.sleep(0.1)
        self._lines = [self._line(page) for page in self._pages]
        for _ in range(steps):
            await self._one_move()
            if self._broken:
                raise self._broken[0]
        await self._settle()
        await self._runner.close()

    def _on_error(self, loop: asyncio.AbstractEventLoop, context: dict[str, object]) -> None:
        error = context.get("exception")
        self._broken.append(error if isinstance(error, Broken) else Broken(f"D6: {error!r}"))

    async def _recovered(self, event: EventId) -> tuple[Shard, Epoch]:
        shard, epoch = await recover(
            event,
            "owner",
            lease=self._lease,
            journal=self._journal,
            snapshots=self._snapshots,
            charts=self._charts,
        )
        self._shard = shard
        return shard, epoch

    def _bind(self) -> commands.BindChart:
        return commands.BindChart(
            id=CommandId("k_staff/bind"),
            holder=HolderId("k_staff"),
            staff=True,
            chart_hash=self._table.chart_hash,
            policy=POLICY,
            tariff=venues.TARIFF,
        )

    def _line(self, page: Page) -> Line:
        return Line(page, self._hub, self._runner, self._clock)

    # The moves.

    async def _one_move(self) -> None:
        rng = self._rng
        roll = rng.random()
        if roll < 0.75:
            for _ in range(rng.choice((1, 1, 2, 4))):
                self._ask(rng.randrange(len(self._lines)))
        elif roll < 0.88:
            number = rng.randrange(len(self._lines))
            self._lines[number].hang_up()
            if rng.random() < 0.8:
                self._lines[number] = self._line(self._pages[number])
        elif roll < 0.94:
            self._journal.order(rng.choice(tuple(AppendFault)))
        elif roll < 0.97:
            await self._settle()
        await asyncio.sleep(rng.choice((0, 0, 0, 0.001, 0.004, 0.03, 0.4)))
        if self._journal.stalled and rng.random() < 0.5:
            self._journal.resume()

    def _ask(self, number: int) -> None:
        page = self._pages[number]
        page.refs += 1
        message = self._message(page, f"{number}-{page.refs}")
        page.unanswered[message.ref] = message
        self._lines[number].say(message)

    def _message(self, page: Page, ref: str) -> wire.Command:
        rng = self._rng
        roll = rng.random()
        if not page.holds or roll < 0.35:
            first = rng.randrange(16)
            into = rng.choice(list(page.holds)) if page.holds and rng.random() < 0.4 else 0
            if roll < 0.08:
                return wire.HoldBest(ref, rng.choice((1, 2, 3)), into=into)
            return wire.Hold(ref, [first, first + 1][: rng.choice((1, 2))], into)
        hold = rng.choice(list(page.holds))
        if roll < 0.55:
            return wire.Drop(ref, hold, page.holds[hold].places[:1])
        if roll < 0.70:
            return wire.Extend(ref, hold)
        if roll < 0.90:
            return wire.Release(ref, hold)
        return wire.Book(ref, hold, "Ada", "ada@example.org")

    # When all is quiet.

    async def _settle(self) -> None:
        """Everybody comes back and asks again what was not answered; then all must be shown."""
        for _ in range(4):
            for number, page in enumerate(self._pages):
                if self._lines[number].cut or page.unanswered:
                    self._lines[number].hang_up()
                    self._lines[number] = self._line(page)
            for _ in range(4):
                self._journal.calm()
                await asyncio.sleep(0.1)
        if self._broken:
            raise self._broken[0]
        await self._until_said()
        shard = self._shard
        assert shard is not None
        for number, page in enumerate(self._pages):
            require(not page.unanswered, "D6", f"page {number} waits for {page.unanswered}")
            self._check_map(number, page, shard)
            self._check_basket(number, page, shard)

    async def _until_said(self) -> None:
        """A hold may have ended just now: until the shard has been quiet for longer than a tick."""
        for _ in range(50):
            shard = self._shard
            assert shard is not None
            seq, next_ms = shard.seq, shard.next_expiry_ms
            await asyncio.sleep(0.2)
            if shard.seq == seq and next_ms > self._clock.now_ms():
                return

    def _check_map(self, number: int, page: Page, shard: Shard) -> None:
        shown = bytes(page.statuses)
        so = bytes(min(status, 3) for status in shard.state.status)
        wrong = {p: (a, b) for p, (a, b) in enumerate(zip(shown, so, strict=True)) if a != b}
        require(not wrong, "V2", f"page {number} at {page.seq} of {shard.seq} shows {wrong}")

    def _check_basket(self, number: int, page: Page, shard: Shard) -> None:
        own = shard.state.holds_by_holder.get(HolderId(page.holder), [])
        shown = {s.hold: (sorted(s.places), s.expires_at_ms) for s in page.holds.values()}
        so = {int(h.id): (sorted(h.places), h.expires_at_ms) for h in own}
        require(shown == so, "E6", f"page {number} shows the holds {shown}, there are {so}")
