"""E: everyone who connects is accepted, a few in a turn of the event loop."""

from __future__ import annotations

import asyncio
import socket

import uvloop

from gateway.http.listener import Listener
from seatengine.limits import MAX_ACCEPTS_PER_TURN


class _Greeter(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport) or hasattr(transport, "write")
        transport.write(b"hello")
        transport.close()


async def _ask(port: int) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    said = await reader.read()
    writer.close()
    return said


def test_all_are_accepted_and_the_loop_turns_in_between() -> None:
    made: list[int] = []
    turns = 0

    async def main() -> None:
        nonlocal turns
        loop = asyncio.get_running_loop()

        def make() -> asyncio.Protocol:
            made.append(turns)
            return _Greeter()

        with socket.create_server(("127.0.0.1", 0), backlog=256) as listening:
            port = listening.getsockname()[1]
            waiting = [socket.create_connection(("127.0.0.1", port)) for _ in range(100)]
            listener = Listener(listening, make)

            def count() -> None:
                nonlocal turns
                turns += 1
                loop.call_soon(count)

            count()
            assert await _ask(port) == b"hello"
            listener.close()
            listener.close()
            await listener.wait_closed()
            for each in waiting:
                each.close()

    uvloop.run(main())
    assert len(made) == 101
    assert max(made.count(turn) for turn in set(made)) <= 2 * MAX_ACCEPTS_PER_TURN
    assert len(set(made)) >= 100 // (2 * MAX_ACCEPTS_PER_TURN)


def test_after_close_nobody_is_accepted() -> None:
    async def main() -> None:
        with socket.create_server(("127.0.0.1", 0)) as listening:
            listener = Listener(listening, _Greeter)
            port = listening.getsockname()[1]
            assert await _ask(port) == b"hello"
            listener.close()
            with socket.create_connection(("127.0.0.1", port)) as late:
                late.setblocking(False)
                for _ in range(50):
                    await asyncio.sleep(0)
                try:
                    late.recv(1)
                except BlockingIOError:
                    return
            raise AssertionError("somebody was served")

    uvloop.run(main())
