"""What all live connections share: who may come in, who is greeted when, and what they all owe."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Final, Protocol

from websockets.http11 import Request

from gateway.live.client_address import TrustedProxies, is_loopback
from gateway.live.descriptors import Descriptors
from gateway.live.door import Door, Knock
from gateway.live.handshake import Shut
from gateway.live.hub import Hub
from gateway.live.origins import Origins
from gateway.live.outboxes import Outboxes
from gateway.live.session import Purchase
from gateway.live.token_bucket import TokenBucket
from gateway.live.wire import CloseCode
from seatengine import limits
from seatengine.core.outputs import Accepted, Refusal
from seatengine.ids import EventId, HolderId

if TYPE_CHECKING:
    from seatengine.shell.runner import Runner

LIVE_PATH: Final = "/live"

# Those who wait at the door enter in handfuls this far apart.
_DOOR_PACE_S: Final = 0.005
_RETRY_AFTER_S: Final = 5

Book = Callable[[EventId, Purchase, HolderId], Awaitable[Accepted | Refusal]]
"""Keep the buyer's contact and book the hold. Raises StoreUnavailable."""


class Arrival(Protocol):
    """A connection as the edge sees it. Compared and hashed by identity."""

    def enter(self) -> None:
        """It is its turn to be greeted."""

    def backlog(self) -> int:
        """Bytes written that its socket has not taken yet."""
        ...

    def abort(self, code: CloseCode) -> None:
        """End it at once; `code` is what is counted."""

    def check_time(self, now_s: float) -> None:
        """Close it if something takes too long."""


class Edge:
    """What all connections share: the engine, the hub, who may connect, and how many do.

    `origins` says whose pages may connect, `proxies` who may say for whom. Counted since the start:
    `opened_total` handshakes that succeeded, `refused_by_reason` those that did not,
    `closed_by_code` connections that this side ended, `refusals_by_code` commands refused before
    the engine heard of them, `news_dropped` frames that slow readers lost, and `resyncs` how often
    one was told everything afresh.
    """

    def __init__(
        self,
        runner: Runner,
        hub: Hub,
        identify: Callable[[str], HolderId | None],
        book: Book,
        *,
        origins: Origins | None = None,
        proxies: TrustedProxies | None = None,
        messages_per_second: int = limits.MESSAGES_PER_SECOND,
        max_connections: int = limits.MAX_CONNECTIONS,
        max_per_address: int = limits.MAX_CONNECTIONS_PER_ADDRESS,
    ) -> None:
        self.runner = runner
        self.hub = hub
        self.identify = identify
        self.book = book
        self.proxies = proxies or TrustedProxies()
        self.messages_per_second = messages_per_second
        self.connections: set[Arrival] = set()
        self.tasks: set[asyncio.Task[None]] = set()
        self.looks = TokenBucket(limits.ALL_LOOKS_PER_SECOND, limits.ALL_LOOKS_BURST)
        self.descriptors = Descriptors()
        self.outboxes: Outboxes[Arrival] = Outboxes(limits.MAX_OUTBOXES_BYTES)
        self.opened_total = 0
        self.news_dropped = 0
        self.resyncs = 0
        self.closed_by_code: Counter[int] = Counter()
        self.refused_by_reason: Counter[str] = Counter()
        self.refusals_by_code: Counter[int] = Counter()
        self._origins = origins or Origins()
        self._max_connections = max_connections
        self._max_per_address = max_per_address
        self._by_address: dict[str, int] = {}
        self._door: Door[Arrival] = Door(
            limits.GREETINGS_PER_SECOND,
            limits.GREETING_BURST,
            limits.GREETING_ROOM,
            limits.LONGEST_RETURN_MS,
        )
        self._door_opens: asyncio.TimerHandle | None = None

    @property
    def waiting_at_door(self) -> int:
        """Viewers whose greeting waits for its turn."""
        return len(self._door)

    def start(self, work: Awaitable[None]) -> None:
        """Run `work` beside the event loop's callbacks, kept alive until it ends."""
        task = asyncio.ensure_future(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    def sweep(self) -> None:
        """Close connections that were silent or slow for too long. Call every few seconds."""
        now_s = _now_s()
        for connection in list(self.connections):
            connection.check_time(now_s)

    def shut(self, request: Request, address: str) -> Shut | None:
        """Why this request from `address` may not come in; None if it may."""
        if request.path.partition("?")[0] != LIVE_PATH:
            return Shut(404, "path", f"The websocket is at {LIVE_PATH}.\n")
        headers = request.headers
        host = headers.get_all("Host")
        if not self._origins.admit(headers.get_all("Origin"), host[0] if host else ""):
            return Shut(403, "origin", "This site may not open a live connection here.\n")
        if len(self.connections) >= self._max_connections:
            text = "Too many viewers are connected. Come back in a moment.\n"
            return Shut(503, "full", text, _RETRY_AFTER_S)
        if self._by_address.get(address, 0) >= self._max_per_address and not is_loopback(address):
            text = "Too many connections from this address. Close some, or come back later.\n"
            return Shut(429, "address", text, _RETRY_AFTER_S)
        return None

    def arrived(self, connection: Arrival, address: str) -> None:
        """A handshake has succeeded."""
        self.opened_total += 1
        self.connections.add(connection)
        self._by_address[address] = self._by_address.get(address, 0) + 1

    def left(self, connection: Arrival, address: str) -> None:
        """The end of `arrived`."""
        self.connections.discard(connection)
        self.outboxes.forget(connection)
        self._door.leave(address, connection)
        left = self._by_address.get(address, 0) - 1
        if left > 0:
            self._by_address[address] = left
        else:
            self._by_address.pop(address, None)

    def knock(self, connection: Arrival, address: str, *, stays: bool) -> Knock:
        """A connection wants to be greeted; one that waits hears `enter` when it is its turn."""
        knock = self._door.knock(address, connection, _now_s(), stays=stays)
        if knock is Knock.WAIT and self._door_opens is None:
            self._plan_door()
        return knock

    def return_ms(self) -> int:
        """When one who is sent away now is to come back."""
        return self._door.return_ms(_now_s())

    def _plan_door(self) -> None:
        wait_s = max(_DOOR_PACE_S, self._door.wait_s(_now_s()))
        self._door_opens = asyncio.get_running_loop().call_later(wait_s, self._open_door)

    def _open_door(self) -> None:
        self._door_opens = None
        for connection in self._door.enter(_now_s()):
            connection.enter()
        if len(self._door):
            self._plan_door()

    def owed(self, connection: Arrival, size: int) -> None:
        """So many bytes wait for a slow reader. Those who owe most go when it is too much."""
        if self.outboxes.note(connection, size):
            for slowest in self.outboxes.too_many(_backlog):
                slowest.abort(CloseCode.TOO_SLOW)


def _now_s() -> float:
    return asyncio.get_running_loop().time()


def _backlog(connection: Arrival) -> int:
    return connection.backlog()
