"""A viewer of one event as a program: what bots, tests and load tools drive the engine with.

`Client` keeps what a browser keeps: a Sight of what it looks at and its own live holds. After a
break it comes back, says what it has seen last and what it looks at, and sends what was left
unanswered again with the same refs, so that nothing is done twice.
"""

from __future__ import annotations

import asyncio
import re
import secrets
from collections.abc import Callable
from random import Random
from typing import Final
from urllib.parse import urlsplit

import msgspec
import numpy as np
import numpy.typing as npt

from gateway.client.api import ApiClient
from gateway.client.stream import ClientStream
from gateway.live.chart_shelf import chart_view_url
from gateway.live.chart_view import ChartView
from gateway.live.sight import Sight, TileIndex
from gateway.live.tile_forms import BadForm
from gateway.live.wire import (
    Book,
    Booked,
    Drop,
    Ended,
    Extend,
    Held,
    Hold,
    HoldBest,
    HoldQuantity,
    HoldState,
    HoldWhole,
    Look,
    Mine,
    Ping,
    Pong,
    Refused,
    Release,
    ServerMessage,
    Tiles,
    View,
    Welcome,
    Zones,
    decode_server_message,
    encode_message,
)
from seatengine.core.outputs import RETRYABLE
from seatengine.errors import SeatEngineError
from seatengine.ids import ChartHash
from seatengine.limits import (
    LONGEST_RETURN_MS,
    MAX_COORDINATE,
    MAX_PENDING_COMMANDS_PER_CONNECTION,
    RESTART_MS,
)

Asked = Hold | HoldBest | HoldQuantity | HoldWhole | Drop | Extend | Release | Book
Answer = Held | Ended | Booked | Refused

_PAUSE_MIN_S: Final = 0.05
_PAUSE_MAX_S: Final = 2.0
_PING_EVERY_S: Final = 25.0
_RETRY: Final = re.compile(r"retry_ms=(\d{1,9})")
_LONGEST_ASKED_MS: Final = LONGEST_RETURN_MS + RESTART_MS
_DO_NOT_COME_BACK: Final = range(4100, 4200)

_FAR: Final = 2 * MAX_COORDINATE
EVERYTHING: Final = Look(-_FAR, -_FAR, _FAR, _FAR, zoom=1_000.0)
"""Every place, if the server tells so many at once; else every zone."""
NOTHING: Final = Look(_FAR, _FAR, _FAR + 1, _FAR + 1, zoom=1_000.0)
"""No place and no zone: what is left of the event now and then, the least that a viewer is told."""


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


class _NoTiles:
    """The Tiling of an event without a chart, and of who looks at nothing."""

    count = 0
    places = np.zeros(0, np.int32)
    starts = np.zeros(1, np.int32)
    sizes = np.zeros(0, np.int32)
    counted = np.zeros(0, np.bool_)
    zone_categories = np.zeros(0, np.int64)


class Client:
    """One viewer on one event.

    `sight` is what it knows of places and zones by what it looks at. `holds` are this viewer's live
    holds by id. `breaks` counts lost connections that had joined the event. `hear` gets every
    message that answers nothing asked here (another tab's holds, expiries).
    """

    def __init__(
        self,
        url: str,
        event: str,
        token: str,
        *,
        tiles: TileIndex | None = None,
        look: Look | None = EVERYTHING,
        watches: bool = True,
        patience_s: float = 30.0,
        hear: Callable[[ServerMessage], None] | None = None,
    ) -> None:
        """`url` is the websocket's, as `live_url` gives it. `patience_s` bounds every wait.

        Many clients can share `tiles`; without them, or when the event has another chart, the
        client fetches the chart's view over HTTP. `look` None looks from far out. Where `watches`
        is false it looks at NOTHING and needs no chart.
        """
        self.url = url
        self.event = event
        self.viewer = ""
        self.chart_hash = ""
        self._tiles = tiles if watches else None
        self.sight = _sight_of(self._tiles)
        self.holds: dict[int, HoldState] = {}
        self.breaks = 0
        self._token = token
        self._watches = watches
        self._look = look if watches else NOTHING
        self._patience_s = patience_s
        self._hear = hear
        self._prefix = secrets.token_hex(4)
        self._refs = 0
        self._pending: dict[str, _Pending] = {}
        self._pings: dict[int, asyncio.Future[None]] = {}
        self._stream: ClientStream | None = None
        self._joined = False
        self._in_step = False
        self._said_hello = False
        # What came behind a Welcome while the chart it names is being fetched.
        self._held_back: list[bytes] | None = None
        self._fetching: asyncio.Task[None] | None = None
        self._ready: asyncio.Event = asyncio.Event()
        self._runner: asyncio.Task[None] | None = None
        self._over: SeatEngineError | None = None
        self._trouble = "no answer to the hello"
        # Spreads the return of many clients after a break; no result depends on it.
        self._jitter = Random(self._prefix)

    @property
    def statuses(self) -> npt.NDArray[np.uint8]:
        """uint8 by place: 0 free, 1 held, 2 booked, 3 blocked, sight.UNKNOWN where never told."""
        return self.sight.statuses

    @property
    def epoch(self) -> int:
        return self.sight.epoch

    @property
    def seq(self) -> int:
        """The seq as of which the watched tiles are known."""
        return self.sight.seq

    async def connect(self) -> None:
        """Join the event; wait for what is looked at and this viewer's holds.

        Raises ConversationOver.
        """
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

    def look(
        self,
        x0: float,
        y0: float,
        x1: float,
        y1: float,
        zoom: float,
        floor: str = "",
        sections: list[int] | None = None,
    ) -> None:
        """Look elsewhere; the fields are Look's. What is new to the client comes without being
        waited for; after a `ping` it is there. Only for a client that watches."""
        if not self._watches:
            raise ValueError("this client was made to watch nothing")
        self._look = Look(x0, y0, x1, y1, zoom, floor, sections or [])
        if self._said_hello and self._stream is not None:
            self._stream.send(encode_message(self._look))

    async def ping(self) -> None:
        """Wait until the server has answered everything up to now but commands.

        Raises Unanswered, or ConversationOver when the client is.
        """
        if self._over:
            raise self._over
        number = max(self._pings, default=0) + 1
        pong = self._pings[number] = asyncio.get_running_loop().create_future()
        self._send_ping(number)
        try:
            await asyncio.wait_for(pong, self._patience_s)
        except TimeoutError:
            raise Unanswered(f"a ping had no answer within {self._patience_s:g} s") from None
        finally:
            self._pings.pop(number, None)

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
        self._forget_fetching()

    def _end(self, error: SeatEngineError) -> None:
        self._over = self._over or error
        for pending in self._pending.values():
            if not pending.answer.done():
                pending.answer.set_exception(error)
        for pong in self._pings.values():
            if not pong.done():
                pong.set_exception(error)
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
            self._in_step = self._said_hello = False
            self._forget_fetching()
            if code in _DO_NOT_COME_BACK:
                return self._end(ConversationOver(f"the server closed with {code}: {reason}"))
            if loop.time() - since > self._patience_s:
                return self._end(
                    ConversationOver(
                        f"{self.url} could not be reached for {self._patience_s:g} s: {reason}"
                    )
                )
            own_s = pause_s * self._jitter.uniform(0.5, 1.0)
            await asyncio.sleep(max(own_s, _asked_s(reason) * self._jitter.uniform(1.0, 1.25)))
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
            stream.send(encode_message(Ping(0)))

    def _say_hello(self) -> None:
        assert self._stream is not None
        hello = self.sight.hello(self._token, self.event)
        said = [hello] if self._look is None else [hello, self._look]
        # In one write, so that the server knows the look before it greets.
        self._stream.send(*map(encode_message, said))
        self._said_hello = True

    def _send_ping(self, number: int) -> None:
        if self._in_step and self._stream is not None:
            self._stream.send(encode_message(Ping(number)))

    def _send_pending(self, ref: str) -> None:
        pending = self._pending[ref]
        if self._in_step and self._stream is not None and pending.sent_on is not self._stream:
            pending.sent_on = self._stream
            self._stream.send(pending.encoded)

    def _receive(self, data: bytes) -> None:
        if self._held_back is not None:
            self._held_back.append(data)
            return
        try:
            message = decode_server_message(data)
            if isinstance(message, Welcome):
                self._take_welcome(message)
            elif isinstance(message, Tiles | Zones | View):
                if self._watches:
                    self.sight.take(message)
            elif not self.sight.take(message):
                self._take(message)
        except (msgspec.DecodeError, BadForm) as error:
            self._end(ConversationOver(f"the server said something unknown: {error}"))
            self.cut()

    def _take_welcome(self, message: Welcome) -> None:
        self.viewer = message.viewer
        self.chart_hash = message.chart_hash
        known = self._tiles.chart_hash if self._tiles is not None else ""
        if message.chart_hash == known or not self._watches:
            self.sight.take(message)
        elif not message.chart_hash:
            self._begin_anew(message, None)
        else:
            assert self._stream is not None
            self._held_back = []
            self._stream.pause()
            self._fetching = asyncio.create_task(self._learn_chart(self._stream, message))

    async def _learn_chart(self, stream: ClientStream, welcome: Welcome) -> None:
        """Fetch the chart that a Welcome names, and take in what came behind it."""
        try:
            tiles = await asyncio.to_thread(fetch_tiles, site_of(self.url), welcome.chart_hash)
        except (SeatEngineError, msgspec.DecodeError, BadForm) as error:
            self._trouble = str(error)
            stream.abort()
            return
        self._begin_anew(welcome, tiles)
        held_back, self._held_back = self._held_back or [], None
        for data in held_back:
            self._receive(data)
        if self._held_back is None:
            stream.resume()

    def _begin_anew(self, welcome: Welcome, tiles: TileIndex | None) -> None:
        self._tiles = tiles
        self.sight = _sight_of(tiles)
        self.sight.take(welcome)

    def _forget_fetching(self) -> None:
        if self._fetching is not None:
            self._fetching.cancel()
        self._fetching = self._held_back = None

    def _take(self, message: ServerMessage) -> None:
        match message:
            case Held(ref, state):
                self.holds[state.hold] = state
                self._answer(ref, message)
            case Ended(ref, hold) | Booked(ref, hold):
                self.holds.pop(hold, None)
                self._answer(ref, message)
            case Refused(ref):
                self._take_refusal(ref, message)
            case Mine(holds):
                self.holds = {state.hold: state for state in holds}
                self._joined = self._in_step = True
                self._ready.set()
                for ref in self._pending:
                    self._send_pending(ref)
                for number in self._pings:
                    self._send_ping(number)
                self._tell(message)
            case Pong(number):
                pong = self._pings.get(number)
                if pong is not None and not pong.done():
                    pong.set_result(None)
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


def _asked_s(reason: str) -> float:
    """How long a server that closed with this reason asks to stay away."""
    said = _RETRY.fullmatch(reason)
    return min(int(said[1]), _LONGEST_ASKED_MS) / 1000 if said else 0.0


def live_url(site: str) -> str:
    """The websocket's url of a site: "http://host:8000" -> "ws://host:8000/live"."""
    return "ws" + site.removesuffix("/").removeprefix("http") + "/live"


def site_of(url: str) -> str:
    """The site of a websocket's url, the other way round."""
    return "http" + url.removesuffix("/live").removeprefix("ws")


def fetch_tiles(site: str, chart_hash: str) -> TileIndex:
    """The tiles of a chart by its view, over HTTP; blocking.

    Raises ApiRefused, SiteUnreachable, msgspec.DecodeError, BadForm.
    """
    api = ApiClient(site)
    try:
        view = api.exchange("GET", chart_view_url(ChartHash(chart_hash)))
    finally:
        api.close()
    return TileIndex(msgspec.msgpack.decode(view, type=ChartView))


def _sight_of(tiles: TileIndex | None) -> Sight:
    return Sight(_NoTiles(), 0) if tiles is None else Sight(tiles, tiles.size)


def _address(url: str) -> tuple[str, int, bool]:
    parts = urlsplit(url)
    tls = parts.scheme == "wss"
    return parts.hostname or "127.0.0.1", parts.port or (443 if tls else 80), tls
