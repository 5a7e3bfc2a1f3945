"""One websocket: bytes to its session and back, and everything that bounds it. Thin.

uvicorn hands the socket over with the upgrade request (its `ws=` protocol class); from then on
frames are ours, because this is the hot path: a fan-out writes the same ready bytes to every viewer
without a layer in between.
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import time
from typing import TYPE_CHECKING, Any, Final, cast

from websockets.http11 import Request

from gateway.live import frames
from gateway.live.broadcast import write_now
from gateway.live.door import Knock
from gateway.live.edge import Edge
from gateway.live.frames import BINARY, FrameError, FrameReader, server_frame
from gateway.live.handshake import Shut, shake_hands
from gateway.live.session import Bye, Effect, Greet, Open, Purchase, Say, Session
from gateway.live.token_bucket import TokenBucket
from gateway.live.watching import Watch
from gateway.live.wire import CloseCode, Look
from seatengine import limits
from seatengine.core.commands import Command
from seatengine.core.outputs import Accepted, Answer, Code, Refusal
from seatengine.errors import SeatEngineError, StoreUnavailable, UnknownEvent
from seatengine.ids import EventId

if TYPE_CHECKING:
    from uvicorn.server import ServerState

    from seatengine.shell.runner import Outcome

_CLOSE_GRACE_S: Final = 2.0
# What may be said behind Hello while it waits: a Look, and what an impatient client says.
_FIRST_MESSAGES: Final = 4

_log = logging.getLogger(__name__)


class LiveEdge(Edge):
    """The Edge of the connections that uvicorn hands over."""

    def protocol_class(self) -> type[LiveConnection]:
        """A class for uvicorn's `ws=`, bound to this edge."""
        edge = self

        class Bound(LiveConnection):
            __slots__ = ()

            def __init__(self, *, server_state: ServerState, **_uvicorn: object) -> None:
                super().__init__(edge, server_state.connections)

        return Bound


class LiveConnection(asyncio.Protocol):
    """A viewer's socket. Everything it may use up is bounded by limits.py."""

    __slots__ = (
        "_address",
        "_closing",
        "_edge",
        "_entering",
        "_event",
        "_first",
        "_greeted",
        "_heard_s",
        "_lagging",
        "_look_bucket",
        "_next_look",
        "_open",
        "_queued",
        "_raw_fd",
        "_reader",
        "_server_connections",
        "_session",
        "_slow_s",
        "_transport",
        "fd",
        "watch",
    )

    def __init__(self, edge: Edge, server_connections: set[Any]) -> None:
        self._edge = edge
        self._server_connections = server_connections
        self._transport: asyncio.Transport | None = None
        self._open = False
        self._reader = FrameReader(limits.MAX_MESSAGE_BYTES)
        self._session = Session(edge.identify, _now_ms(), edge.messages_per_second)
        self._event: EventId | None = None
        self._first: list[bytes] | None = None
        self._entering: Open | Greet | None = None
        self._greeted = False
        self._closing = False
        self._lagging = False
        self._queued = False
        self._slow_s = 0.0
        self._raw_fd = -1
        self.fd = -1
        self._heard_s = time.monotonic()
        self._address = ""
        self._look_bucket: TokenBucket | None = None
        self._next_look: Look | None = None
        self.watch = Watch()

    # asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are asyncio's in all but name, so only the type checker is told.
        self._transport = cast("asyncio.Transport", transport)

    def connection_lost(self, _exc: Exception | None) -> None:
        edge = self._edge
        if self._event is not None:
            edge.hub.unwatch(self._event, self, self._session.holder)
        if self._open:
            edge.left(self, self._address)
        self._server_connections.discard(self)
        self._transport = None
        self._closing = True
        self.fd = -1
        edge.descriptors.forget(self)
        self.give_back()

    def data_received(self, data: bytes) -> None:
        if self._session.holder:
            # Until it has said Hello, dripping bytes does not count as talking.
            self._heard_s = time.monotonic()
        if self._closing:
            return
        if not self._open:
            self._shake_hands(data)
            return
        try:
            messages = self._reader.feed(data)
        except FrameError as error:
            self._close(error.close_code)
            return
        for opcode, payload in messages:
            if opcode != BINARY:
                self._hear_control(opcode, payload)
            elif self._session.holder:
                self._do(self._session.receive(payload, _now_ms()))
            else:
                self._hear_first(payload)
            if self._closing:
                return

    def eof_received(self) -> bool:
        return False

    def pause_writing(self) -> None:
        """The socket takes no more for now, and something waits behind it."""
        self.fd = -1
        self._queued = True
        self._note_backlog(self.backlog())

    def resume_writing(self) -> None:
        """Nothing waits any more."""
        self._queued = False
        if self._slow_s:
            self._slow_s = 0.0
            self._edge.outboxes.forget(self)
        if self._closing:
            return
        self._write_past_transport()
        if self._lagging:
            self._lagging = False
            if self._event is not None:
                self._edge.resyncs += 1
                self._write(self._edge.hub.afresh(self._event, self))

    def shutdown(self) -> None:
        """The server stops: viewers may come back soon, but not all at once."""
        self._close(CloseCode.COME_BACK, self._come_back(limits.RESTART_MS))

    # The edge's side

    def enter(self) -> None:
        """It is this connection's turn to be greeted."""
        if self._closing:
            return
        first, self._first = self._first, None
        for payload in first or ():
            self._do(self._session.receive(payload, _now_ms()))
            if self._closing:
                return
        if isinstance(self._entering, Greet):
            self._submit_greeting(self._entering)

    def give_back(self) -> None:
        """Close its second descriptor, and write by its transport from now on."""
        self.fd = -1
        if self._raw_fd >= 0:
            os.close(self._raw_fd)
            self._raw_fd = -1

    def backlog(self) -> int:
        """Bytes written that the socket has not taken yet."""
        return self._transport.get_write_buffer_size() if self._transport is not None else 0

    def abort(self, code: CloseCode) -> None:
        """End it at once: a close frame would have to wait behind what is not read."""
        if not self._closing:
            self._edge.closed_by_code[code] += 1
        self._abort()

    def check_time(self, now_s: float) -> None:
        """Close if the Hello, the reading or the silence takes too long."""
        if self._closing:
            return
        silent_ms = (now_s - self._heard_s) * 1000
        if not self._session.holder:
            # One whose Hello waits at the door is not late: we are.
            if self._first is None and silent_ms > limits.HANDSHAKE_TIMEOUT_MS:
                self._close(CloseCode.COME_BACK)
        elif self._slow_s and (now_s - self._slow_s) * 1000 > limits.SLOW_READER_MS:
            self._close(CloseCode.TOO_SLOW)
        elif silent_ms > limits.IDLE_TIMEOUT_MS:
            self._close(CloseCode.IDLE)

    # The hub's side

    def send(self, message: bytes) -> None:
        """Send one message of this viewer's own, however busy the event is."""
        if self._greeted:
            self._say(message)

    def send_frames(self, frames: bytes) -> None:
        """Send framed messages of this viewer's own."""
        if self._greeted:
            self._write(frames)

    def send_news(self, frame: bytes) -> None:
        """Send a ready frame; a viewer that does not keep up loses it, and gets all it watches
        afresh once it does."""
        if not self._greeted:
            # The greeting will have it.
            return
        if self._closing or self._transport is None:
            return
        if self._queued:
            size = self.backlog() + len(frame)
            if self._slow_s or size > limits.SLOW_READER_BYTES:
                self._note_backlog(size)
                self._lagging = True
                self._edge.news_dropped += 1
                return
        self._write(frame)

    def send_rest(self, rest: bytes) -> None:
        """Send what a direct write to `fd` left over: the rest of a frame, or all of it."""
        transport = self._transport
        if transport is None or self._closing:
            return
        self.fd = -1
        transport.write(rest)
        self._write_past_transport()

    def answer(self, accepted: Accepted) -> bool:
        """Answer that command, if this connection waits for it."""
        if not self._session.asked(accepted.id):
            return False
        self._on_outcome(accepted)
        return True

    def greet_again(self) -> None:
        """The event was rebuilt: send Welcome, what is watched, and Mine anew."""
        if self._greeted and not self._closing:
            # What comes before it would be about places as they are now, and claim that the
            # viewer knows how they came to be so.
            self._greeted = False
            self.fd = -1
            self._greet(self._session.read_holds())

    # Handshake

    def _shake_hands(self, head: bytes) -> None:
        transport = self._transport
        assert transport is not None
        edge = self._edge

        def shut(request: Request) -> Shut | None:
            peer = transport.get_extra_info("peername")
            self._address = edge.proxies.client(
                str(peer[0]) if isinstance(peer, tuple) and peer else "",
                request.headers.get_all("X-Forwarded-For"),
            )
            return edge.shut(request, self._address)

        response, refused = shake_hands(head, shut)
        transport.write(response)
        if refused is not None:
            edge.refused_by_reason[refused.reason] += 1
            self._closing = True
            transport.close()
            return
        self._open = True
        edge.arrived(self, self._address)
        self._server_connections.add(self)
        # With no room at all `pause_writing` says that something waits, and `resume_writing` that
        # nothing does: only then may a frame be written past the transport.
        transport.set_write_buffer_limits(high=0, low=0)
        # A fixed size: the kernel would let it grow to megabytes for each who does not read.
        raw = transport.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, limits.SOCKET_SEND_BYTES)
        if transport.get_extra_info("sslcontext") is None:
            # The transport's own may be closed, and its number given to another connection, before
            # we hear of it.
            self._raw_fd = edge.descriptors.duplicate(self, raw.fileno())

    # Messages

    def _do(self, effect: Effect) -> None:
        event = self._event
        if isinstance(effect, Command) and event is not None:
            self._edge.runner.submit(event, effect, self._on_outcome)
        elif isinstance(effect, Look):
            self._hear_look(effect)
        elif isinstance(effect, Say):
            if effect.refused:
                self._edge.refusals_by_code[effect.refused] += 1
            self._say(effect.payload)
        elif isinstance(effect, Bye):
            self._close(effect.code)
        elif isinstance(effect, Greet):
            self._greet(effect)
        elif isinstance(effect, Open):
            self._begin(effect)
        elif effect is None:
            return
        elif event is None:
            # A command right behind the first Hello, before the event was there.
            self._close(CloseCode.HELLO_EXPECTED)
        elif isinstance(effect, Purchase):
            self._edge.start(self._book(event, effect))

    def _hear_first(self, payload: bytes) -> None:
        """Hello, and what is said behind it, is not even read before there is time for it."""
        if self._first is None:
            self._first = [payload]
            self._knock(stays=False)
        elif len(self._first) < _FIRST_MESSAGES:
            self._first.append(payload)
        else:
            self._close(CloseCode.HELLO_EXPECTED)

    def _greet(self, greet: Greet) -> None:
        # Hello twice in a row: the greeting to come answers the later one.
        if self._entering is None:
            self._entering = greet
            self._knock(stays=True)

    def _knock(self, *, stays: bool) -> None:
        knock = self._edge.knock(self, self._address, stays=stays)
        if knock is Knock.ENTER:
            self.enter()
        elif knock is Knock.COME_BACK:
            self._close(CloseCode.OVERLOADED, self._come_back())

    def _begin(self, opening: Open) -> None:
        self._entering = opening
        event = EventId(opening.event)
        if self._edge.hub.live(event) is not None:
            self._watch(event)
        else:
            self._edge.start(self._open_event(event))

    async def _open_event(self, event: EventId) -> None:
        try:
            await self._edge.runner.open(event)
        except UnknownEvent:
            self._close(CloseCode.UNKNOWN_EVENT)
            return
        except SeatEngineError as error:
            _log.warning("event %s cannot be opened: %s", event, error)
            self._close(CloseCode.COME_BACK, self._come_back())
            return
        if not self._closing:
            self._watch(event)

    def _watch(self, event: EventId) -> None:
        self._event = event
        # From before the greeting, so that commands sent right behind Hello are answered in the
        # order of what happened too.
        self._edge.hub.watch(event, self, self._session.holder)
        self._submit_greeting(self._session.read_holds())

    def _submit_greeting(self, greet: Greet) -> None:
        assert self._event is not None
        self._edge.runner.submit(self._event, greet.command, self._on_greeting)

    def _on_greeting(self, outcome: Outcome) -> None:
        if self._closing or self._event is None:
            return
        self._entering = None
        live = self._edge.hub.live(self._event)
        if type(outcome) is not Answer or live is None:
            self._close(CloseCode.COME_BACK, self._come_back())
            return
        welcome, mine = self._session.welcome(live, outcome, _now_ms())
        watched = self._edge.hub.greet(self._event, self, self._session.hello)
        self._lagging = False
        self._write(server_frame(BINARY, welcome) + watched + server_frame(BINARY, mine))
        self._greeted = True
        self._write_past_transport()

    def _hear_look(self, look: Look) -> None:
        """A look costs more than other messages: it has limits of its own, and beyond them what
        was looked at last is served a little later."""
        if self._next_look is not None:
            self._next_look = look
            return
        bucket = self._look_bucket
        if bucket is None:
            bucket = TokenBucket(limits.LOOKS_PER_SECOND, limits.LOOK_BURST)
            self._look_bucket = bucket
        now_s = time.monotonic()
        wait_s = max(bucket.reserve(now_s), self._edge.looks.reserve(now_s))
        if wait_s:
            self._next_look = look
            asyncio.get_running_loop().call_later(wait_s, self._look_later)
        else:
            self._look(look)

    def _look_later(self) -> None:
        look, self._next_look = self._next_look, None
        if look is not None and not self._closing:
            self._look(look)

    def _look(self, look: Look) -> None:
        if self._event is not None and self._greeted and not self._lagging:
            self._edge.hub.look(self._event, self, look)
        else:
            # The greeting begins with it, or what is told afresh to one who lost news: until then
            # a word of other tiles would claim that it knows its own.
            self.watch.look = look

    def _on_outcome(self, outcome: Accepted | Refusal | Answer) -> None:
        # What the hub has answered in its turn is not answered again.
        if self._event is None or self._closing or not self._session.asked(outcome.id):
            return
        live = self._edge.hub.live(self._event)
        if live is not None:
            self._write(server_frame(BINARY, self._session.outcome(live, outcome)))

    async def _book(self, event: EventId, purchase: Purchase) -> None:
        try:
            outcome = await self._edge.book(event, purchase, self._session.holder)
        except StoreUnavailable:
            outcome = Refusal(purchase.command_id, Code.UNAVAILABLE)
            self._edge.refusals_by_code[Code.UNAVAILABLE] += 1
        self._on_outcome(outcome)

    def _hear_control(self, opcode: int, payload: bytes) -> None:
        if opcode == frames.CLOSE:
            self._close(CloseCode.GOING_AWAY, echo=payload)
        elif opcode == frames.TEXT:
            self._close(CloseCode.BAD_MESSAGE)
        elif not self._session.may_speak(_now_ms()):
            self._close(CloseCode.TOO_MANY_MESSAGES)
        elif opcode == frames.PING:
            self._write(server_frame(frames.PONG, payload))

    # Writing and closing

    def _say(self, message: bytes) -> None:
        self._write(server_frame(BINARY, message))

    def _write(self, frame: bytes) -> None:
        transport = self._transport
        if transport is None or self._closing:
            return
        if self.fd >= 0:
            sent = write_now(self.fd, frame)
            if sent < len(frame):
                self.send_rest(frame[sent:])
        elif self._queued:
            size = self.backlog() + len(frame)
            if size > limits.MAX_OUTBOX_BYTES:
                # Not one answer is left out: who comes back asks for what it was not told.
                self.abort(CloseCode.TOO_SLOW)
                return
            transport.write(frame)
            self._note_backlog(size)
        else:
            transport.write(frame)
            self._write_past_transport()

    def _write_past_transport(self) -> None:
        """From now on, if nothing waits in the transport: it would be overtaken."""
        if self._greeted and not self._queued and not self.backlog():
            self.fd = self._raw_fd

    def _note_backlog(self, size: int) -> None:
        """So many bytes wait for this viewer."""
        if size > limits.SLOW_READER_BYTES:
            self._slow_s = self._slow_s or time.monotonic()
            self._edge.owed(self, size)

    def _come_back(self, not_within_ms: int = 0) -> bytes:
        """The reason to close with that says when to come back."""
        return b"retry_ms=%d" % (not_within_ms + self._edge.return_ms())

    def _close(self, code: int, reason: bytes = b"", echo: bytes | None = None) -> None:
        """Say goodbye with a code and a reason, or with what the other side said it with."""
        transport = self._transport
        if self._closing or transport is None:
            return
        self._closing = True
        self.fd = -1
        if echo is not None and not frames.is_close_payload(echo):
            code, echo = frames.PROTOCOL_ERROR, None
        payload = int(code).to_bytes(2, "big") + reason if echo is None else echo[:2]
        self._edge.closed_by_code[int(code)] += 1
        transport.write(server_frame(frames.CLOSE, payload))
        # Closing a socket with unread input resets it, and the peer would lose the close code: so
        # only our half ends now, what still comes is dropped, and patience is short.
        transport.write_eof()
        asyncio.get_running_loop().call_later(_CLOSE_GRACE_S, self._abort)

    def _abort(self) -> None:
        self._closing = True
        self.fd = -1
        if self._transport is not None:
            self._transport.abort()


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
