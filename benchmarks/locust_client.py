"""One viewer over a real websocket for load tests with locust: blocking, made for gevent.

What it knows is kept by gateway/live/sight.py; every request is reported to `report` as locust
wants it.
A greenlet of its own reads, so that a viewer hears news while it thinks.
"""

from __future__ import annotations

import secrets
import socket
import time
from collections.abc import Callable
from typing import Any, Final

import gevent
import msgspec
from gevent.event import AsyncResult, Event
from websocket import ABNF, WebSocket, WebSocketException, create_connection

from gateway.live import wire
from gateway.live.sight import Sight, TileIndex
from gateway.live.tile_forms import BadForm
from gateway.live.wire import (
    Booked,
    CloseCode,
    Ended,
    Held,
    HoldState,
    Look,
    Mine,
    Ping,
    Pong,
    Refused,
    Tiles,
    View,
    Watching,
)
from seatengine.core.outputs import RETRYABLE

Asked = (
    wire.Hold
    | wire.HoldBest
    | wire.HoldQuantity
    | wire.HoldWhole
    | wire.Drop
    | wire.Extend
    | wire.Release
    | wire.Book
)
Answer = Held | Ended | Booked | Refused
Report = Callable[[str, float, int, Exception | None], None]
"""Gets a request's name, how long it took in milliseconds, how many bytes came, and its failure."""

_ANSWER_WITHIN_S: Final = 15.0
_CONNECT_WITHIN_S: Final = 15.0
_COME_BACK: Final = range(4000, 4100)
_GOODBYE: Final = 1000


class LiveFailure(Exception):
    """A request of a load test that did not go as the protocol promises."""


class LiveViewer:
    """A viewer of `event`, who looks at `look` first.

    `sight` is what it was told of places and zones, `holds` are its live holds by id. `lost` says
    that the connection is over and `join` should follow, `unwanted` that the server asked it to
    stay away. `receive_buffer_bytes` above 0 is for who is to read slowly: without it, the system
    reads ahead for the viewer.
    """

    def __init__(
        self,
        url: str,
        event: str,
        token: str,
        tiles: TileIndex,
        look: Look,
        report: Report,
        receive_buffer_bytes: int = 0,
    ) -> None:
        self.sight = Sight(tiles, tiles.size)
        self._tiles = tiles
        self.holds: dict[int, HoldState] = {}
        self.lost = True
        self.unwanted = False
        self._url = url
        self._event = event
        self._token = token
        self._look = look
        self._report = report
        self._options: tuple[tuple[int, int, int], ...] = ()
        if receive_buffer_bytes:
            self._options = ((socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer_bytes),)
        self._socket: WebSocket | None = None
        self._reader: gevent.Greenlet | None = None
        self._reading = Event()
        self._reading.set()
        self._slow = False
        self._greeted: AsyncResult[int] = AsyncResult()
        self._answers: dict[str, AsyncResult[tuple[Answer, int] | None]] = {}
        self._pongs: dict[int, AsyncResult[bool]] = {}
        self._prefix = secrets.token_hex(4)
        self._number = 0
        self._heard_bytes = 0
        # A place of one's own hold that is not on the screen yet, and since when it should be.
        self._unseen: tuple[int, float] | None = None

    def join(self, name: str = "join") -> bool:
        """Connect, say hello and what is looked at; done when all of that is known."""
        self.leave()
        begun_s = time.perf_counter()
        self._greeted = AsyncResult()
        self._reading.set()
        self._slow = False
        try:
            self._socket = create_connection(
                self._url,
                timeout=_CONNECT_WITHIN_S,
                sockopt=self._options,
                skip_utf8_validation=True,
                suppress_origin=True,
            )
            self._socket.settimeout(None)
            self.lost = False
            self._reader = gevent.spawn(self._read, self._socket)
            self._say(self.sight.hello(self._token, self._event))
            self._say(self._look)
            size = self._greeted.get(timeout=_ANSWER_WITHIN_S)
            if not size:
                raise LiveFailure("the connection broke before the greeting")
        except (OSError, WebSocketException, gevent.Timeout, LiveFailure) as error:
            self.leave()
            self._tell(name, begun_s, 0, _failure(error))
            return False
        self._tell(name, begun_s, size)
        return True

    def leave(self) -> None:
        """Break the connection without a goodbye, as a closed lid does. Holds stay."""
        self._stop_reading()
        if self._socket is not None:
            self._socket.shutdown()  # type: ignore[no-untyped-call]
            self._socket = None
        self._give_up()

    def say_goodbye(self) -> None:
        """Give back what is held, so that the next load finds it free, and close properly."""
        open_still = not self.lost
        self._stop_reading()
        if self._socket is not None and open_still:
            for hold in self.holds:
                self._say(wire.Release(self.ref(), hold))
            try:
                self._socket.send(_GOODBYE.to_bytes(2, "big"), ABNF.OPCODE_CLOSE)
            except (OSError, WebSocketException):
                pass
        self.leave()

    def _stop_reading(self) -> None:
        self.lost = True
        if self._reader is not None:
            self._reader.kill()
            self._reader = None

    def stall(self, seconds: float) -> None:
        """Read nothing for a while; the server may close the connection for that."""
        self._reading.clear()
        self._slow = True
        gevent.sleep(seconds)
        self._reading.set()

    def look(self, look: Look) -> bool:
        """Look elsewhere, and wait until everything there is known."""
        self._look = look
        self._number += 1
        number = self._number
        pong = self._pongs[number] = AsyncResult()
        begun_s, before = time.perf_counter(), self._heard_bytes
        self._say(look)
        self._say(Ping(number))
        try:
            done = pong.get(timeout=_ANSWER_WITHIN_S)
            failure = None if done else LiveFailure("the connection broke")
        except gevent.Timeout:
            failure = LiveFailure(f"no answer within {_ANSWER_WITHIN_S:g} s")
        finally:
            del self._pongs[number]
        self._tell("look", begun_s, self._heard_bytes - before, failure)
        return failure is None

    def ref(self) -> str:
        """A ref that no other message of this viewer has."""
        self._number += 1
        return f"{self._prefix}{self._number:x}"

    def ask(self, message: Asked, name: str) -> Answer | None:
        """Send a command; its answer, None where there was none, which counts as a failure.

        A refusal is an answer and counts as "`name` refused", but for those that say that the
        server could not: these fail.
        """
        waiting = self._answers[message.ref] = AsyncResult()
        begun_s = time.perf_counter()
        self._say(message)
        try:
            told = waiting.get(timeout=_ANSWER_WITHIN_S)
        except gevent.Timeout:
            self._tell(name, begun_s, 0, LiveFailure(f"no answer within {_ANSWER_WITHIN_S:g} s"))
            return None
        finally:
            del self._answers[message.ref]
        if told is None:
            self._tell(name, begun_s, 0, LiveFailure("the connection broke"))
            return None
        answer: Answer = told[0]
        size = told[1]
        if isinstance(answer, Refused):
            failed = answer.code in RETRYABLE
            failure = LiveFailure(f"{answer.code}: {answer.message}") if failed else None
            self._tell(name if failed else f"{name} refused", begun_s, size, failure)
        else:
            self._tell(name, begun_s, size)
        return answer

    def _say(self, message: wire.ClientMessage) -> None:
        if self._socket is None:
            return
        try:
            self._socket.send(wire.encode_message(message), ABNF.OPCODE_BINARY)
        except (OSError, WebSocketException):
            # The reader hears of it too, and says so.
            return

    def _tell(self, name: str, begun_s: float, size: int, failure: Exception | None = None) -> None:
        self._report(name, (time.perf_counter() - begun_s) * 1_000, size, failure)

    def _read(self, connection: WebSocket) -> None:
        """Hear everything until the connection is over."""
        code = 0
        try:
            while True:
                self._reading.wait()
                opcode, data = connection.recv_data()
                if opcode == ABNF.OPCODE_CLOSE:
                    code = int.from_bytes(data[:2], "big")
                    break
                self._hear(data)
        except (OSError, WebSocketException):
            pass
        except (msgspec.MsgspecError, BadForm) as error:
            self._report("message", 0.0, 0, error)
        self.lost = True
        self._report_close(code)
        self._give_up()

    def _report_close(self, code: int) -> None:
        """The server's end of a connection fails, unless it was asked for or is as promised."""
        if code in _COME_BACK or self._slow:
            self._report(f"closed {code}", 0.0, 0, None)
            return
        self.unwanted = code >= CloseCode.BAD_MESSAGE
        self._report("closed", 0.0, 0, LiveFailure(f"the server closed the connection: {code}"))

    def _give_up(self) -> None:
        """Nothing that is waited for will come any more."""
        self._unseen = None
        self._greeted.set(0)
        for answer in self._answers.values():
            answer.set(None)
        for pong in self._pongs.values():
            pong.set(False)

    def _hear(self, data: bytes) -> None:
        self._heard_bytes += len(data)
        message: Any = wire.decode_server_message(data)
        if self.sight.take(message):
            if isinstance(message, Tiles | View | Watching):
                self._look_for_own(len(data))
        elif isinstance(message, Held):
            self.holds[message.state.hold] = message.state
            self._expect_to_see(message.state)
            self._answer(message.ref, message, len(data))
        elif isinstance(message, Ended | Booked):
            self.holds.pop(message.hold, None)
            self._unseen = None
            self._answer(message.ref, message, len(data))
        elif isinstance(message, Refused):
            self._answer(message.ref, message, len(data))
        elif isinstance(message, Mine):
            self.holds = {state.hold: state for state in message.holds}
            self._greeted.set(self._heard_bytes)
        elif isinstance(message, Pong) and message.t in self._pongs:
            self._pongs[message.t].set(True)

    def _answer(self, ref: str, answer: Answer, size: int) -> None:
        waiting = self._answers.get(ref)
        if waiting is not None:
            waiting.set((answer, size))

    def _expect_to_see(self, state: HoldState) -> None:
        """From its acknowledgment on, a hold in view should show; "seen" says how soon it does."""
        for place in state.places[:1]:
            if self._watched(place):
                self._unseen = (place, time.perf_counter())
                self._look_for_own(0)

    def _look_for_own(self, size: int) -> None:
        if self._unseen is None:
            return
        place, since_s = self._unseen
        if not self._watched(place):
            self._unseen = None
        elif self.sight.statuses[place]:
            self._unseen = None
            self._tell("seen", since_s, size)

    def _watched(self, place: int) -> bool:
        tile = int(self._tiles.tile_of[place])
        told = tile >= 0 and self.sight.mask >> tile & 1
        return bool(told and not self._tiles.counted[tile])


def _failure(error: BaseException) -> Exception:
    if isinstance(error, gevent.Timeout):
        return LiveFailure(f"no greeting within {_ANSWER_WITHIN_S:g} s")
    return error if isinstance(error, Exception) else LiveFailure(str(error))
