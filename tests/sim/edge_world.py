"""The edge on virtual time: real connections, sessions, hub, fan-out and runner, and pages that
follow what they are told, looking here and there. Some read slowly, and connections break in the
middle of anything; what a page shows once all is quiet must be what is so.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from random import Random

from gateway.live import wire
from gateway.live.connection import LiveEdge
from gateway.live.session import Purchase
from gateway.live.sight import Sight
from gateway.live.wire import CloseCode
from seatengine.chart.seat_table import GroupKind
from seatengine.core import commands
from seatengine.core.outputs import Accepted, Answer, Code, Refusal
from seatengine.core.policy import SalePolicy
from seatengine.core.shard import Shard
from seatengine.ids import BookingId, EventId, HolderId
from seatengine.shell.runner import Outcome
from seatengine.testing import AppendFault
from tests.gateway.live.onlookers import (
    EVERYWHERE,
    FAR_OUT,
    house,
    house_chart,
    overclaimed,
    sight_of,
    wrong,
)
from tests.gateway.live.pipe import Pipe
from tests.gateway.live.stage import EVENT, Stage
from tests.sim.truth import Broken, require

STEPS = 120
AREA = next(n for n, g in enumerate(house().groups) if g.kind == GroupKind.AREA)
POLICY = SalePolicy(
    hold_ttl_ms=3_000, max_per_hold=40, max_per_holder=80, max_holds_per_holder=3, max_extensions=1
)
LOOKS = (
    EVERYWHERE,
    FAR_OUT,
    wire.Look(-20, 0, 170, 60, 2.0),
    wire.Look(150, 0, 330, 60, 2.0),
    wire.Look(-20, 150, 420, 420, 1.0),
    wire.Look(-20, 0, 420, 420, 0.5),
    wire.Look(-20, 0, 800, 420, 1.0, "u"),
    wire.Look(5_000, 5_000, 5_100, 5_100, 1.0),
    wire.Look(0, 0, 0, 0, 0.0, "", [0]),
    wire.Look(0, 0, 0, 0, 0.0, "", [1, 3]),
)
MAY_COME_BACK = (CloseCode.COME_BACK, CloseCode.TOO_SLOW, CloseCode.OVERLOADED)


@dataclass
class Page:
    """What one browser tab knows. `unanswered` messages are sent again after a break."""

    holder: str
    sight: Sight = field(default_factory=lambda: sight_of(house_chart(), house()))
    look: wire.Look = FAR_OUT
    holds: dict[int, wire.HoldState] = field(default_factory=dict)
    unanswered: dict[str, wire.Command] = field(default_factory=dict)
    answers: dict[str, wire.ServerMessage] = field(default_factory=dict)
    refs: int = 0

    def hear(self, message: wire.ServerMessage) -> None:
        """Follow one message of the server."""
        before = self.sight.seq
        if self.sight.take(message):
            # The server never goes back in time: what is told is as of now or later.
            require(self.sight.seq >= before, "E2", f"at {before}: {message}")
            return
        match message:
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
    """One connection of a page, which reads what is sent as soon as it is told to."""

    def __init__(self, page: Page, edge: LiveEdge) -> None:
        self.page = page
        self._pipe = Pipe(edge)
        self.say(page.sight.hello(page.holder, EVENT))
        self.say(page.look)
        for message in list(page.unanswered.values()):
            self.say(message)

    @property
    def cut(self) -> bool:
        """Whether it is over."""
        return self._pipe.closed or self._pipe.close_code != 0

    def say(self, message: wire.ClientMessage) -> None:
        """The page sends `message`."""
        if not self.cut:
            self._pipe.say(wire.encode_message(message))

    def look(self, look: wire.Look) -> None:
        """The page looks elsewhere."""
        self.page.look = look
        self.say(look)

    def read(self, at_most: int | None = None) -> None:
        """The page takes in so many bytes more, all that are there if not said."""
        for payload in self._pipe.read(at_most):
            self.page.hear(wire.decode_server_message(payload))
        code = self._pipe.close_code
        if code and code not in MAY_COME_BACK:
            raise Broken(f"E3: a well-behaved page was sent away with {code}")

    def hang_up(self) -> None:
        """The connection is gone; neither side will hear the other."""
        self._pipe.cut()


class Venue(Stage):
    """The stage with a box office."""

    async def _book(
        self, event: EventId, purchase: Purchase, holder: HolderId
    ) -> Accepted | Refusal:
        said: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        book = commands.BookHold(
            id=purchase.command_id,
            holder=holder,
            hold=purchase.hold,
            booking=BookingId(f"B-{purchase.command_id}"),
        )
        self.ask(book, said.set_result)
        outcome = await said
        assert not isinstance(outcome, Answer)
        return outcome


class EdgeWorld:
    """`run` plays a whole seed inside `virtual_time.run`."""

    def __init__(self, seed: int) -> None:
        self._rng = Random(seed)
        self._stage = Venue(house_chart(), house(), POLICY)
        # Two tabs of one viewer, and three viewers with one each.
        self._pages = [Page(holder) for holder in ("v_a", "v_a", "v_b", "v_c", "v_d")]
        self._lines: list[Line] = []

    async def run(self, steps: int = STEPS) -> None:
        """Raises Broken at the first broken promise."""
        await self._stage.opened()
        self._stage.bind()
        await asyncio.sleep(0.1)
        for page in self._pages:
            page.look = self._rng.choice(LOOKS)
        self._lines = [self._line(page) for page in self._pages]
        for _ in range(steps):
            await self._one_move()
            self._check_claims()
        await self._settle()
        await self._stage.runner.close()

    def _line(self, page: Page) -> Line:
        return Line(page, self._stage.edge)

    def _fail(self) -> None:
        for error in self._stage.failures:
            raise error if isinstance(error, Broken) else Broken(f"D6: {error!r}") from error

    # The moves.

    async def _one_move(self) -> None:
        rng = self._rng
        journal = self._stage.journal
        number = rng.randrange(len(self._lines))
        roll = rng.random()
        if roll < 0.5:
            for _ in range(rng.choice((1, 1, 2, 4))):
                self._ask(rng.randrange(len(self._lines)))
        elif roll < 0.65:
            await self._look_in_the_middle(number)
        elif roll < 0.78:
            self._lines[number].hang_up()
            if rng.random() < 0.8:
                self._lines[number] = self._line(self._pages[number])
        elif roll < 0.86:
            journal.order(rng.choice(tuple(AppendFault)))
        elif roll < 0.88:
            await self._settle()
        await asyncio.sleep(rng.choice((0, 0, 0, 0.001, 0.004, 0.03, 0.4)))
        for number, line in enumerate(self._lines):
            # The last page is on a bad line.
            reads = rng.random() * (1 if number < len(self._lines) - 1 else 6)
            if reads < 0.6:
                line.read()
            elif reads < 0.8:
                line.read(rng.randrange(1, 300))
        self._fail()
        if journal.stalled and rng.random() < 0.5:
            journal.resume()

    async def _look_in_the_middle(self, number: int) -> None:
        """A page looks elsewhere, often while others are being told of a change."""
        rng = self._rng
        if rng.random() < 0.6:
            self._ask(rng.randrange(len(self._lines)))
            for _ in range(rng.randrange(10)):
                await asyncio.sleep(0)
        self._lines[number].look(rng.choice(LOOKS))
        self._lines[number].read(rng.choice((None, rng.randrange(4, 30))))
        self._check_claims()

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
            into = rng.choice(list(page.holds)) if page.holds and rng.random() < 0.4 else 0
            if roll < 0.05:
                return wire.HoldBest(ref, rng.choice((1, 2, 3)), into=into)
            if roll < 0.08:
                return wire.HoldQuantity(ref, AREA, rng.choice((1, 2, 5)), into)
            # Many want the same few seats, and some want a great many.
            first = rng.choice((rng.randrange(12), rng.randrange(200)))
            return wire.Hold(ref, list(range(first, first + rng.choice((1, 2, 2, 30)))), into)
        hold = rng.choice(list(page.holds))
        if roll < 0.55:
            return wire.Drop(ref, hold, page.holds[hold].places[:1])
        if roll < 0.70:
            return wire.Extend(ref, hold)
        if roll < 0.90:
            return wire.Release(ref, hold)
        return wire.Book(ref, hold, "Ada", "ada@example.org")

    def _check_claims(self) -> None:
        live = self._stage.hub.live(EVENT)
        for number, page in enumerate(self._pages):
            if live is not None and page.sight.epoch == live.epoch:
                said = overclaimed(page.sight, live.statuses, self._stage.hub.changed_seq)
                require(not said, "N2", f"page {number} would claim too much: {said}")

    # When all is quiet.

    async def _settle(self) -> None:
        """Everybody comes back and asks again what was not answered; then all must be shown."""
        for _ in range(4):
            for number, page in enumerate(self._pages):
                self._lines[number].read()
                if self._lines[number].cut or page.unanswered:
                    self._lines[number].hang_up()
                    self._lines[number] = self._line(page)
            for _ in range(4):
                self._stage.journal.calm()
                await asyncio.sleep(0.1)
                for line in self._lines:
                    line.read()
        self._fail()
        await self._until_said()
        shard = self._stage.shard
        assert shard is not None
        for number, page in enumerate(self._pages):
            require(not page.unanswered, "D6", f"page {number} waits for {page.unanswered}")
            self._check_map(number, page, shard)
            self._check_basket(number, page, shard)

    async def _until_said(self) -> None:
        """A hold may have ended just now: until the shard has been quiet for longer than the
        longest pause between two ticks."""
        for _ in range(50):
            shard = self._stage.shard
            assert shard is not None
            seq, next_ms = shard.seq, shard.next_expiry_ms
            for _ in range(4):
                await asyncio.sleep(0.6)
                for line in self._lines:
                    line.read()
            if shard.seq == seq and next_ms > self._stage.clock.now_ms():
                return

    def _check_map(self, number: int, page: Page, shard: Shard) -> None:
        amiss = wrong(page.sight, self._stage.table, bytes(shard.state.status))
        require(not amiss, "N1", f"page {number} at {page.sight.seq} of {shard.seq}: {amiss}")

    def _check_basket(self, number: int, page: Page, shard: Shard) -> None:
        own = shard.state.holds_by_holder.get(HolderId(page.holder), [])
        shown = {s.hold: (sorted(s.places), s.expires_at_ms) for s in page.holds.values()}
        so = {int(h.id): (sorted(h.places), h.expires_at_ms) for h in own}
        require(shown == so, "E6", f"page {number} shows the holds {shown}, there are {so}")
