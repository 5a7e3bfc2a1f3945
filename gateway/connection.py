"""One websocket: bytes to its session and back, and everything that bounds it. Thin.

uvicorn hands the socket over with the upgrade request (its `ws=` protocol class); websockets'
ServerProtocol checks the handshake; from then on frames are ours, because this is the hot path:
a fan-out writes the same ready bytes to every viewer without a layer in between.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, Final, cast

from websockets.http11 import Request
from websockets.server import ServerProtocol

from gateway import frames
from gateway.frames import BINARY, FrameError, FrameReader, server_frame
from gateway.hub import Hub
from gateway.session import Bye, Effect, Greet, Open, Purchase, Say, Session
from gateway.watching import Watch
from gateway.wire import CloseCode, Look
from seatengine import limits
from seatengine.core.commands import Command
from seatengine.core.outputs import Accepted, Answer, Code, Refusal
from seatengine.errors import SeatEngineError, StoreUnavailable, UnknownEvent
from seatengine.ids import EventId, HolderId

if TYPE_CHECKING:
    from uvicorn.server import ServerState

    from seatengine.shell.runner import Outcome, Runner

LIVE_PATH: Final = "/live"

_CLOSE_GRACE_S: Final = 2.0
_log = logging.getLogger(__name__)
# The library tells of every connection at "info"; with thousands of viewers that is noise.
_handshake_log = logging.getLogger(f"{__name__}.handshake")
_handshake_log.setLevel(logging.WARNING)


Book = Callable[[EventId, Purchase, HolderId], Awaitable[Accepted | Refusal]]
"""Keep the buyer's contact and book the hold. Raises StoreUnavailable."""


class LiveEdge:
    """What all connections share: the engine, the hub, who may connect, and how many do."""

    def __init__(
        self,
        runner: Runner,
        hub: Hub,
        identify: Callable[[str], HolderId | None],
        book: Book,
        allowed_origins: frozenset[str] = frozenset(),
        messages_per_second: int = limits.MESSAGES_PER_SECOND,
    ) -> None:
        self.runner = runner
        self.hub = hub
        self.identify = identify
        self.book = book
        self.allowed_origins = allowed_origins
        self.messages_per_second = messages_per_second
        self.connections: set[LiveConnection] = set()
        self.by_address: dict[str, int] = {}
        self.tasks: set[asyncio.Task[None]] = set()
        self.news_dropped = 0
        self.resyncs = 0

    def protocol_class(self) -> type[LiveConnection]:
        """A class for uvicorn's `ws=`, bound to this edge."""
        edge = self

        class Bound(LiveConnection):
            def __init__(self, *, server_state: ServerState, **_uvicorn: object) -> None:
                super().__init__(edge, server_state.connections)

        return Bound

    def start(self, work: Awaitable[None]) -> None:
        """Run `work` beside the event loop's callbacks, kept alive until it ends."""
        task = asyncio.ensure_future(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    def sweep(self) -> None:
        """Close connections that were silent or slow for too long. Call every few seconds."""
        now_s = time.monotonic()
        for connection in list(self.connections):
            connection.check_time(now_s)


class LiveConnection(asyncio.Protocol):
    """A viewer's socket. Everything it may use up is bounded by limits.py."""

    __slots__ = (
        "_address",
        "_closing",
        "_edge",
        "_event",
        "_greeted",
        "_handshake",
        "_heard_s",
        "_lagging",
        "_paused_s",
        "_reader",
        "_server_connections",
        "_session",
        "_transport",
        "watch",
    )

    def __init__(self, edge: LiveEdge, server_connections: set[Any]) -> None:
        self._edge = edge
        self._server_connections = server_connections
        self._transport: asyncio.Transport | None = None
        self._handshake: ServerProtocol | None = ServerProtocol(
            max_size=limits.MAX_MESSAGE_BYTES, extensions=[], logger=_handshake_log
        )
        self._reader = FrameReader(limits.MAX_MESSAGE_BYTES)
        self._session = Session(edge.identify, _now_ms(), edge.messages_per_second)
        self._event: EventId | None = None
        self._greeted = False
        self._closing = False
        self._lagging = False
        self._paused_s = 0.0
        self._heard_s = time.monotonic()
        self._address = ""
        self.watch = Watch()

    # asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are asyncio's in all but name, so only the type checker is told.
        self._transport = cast("asyncio.Transport", transport)
        peer = transport.get_extra_info("peername")
        self._address = str(peer[0]) if isinstance(peer, tuple) and peer else ""
        edge = self._edge
        edge.connections.add(self)
        self._server_connections.add(self)
        edge.by_address[self._address] = edge.by_address.get(self._address, 0) + 1
        self._transport.set_write_buffer_limits(
            high=limits.SLOW_READER_BYTES, low=limits.SLOW_READER_BYTES // 8
        )

    def connection_lost(self, _exc: Exception | None) -> None:
        edge = self._edge
        if self._event is not None:
            edge.hub.unwatch(self._event, self, self._session.holder)
        edge.connections.discard(self)
        self._server_connections.discard(self)
        left = edge.by_address.get(self._address, 0) - 1
        if left > 0:
            edge.by_address[self._address] = left
        else:
            edge.by_address.pop(self._address, None)
        self._transport = None
        self._closing = True

    def data_received(self, data: bytes) -> None:
        self._heard_s = time.monotonic()
        if self._handshake is not None:
            self._shake_hands(data)
            return
        if self._closing:
            return
        try:
            messages = self._reader.feed(data)
        except FrameError as error:
            self._close(error.close_code)
            return
        for opcode, payload in messages:
            if opcode == BINARY:
                self._hear(payload)
            else:
                self._hear_control(opcode, payload)
            if self._closing:
                return

    def eof_received(self) -> bool:
        return False

    def pause_writing(self) -> None:
        self._paused_s = time.monotonic()

    def resume_writing(self) -> None:
        self._paused_s = 0.0
        if self._lagging and not self._closing:
            self._lagging = False
            if self._event is not None:
                self._edge.resyncs += 1
                self._write(self._edge.hub.afresh(self._event, self))

    def shutdown(self) -> None:
        """The server stops: viewers may come back soon."""
        self._close(CloseCode.COME_BACK)

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
        if self._paused_s:
            self._lagging = True
            self._edge.news_dropped += 1
        elif not self._closing and self._transport is not None:
            self._transport.write(frame)

    def answer(self, accepted: Accepted) -> bool:
        """Answer that command, if this connection waits for it."""
        if not self._session.asked(accepted.id):
            return False
        self._on_outcome(accepted)
        return True

    def greet_again(self) -> None:
        """The event was rebuilt: send Welcome, what is watched, and Mine anew."""
        if self._greeted and not self._closing:
            self._do(self._session.read_holds())

    # Handshake

    def _shake_hands(self, data: bytes) -> None:
        handshake = self._handshake
        transport = self._transport
        assert handshake is not None
        assert transport is not None
        handshake.receive_data(data)
        for event in handshake.events_received():
            if not isinstance(event, Request):
                continue
            response = handshake.accept(event)
            status, text = self._door(event)
            if response.status_code == 101 and status != 101:
                response = handshake.reject(status, text)
            handshake.send_response(response)
            for chunk in handshake.data_to_send():
                if chunk:
                    transport.write(chunk)
            if response.status_code != 101:
                self._closing = True
                transport.close()
            self._handshake = None
            return
        if handshake.handshake_exc is not None:
            for chunk in handshake.data_to_send():
                if chunk:
                    transport.write(chunk)
            self._closing = True
            transport.close()

    def _door(self, request: Request) -> tuple[int, str]:
        """(101, "") when this request may come in, else an HTTP status and why not."""
        edge = self._edge
        if request.path.partition("?")[0] != LIVE_PATH:
            return 404, f"The websocket is at {LIVE_PATH}.\n"
        origin = request.headers.get("Origin")
        if origin is not None and not self._same_origin(origin, request.headers.get("Host", "")):
            return 403, "This site may not open a live connection here.\n"
        if len(edge.connections) > limits.MAX_CONNECTIONS:
            return 503, "Too many viewers are connected. Come back in a moment.\n"
        if edge.by_address.get(self._address, 0) > limits.MAX_CONNECTIONS_PER_ADDRESS:
            return 429, "Too many connections from this address.\n"
        return 101, ""

    def _same_origin(self, origin: str, host: str) -> bool:
        return origin.partition("://")[2] == host or origin in self._edge.allowed_origins

    # Messages

    def _hear(self, payload: bytes) -> None:
        self._do(self._session.receive(payload, _now_ms()))

    def _do(self, effect: Effect) -> None:
        event = self._event
        if isinstance(effect, Command) and event is not None:
            self._edge.runner.submit(event, effect, self._on_outcome)
        elif isinstance(effect, Look):
            self._look(effect)
        elif isinstance(effect, Say):
            self._say(effect.payload)
        elif isinstance(effect, Bye):
            self._close(effect.code)
        elif isinstance(effect, Open):
            self._edge.start(self._open(effect))
        elif effect is None:
            return
        elif event is None:
            # A command right behind the first Hello, before the event was there.
            self._close(CloseCode.HELLO_EXPECTED)
        elif isinstance(effect, Greet):
            self._edge.runner.submit(event, effect.command, self._on_greeting)
        elif isinstance(effect, Purchase):
            self._edge.start(self._book(event, effect))

    async def _open(self, opening: Open) -> None:
        event = EventId(opening.event)
        try:
            await self._edge.runner.open(event)
        except UnknownEvent:
            self._close(CloseCode.UNKNOWN_EVENT)
            return
        except SeatEngineError as error:
            _log.warning("event %s cannot be opened: %s", event, error)
            self._close(CloseCode.COME_BACK)
            return
        if not self._closing:
            self._event = event
            # From before the greeting, so that commands sent right behind Hello are answered in
            # the order of what happened too.
            self._edge.hub.watch(event, self, self._session.holder)
            self._do(self._session.read_holds())

    def _on_greeting(self, outcome: Outcome) -> None:
        if self._closing or self._event is None:
            return
        live = self._edge.hub.live(self._event)
        if type(outcome) is not Answer or live is None:
            self._close(CloseCode.COME_BACK)
            return
        welcome, mine = self._session.welcome(live, outcome, _now_ms())
        watched = self._edge.hub.greet(self._event, self, self._session.hello)
        self._write(server_frame(BINARY, welcome) + watched + server_frame(BINARY, mine))
        self._greeted = True

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
        self._on_outcome(outcome)

    def _hear_control(self, opcode: int, payload: bytes) -> None:
        if opcode == frames.PING:
            self._write(server_frame(frames.PONG, payload))
        elif opcode == frames.CLOSE:
            self._close(CloseCode.GOING_AWAY, payload[:2])
        elif opcode == frames.TEXT:
            self._close(CloseCode.BAD_MESSAGE)

    # Writing and closing

    def _say(self, message: bytes) -> None:
        self._write(server_frame(BINARY, message))

    def _write(self, frame: bytes) -> None:
        transport = self._transport
        if transport is None or self._closing:
            return
        if self._paused_s and transport.get_write_buffer_size() > limits.MAX_OUTBOX_BYTES:
            self._abort()
            return
        transport.write(frame)

    def _close(self, code: int, echo: bytes = b"") -> None:
        transport = self._transport
        if self._closing or transport is None:
            return
        self._closing = True
        if self._handshake is None:
            payload = echo or int(code).to_bytes(2, "big")
            transport.write(server_frame(frames.CLOSE, payload))
        # Closing a socket with unread input resets it, and the peer would lose the close code: so
        # only our half ends now, what still comes is dropped, and patience is short.
        transport.write_eof()
        asyncio.get_running_loop().call_later(_CLOSE_GRACE_S, self._abort)

    def _abort(self) -> None:
        self._closing = True
        if self._transport is not None:
            self._transport.abort()

    def check_time(self, now_s: float) -> None:
        """Close if the handshake, the reading or the silence takes too long."""
        silent_ms = (now_s - self._heard_s) * 1000
        if self._closing:
            return
        if not self._greeted and silent_ms > limits.HANDSHAKE_TIMEOUT_MS:
            self._close(CloseCode.COME_BACK)
        elif self._paused_s and (now_s - self._paused_s) * 1000 > limits.SLOW_READER_MS:
            self._close(CloseCode.TOO_SLOW)
        elif silent_ms > limits.IDLE_TIMEOUT_MS:
            self._close(CloseCode.IDLE)


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
