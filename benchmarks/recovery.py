"""kill -9 under load, and the time to the first answer, with a long history behind the event."""

from __future__ import annotations

import asyncio
import os
import random
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Annotated, Final
from urllib.parse import urlsplit

import msgspec
import uvloop
from cyclopts import Parameter
from cyclopts.validators import Number

from benchmarks import venue
from benchmarks.acknowledged import Acknowledged, count_lost
from benchmarks.history import write_history
from benchmarks.live_site import LiveSite, live_site
from benchmarks.process import temporary_folder
from benchmarks.report import finish, median, say
from gateway.client.client import Client, live_url
from gateway.client.stream import ClientStream
from gateway.live import wire
from seatengine.errors import StoreUnavailable
from seatengine.ids import EventId

_READY_WITHIN_S: Final = 60.0
_TRY_AGAIN_S: Final = 0.002
_BOOKED_OF_TEN: Final = 1
_QUANTITY: Final = 3


class RecoveryResult(msgspec.Struct, frozen=True):
    """`kill_to_first_ack_s` is the median over the kills, `slowest_s` the worst of them.
    `acknowledged` commands were held against the journal and the seats; `lost` were missing."""

    entries: int
    kill_to_first_ack_s: float
    lost: int
    slowest_s: float
    kills: int
    acknowledged: int


def recovery(
    *,
    entries: Annotated[int, Parameter(validator=Number(gte=1_000))] = 1_000_000,
    seats: Annotated[int, Parameter(validator=Number(gte=1_000, lte=120_000))] = venue.SEATS,
    clients: Annotated[int, Parameter(validator=Number(gte=1, lte=1_000))] = 50,
    kills: Annotated[int, Parameter(validator=Number(gte=1, lte=100))] = 5,
    seconds: Annotated[float, Parameter(validator=Number(gt=0, lte=600))] = 2.0,
    json: bool = False,
) -> RecoveryResult:
    """From kill -9 of the server under load to the first command it acknowledges again.

    A history is written first, which takes a few minutes. Then clients hold, release and book
    over websockets; the server is killed, and `seatengine serve` started again at once. The clock
    runs from the kill until a new connection has its hold from before the kill released. At the
    end, everything that any client was told is looked for in the journal and on the seats.

    Parameters
    ----------
    entries
        Length of the event's history.
    seats
        Size of the venue.
    clients
        Websockets that are busy when the server is killed.
    kills
        How often it is killed.
    seconds
        How long they are busy before each kill.
    json
        Print the result as one JSON object on the last line.
    """
    with temporary_folder() as folder:
        result = uvloop.run(_measure(folder, entries, seats, clients, kills, seconds))
    finish(result, json=json)
    return result


async def _measure(
    folder: Path, entries: int, seats: int, clients: int, kills: int, seconds: float
) -> RecoveryResult:
    async with live_site(folder) as site:
        say(f"Writing a history of {entries:,} entries")
        server, address = await site.start_server()
        try:
            event = await site.put_on_sale(address, seats)
        finally:
            await server.stop()
        history = await write_history(site.url, site.pool, event, seats, entries, say)
        serving = _Serving(site, folder)
        serving.start()
        try:
            tokens = site.tokens(clients + 1)
            times_s, told = await _kill_and_ask(serving, event, tokens, kills, seconds)
            say(f"Looking for what {len(told):,} answers said")
            lost = await count_lost(site.pool, serving.url, event, history, told)
        finally:
            serving.kill()
    return RecoveryResult(
        entries=history,
        kill_to_first_ack_s=round(median(times_s), 3),
        lost=lost,
        slowest_s=round(max(times_s), 3),
        kills=kills,
        acknowledged=len(told),
    )


class _Serving:
    """`seatengine serve` in a process of its own, on a port that stays the same."""

    def __init__(self, site: LiveSite, folder: Path) -> None:
        self._log = folder / "serve.log"
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
        names = type(site.settings).__struct_fields__
        self._environ = {
            **os.environ,
            **{f"SEATENGINE_{n.upper()}": str(getattr(site.settings, n)) for n in names},
            "SEATENGINE_PORT": str(port),
            # Compiled modules, as an installation has them; the first start makes them.
            "PYTHONDONTWRITEBYTECODE": "",
            "PYTHONPYCACHEPREFIX": str(folder / "bytecode"),
        }
        self._process: subprocess.Popen[bytes] | None = None
        self.url = live_url(f"http://127.0.0.1:{port}")

    def start(self) -> None:
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "gateway.cli.main", "serve"],
                env=self._environ,
                stdout=log,
                stderr=log,
            )

    def kill(self) -> None:
        """End it as a crash would, and wait until it is gone."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def failed(self) -> StoreUnavailable:
        said = self._log.read_text("utf-8", "replace")[-1_000:]
        return StoreUnavailable(f"the server did not answer in {_READY_WITHIN_S:g} s:\n{said}")


async def _kill_and_ask(
    serving: _Serving, event: EventId, tokens: list[str], kills: int, seconds: float
) -> tuple[list[float], list[Acknowledged]]:
    """(seconds from each kill to the first answer, everything that was acknowledged)."""
    told: list[Acknowledged] = []
    times_s: list[float] = []
    stop = asyncio.Event()
    own = tokens[0]
    hold = await _first_answer(serving, event, own, 0, told)
    async with asyncio.TaskGroup() as group:
        for number, token in enumerate(tokens[1:]):
            group.create_task(_buy(serving.url, event, token, number, stop, told))
        for number in range(1, kills + 1):
            await asyncio.sleep(seconds)
            before = len(told)
            killed_s = time.perf_counter()
            serving.kill()
            serving.start()
            hold = await _first_answer(serving, event, own, hold, told)
            times_s.append(time.perf_counter() - killed_s)
            say(f"kill {number} of {kills}, after {before:,} answers: {times_s[-1]:.3f} s")
            hold = await _first_answer(serving, event, own, 0, told)
        stop.set()
    return times_s, told


async def _buy(
    url: str, event: EventId, token: str, number: int, stop: asyncio.Event, told: list[Acknowledged]
) -> None:
    """A client that holds the best seats, and releases or books them, until told to stop."""
    chance = random.Random(number)
    client = Client(url, event, token, watches=False)
    await client.connect()
    try:
        while not stop.is_set():
            held = await client.ask(wire.HoldBest(client.ref(), _QUANTITY))
            told.append(Acknowledged(token, client.viewer, held))
            if not isinstance(held, wire.Held):
                continue
            ref, hold = client.ref(), held.state.hold
            booked = chance.randrange(10) < _BOOKED_OF_TEN
            ended = await client.ask(
                wire.Book(ref, hold, "Ann", "ann@example.org")
                if booked
                else wire.Release(ref, hold)
            )
            told.append(Acknowledged(token, client.viewer, ended))
    finally:
        await client.close()


async def _first_answer(
    serving: _Serving, event: EventId, token: str, hold: int, told: list[Acknowledged]
) -> int:
    """Ask on new connections until one answers: to release `hold`, or where that is 0, to hold the
    best seats. Returns the hold."""
    try:
        async with asyncio.timeout(_READY_WITHIN_S):
            while True:
                try:
                    said = await _ask_once(serving.url, event, token, hold)
                    break
                except OSError:
                    await asyncio.sleep(_TRY_AGAIN_S)
    except TimeoutError:
        raise serving.failed() from None
    told.append(said)
    if isinstance(said.answer, wire.Held):
        return said.answer.state.hold
    assert isinstance(said.answer, wire.Ended), f"the server refused: {said.answer}"
    return said.answer.hold


async def _ask_once(url: str, event: EventId, token: str, hold: int) -> Acknowledged:
    """One connection, one command, one answer. Raises OSError where there is none."""
    heard: asyncio.Queue[bytes] = asyncio.Queue()
    stream = ClientStream(url, heard.put_nowait, lambda _code, _reason: heard.put_nowait(b""))

    async def hear() -> wire.ServerMessage:
        message = await heard.get()
        if not message:
            raise ConnectionError("the server hung up")
        said: wire.ServerMessage = wire.decode_server_message(message)
        return said

    parts = urlsplit(url)
    await asyncio.get_running_loop().create_connection(
        lambda: stream, parts.hostname or "", parts.port or 0
    )
    try:
        await stream.opened()
        stream.send(wire.encode_message(wire.Hello(wire.PROTOCOL_VERSION, token, event)))
        welcome = await hear()
        assert isinstance(welcome, wire.Welcome)
        ref = f"{time.time_ns():x}"
        asked = wire.Release(ref, hold) if hold else wire.HoldBest(ref, _QUANTITY)
        stream.send(wire.encode_message(asked))
        while True:
            answer = await hear()
            if isinstance(answer, wire.Held | wire.Ended | wire.Refused) and answer.ref == ref:
                return Acknowledged(token, welcome.viewer, answer)
    finally:
        stream.abort()
