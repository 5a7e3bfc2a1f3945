"""Seats that change hands while a page is watched: real holds over websockets, in a process of
their own.

`python -m benchmarks.page_changes` reads a ChangePlan as a line of JSON, says "ready", and holds
and releases seats at the rate asked for until its input ends; then it prints Changes as a line.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections import deque
from random import Random
from typing import Final

import msgspec
import uvloop

from gateway.client.client import live_url
from gateway.client.stream import ClientStream
from gateway.live import wire

_SEATS_PER_HOLD: Final = 5
_HELD_FOR_S: Final = 0.5
_MOST_S: Final = 600.0
_MOST_PLAN_BYTES: Final = 2**21


class ChangePlan(msgspec.Struct):
    """`places` are held five at a time, and given back half a second later."""

    address: str
    event: str
    tokens: list[str]
    places: list[int]
    changes_per_s: float


class Changes(msgspec.Struct):
    """Places whose status changed by acknowledged commands, and in how many seconds."""

    changes: int
    refused: int
    seconds: float


class Holder:
    """One viewer: sends commands, counts answers, remembers its holds to release them."""

    def __init__(self, plan: ChangePlan, token: str) -> None:
        self._hello = wire.encode_message(wire.Hello(wire.PROTOCOL_VERSION, token, plan.event))
        self._stream: ClientStream | None = None
        self._asked = 0
        self.greeted: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.live: deque[tuple[float, int]] = deque()
        self.changes = self.refused = 0

    async def connect(self, address: str) -> None:
        url = live_url(address)
        host, port = url.split("//")[1].split("/")[0].split(":")
        loop = asyncio.get_running_loop()
        _, self._stream = await loop.create_connection(
            lambda: ClientStream(url, self._hear, self._lost), host, int(port)
        )
        await self._stream.opened()
        self._stream.send(self._hello)
        await self.greeted

    def hold(self, places: list[int]) -> None:
        self._say(wire.Hold(self._ref(), places))

    def release_due(self, now_s: float) -> None:
        while self.live and self.live[0][0] <= now_s:
            self._say(wire.Release(self._ref(), self.live.popleft()[1]))

    def _ref(self) -> str:
        self._asked += 1
        return f"{self._asked:x}"

    def _say(self, message: wire.ClientMessage) -> None:
        assert self._stream is not None
        self._stream.send(wire.encode_message(message))

    def _hear(self, data: bytes) -> None:
        message = wire.decode_server_message(data)
        if isinstance(message, wire.Mine) and not self.greeted.done():
            self.greeted.set_result(None)
        elif isinstance(message, wire.Held):
            self.changes += len(message.state.places)
            self.live.append((time.perf_counter() + _HELD_FOR_S, message.state.hold))
        elif isinstance(message, wire.Ended):
            self.changes += _SEATS_PER_HOLD
        elif isinstance(message, wire.Refused):
            self.refused += 1

    def _lost(self, code: int, reason: str) -> None:
        raise SystemExit(f"the server closed the connection: {code} {reason}")


async def _main() -> None:
    reader = asyncio.StreamReader(limit=_MOST_PLAN_BYTES)
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    plan = msgspec.json.decode(await reader.readline(), type=ChangePlan)
    holders = [Holder(plan, token) for token in plan.tokens]
    for holder in holders:
        await holder.connect(plan.address)
    print("ready", flush=True)
    over = asyncio.create_task(reader.read())
    places = plan.places[:]
    Random(1).shuffle(places)
    groups = deque(
        places[at : at + _SEATS_PER_HOLD]
        for at in range(0, len(places) - _SEATS_PER_HOLD + 1, _SEATS_PER_HOLD)
    )
    every_s = 2 * _SEATS_PER_HOLD / plan.changes_per_s
    begun_s, sent = time.perf_counter(), 0
    while not over.done() and time.perf_counter() - begun_s < _MOST_S:
        now_s = time.perf_counter()
        while begun_s + sent * every_s <= now_s:
            holders[sent % len(holders)].hold(groups[0])
            groups.rotate(-1)
            sent += 1
        for holder in holders:
            holder.release_due(now_s)
        await asyncio.wait([over], timeout=every_s / 2)
    seconds = time.perf_counter() - begun_s
    done = Changes(
        sum(holder.changes for holder in holders), sum(h.refused for h in holders), seconds
    )
    print(msgspec.json.encode(done).decode(), flush=True)


if __name__ == "__main__":
    uvloop.run(_main())
