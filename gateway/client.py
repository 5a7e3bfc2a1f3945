"""A viewer of one event as a program: what bots, tests and load tools drive the engine with.

`Client` keeps what a browser keeps: the statuses of what it looks at and its own live holds. After
a break it comes back, says what it has seen last, and sends what was left unanswered again with
the same refs, so that nothing is done twice.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from random import Random
from typing import Final
from urllib.parse import urlsplit

import msgspec
import numpy as np
import numpy.typing as npt

from gateway.client_stream import ClientStream
from gateway.wire import (
    PROTOCOL_VERSION,
    Book,
    Booked,
    Drop,
    Ended,
    Extend,
    Held,
    Hello,
    Hold,
    HoldBest,
    HoldQuantity,
    HoldState,
    HoldWhole,
    Mine,
    Ping,
    Pong,
    Refused,
    Release,
    ServerMessage,
    View,
    Welcome,
    decode_server_message,
    encode_message,
)
from seatengine.core.outputs import RETRYABLE
from seatengine.errors import SeatEngineError
from seatengine.limits import MAX_PENDING_COMMANDS_PER_CONNECTION

Asked = Hold | HoldBest | HoldQuantity | HoldWhole | Drop | Extend | Release | Book
Answer = Held | Ended | Booked | Refused

_PAUSE_MIN_S: Final = 0.05
_PAUSE_MAX_S: Final = 2.0
_PING_EVERY_S: Final = 25.0
_DO_NOT_COME_BACK: Final = range(4100, 4200)


class ConversationOver(SeatEngineError):
    """The server does not want this client back, or could not be reached for too long."""

    code = "conversation-over"


class Unanswered(SeatEngineError):
    """No answer in time. Whether the command was carried out is unknown."""

    code = "unanswered"


class _Pending:
    """A command that awaits its answer, and the connection it was last sent on."""

    __slots__ = ("answer", "encoded", "sent_on")

    def __init__(self, encoded: bytes, answer: asyncio.Future[Answer]) -> None:
        self.encoded = encoded
        self.answer = answer
        self.sent_on: ClientStream | None = None


class Client:
    """One viewer on one event.

    `statuses` is a copy of every place's status (uint8: 0 free, 1 held, 2 booked, 3 blocked), None
    until the first View and always where `watches` is false; `seq` and `epoch` say how fresh it
    is. `holds` are this viewer's live holds by id. `breaks` counts lost connections that had
    joined the event. `hear` gets every message that answers nothing asked here (another tab's
    holds, expiries).
    """

    def __init__(
        self,
        url: str,
        event: str,
        token: str,
        *,
        watches: bool = True,
        patience_s: float = 30.0,
        hear: Callable[[ServerMessage], None] | None = None,
    ) -> None:
        """`url` is the websocket's, as `live_url` gives it. `patience_s` bounds every wait."""
        self.url = url
        self.event = event
        self.viewer = ""
        self.epoch = 0
        self.seq = 0
        self.chart_hash = ""
        self.statuses: npt.NDArray[np.uint8] | None = None
        self.holds: dict[int, HoldState] = {}
        self.breaks = 0
        self._token = token
        self._watches = watches
        self._patience_s = patience_s
        self._hear = hear
        self._prefix = secrets.token_hex(4)
        self._refs = 0
        self._pending: dict[str, _Pending] = {}
        self._stream: ClientStream | None = None
        self._joined = False
        self._in_step = False
        self._ready: asyncio.Event = asyncio.Event()
        self._runner: asyncio.Task[None] | None = None
        self._over: SeatEngineError | None = None
        self._trouble = "no answer to the hello"
        # Spreads the return of many clients after a break; no result depends on it.
        self._jitter = Random(self._prefix)

    async def connect(self) -> None:
        """Join the event and wait for its View and this viewer's holds. Raises ConversationOver."""
        self._runner = asyncio.create_task(self._run())
        try:
            await asyncio.wait_for(self._ready.wait(), self._patience_s)
        except TimeoutError:
            await self.crash()
            raise ConversationOver(
                f"{self.url} could not be joined within {self._patience_s:g} s: {self._trouble}"
            ) from None
        if self._over:
            raise self._over

    def ref(self) -> str:
        """A ref that no other message of this viewer has."""
        self._refs += 1
        return f"{self._prefix}{self._refs:x}"

    async def ask(self, message: Asked, patience_s: float | None = None) -> Answer:
        """Send a command and wait for its answer, across breaks and "retry" refusals.

        Raises Unanswered when `patience_s` (default: the client's) runs out, ConversationOver when
        the client is, ValueError when too many commands wait or the ref is in use.
        """
        if self._over:
            raise self._over
        if message.ref in self._pending:
            raise ValueError(f"ref {message.ref!r} is already waiting for its answer")
        if len(self._pending) >= MAX_PENDING_COMMANDS_PER_CONNECTION:
            raise ValueError(
                f"{len(self._pending)} commands wait already; the server takes no more at once"
            )
        loop = asyncio.get_running_loop()
        pending = _Pending(encode_message(message), loop.create_future())
        self._pending[message.ref] = pending
        self._send_pending(message.ref)
        patience = self._patience_s if patience_s is None else patience_s
        try:
            async with asyncio.timeout(patience):
                return await pending.answer
        except TimeoutError:
            raise Unanswered(
                f"{type(message).__name__} {message.ref} had no answer within {patience:g} s; "
                "ask again with the same ref, or read the holds"
            ) from None
        finally:
            self._pending.pop(message.ref, None)

    async def hold(self, places: list[int], into: int = 0) -> Answer:
        return await self.ask(Hold(self.ref(), places, into))

    async def hold_best(
        self, quantity: int, *, categories: list[int] | None = None, into: int = 0
    ) -> Answer:
        return await self.ask(HoldBest(self.ref(), quantity, categories or [], into=into))

    async def drop(self, hold: int, places: list[int]) -> Answer:
        return await self.ask(Drop(self.ref(), hold, places))

    async def extend(self, hold: int) -> Answer:
        return await self.ask(Extend(self.ref(), hold))

    async def release(self, hold: int) -> Answer:
        return await self.ask(Release(self.ref(), hold))

    async def book(self, hold: int, name: str, email: str) -> Answer:
        return await self.ask(Book(self.ref(), hold, name, email))

    def cut(self) -> None:
        """Break the connection without a goodbye; the client comes back by itself."""
        if self._stream is not None:
            self._stream.abort()

    async def crash(self) -> None:
        """Break the connection without a goodbye and stay away, as a killed browser would."""
        await self._stop()
        if self._stream is not None:
            self._stream.abort()

    async def close(self) -> None:
        """Say goodbye. Holds stay until they expire; commands without an answer fail."""
        await self._stop()
        if self._stream is not None:
            await self._stream.close()

    async def _stop(self) -> None:
        self._end(ConversationOver("the client was closed"))
        if self._runner is not None:
            self._runner.cancel()
            await asyncio.gather(self._runner, return_exceptions=True)

    def _end(self, error: SeatEngineError) -> None:
        self._over = self._over or error
        for pending in self._pending.values():
            if not pending.answer.done():
                pending.answer.set_exception(error)
        self._ready.set()

    async def _run(self) -> None:
        """Connect, converse until the connection is lost, come back after a pause."""
        loop = asyncio.get_running_loop()
        pause_s, since = _PAUSE_MIN_S, loop.time()
        while True:
            try:
                code, reason = await self._converse()
            except OSError as error:
                code, reason = 0, str(error) or type(error).__name__
                self._trouble = reason
            if self._joined:
                self.breaks += 1
                pause_s, since = _PAUSE_MIN_S, loop.time()
            self._in_step = False
            if code in _DO_NOT_COME_BACK:
                return self._end(ConversationOver(f"the server closed with {code}: {reason}"))
            if loop.time() - since > self._patience_s:
                return self._end(
                    ConversationOver(
                        f"{self.url} could not be reached for {self._patience_s:g} s: {reason}"
                    )
                )
            await asyncio.sleep(pause_s * self._jitter.uniform(0.5, 1.0))
            pause_s = min(pause_s * 2, _PAUSE_MAX_S)

    async def _converse(self) -> tuple[int, str]:
        """One connection from its handshake to its end; returns the close code and reason."""
        loop = asyncio.get_running_loop()
        gone: asyncio.Future[tuple[int, str]] = loop.create_future()

        def lost(code: int, reason: str) -> None:
            if not gone.done():
                gone.set_result((code, reason))

        stream = ClientStream(self.url, self._receive, lost)
        host, port, tls = _address(self.url)
        self._stream = stream
        self._joined = False
        try:
            async with asyncio.timeout(self._patience_s):
                await loop.create_connection(lambda: stream, host, port, ssl=tls or None)
                await stream.opened()
        except BaseException:
            stream.abort()
            raise
        self._say_hello()
        while True:
            done, _ = await asyncio.wait([gone], timeout=_PING_EVERY_S)
            if done:
                return gone.result()
            stream.send(encode_message(Ping(int(loop.time() * 1000))))

    def _say_hello(self) -> None:
        assert self._stream is not None
        self._in_step = False
        known = (self.epoch, self.seq) if self.statuses is not None else (0, 0)
        hello = Hello(PROTOCOL_VERSION, self._token, self.event, *known)
        self._stream.send(encode_message(hello))

    def _send_pending(self, ref: str) -> None:
        pending = self._pending[ref]
        if self._in_step and self._stream is not None and pending.sent_on is not self._stream:
            pending.sent_on = self._stream
            self._stream.send(pending.encoded)

    def _receive(self, data: bytes) -> None:
        try:
            message = decode_server_message(data)
        except msgspec.DecodeError as error:
            self._end(ConversationOver(f"the server said something unknown: {error}"))
            self.cut()
            return
        match message:
            case Held(ref, state):
                self.holds[state.hold] = state
                self._answer(ref, message)
            case Ended(ref, hold) | Booked(ref, hold):
                self.holds.pop(hold, None)
                self._answer(ref, message)
            case Refused(ref):
                self._take_refusal(ref, message)
            case View(epoch, seq):
                self.epoch, self.seq = epoch, seq
                if self._watches:
                    self.statuses = unpack_statuses(message)
            case Welcome():
                self.viewer = message.viewer
                self.chart_hash = message.chart_hash
            case Mine(holds):
                self.holds = {state.hold: state for state in holds}
                self._joined = self._in_step = True
                self._ready.set()
                for ref in self._pending:
                    self._send_pending(ref)
                self._tell(message)
            case Pong():
                pass
            case _:
                self._tell(message)

    def _take_refusal(self, ref: str, refusal: Refused) -> None:
        pending = self._pending.get(ref)
        if pending is None or refusal.code not in RETRYABLE:
            self._answer(ref, refusal)
            return
        pending.sent_on = None
        pause_s = self._jitter.uniform(0.1, 0.5)
        asyncio.get_running_loop().call_later(pause_s, self._send_again, ref)

    def _send_again(self, ref: str) -> None:
        if ref in self._pending:
            self._send_pending(ref)

    def _answer(self, ref: str, message: Answer) -> None:
        pending = self._pending.get(ref)
        if pending is None:
            self._tell(message)
        elif not pending.answer.done():
            pending.answer.set_result(message)

    def _tell(self, message: ServerMessage) -> None:
        if self._hear is not None:
            self._hear(message)


def live_url(site: str) -> str:
    """The websocket's url of a site: "http://host:8000" -> "ws://host:8000/live"."""
    return "ws" + site.removesuffix("/").removeprefix("http") + "/live"


def unpack_statuses(view: View) -> npt.NDArray[np.uint8]:
    """A View's two bits a place as one byte a place, uint8 of length `view.count`."""
    packed = np.frombuffer(view.statuses, np.uint8)
    statuses = np.empty((len(packed), 4), np.uint8)
    for column in range(4):
        statuses[:, column] = (packed >> (2 * column)) & 3
    return statuses.reshape(-1)[: view.count]


def _address(url: str) -> tuple[str, int, bool]:
    parts = urlsplit(url)
    tls = parts.scheme == "wss"
    return parts.hostname or "127.0.0.1", parts.port or (443 if tls else 80), tls
