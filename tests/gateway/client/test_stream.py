"""The client's handshake and frames, against the websockets library as the other side."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from http import HTTPStatus

import pytest
from websockets.asyncio.server import ServerConnection, serve
from websockets.http11 import Request, Response

from gateway.client.stream import ABNORMAL, ClientStream
from seatengine.limits import MAX_SERVER_MESSAGE_BYTES


class _Heard:
    """What a ClientStream called back with."""

    def __init__(self) -> None:
        self.messages: asyncio.Queue[bytes] = asyncio.Queue()
        self.lost: asyncio.Future[tuple[int, str]] = asyncio.get_running_loop().create_future()

    def on_lost(self, code: int, reason: str) -> None:
        self.lost.set_result((code, reason))


def _converse(
    behave: Callable[[ServerConnection], Awaitable[None]],
    check: Callable[[ClientStream, _Heard], Awaitable[None]],
    refuse: Callable[[ServerConnection, Request], Response | None] | None = None,
) -> None:
    async def run() -> None:
        async with serve(
            behave, "127.0.0.1", 0, max_size=2**24, compression=None, process_request=refuse
        ) as server:
            port = server.sockets[0].getsockname()[1]
            heard = _Heard()
            stream = ClientStream(
                f"ws://127.0.0.1:{port}/live", heard.messages.put_nowait, heard.on_lost
            )
            await asyncio.get_running_loop().create_connection(lambda: stream, "127.0.0.1", port)
            await check(stream, heard)
            stream.abort()

    asyncio.run(asyncio.wait_for(run(), 20))


async def _echo(connection: ServerConnection) -> None:
    async for message in connection:
        await connection.send(message)


@pytest.mark.parametrize("size", [0, 1, 125, 126, 127, 65_535, 65_536, 1_300_000])
def test_messages_of_every_length_class_come_back_whole(size: int) -> None:
    message = bytes(i * 7 % 251 for i in range(size))

    async def check(stream: ClientStream, heard: _Heard) -> None:
        await stream.opened()
        stream.send(message)
        assert await heard.messages.get() == message

    _converse(_echo, check)


def test_many_messages_in_one_packet_keep_their_order() -> None:
    async def burst(connection: ServerConnection) -> None:
        for number in range(500):
            await connection.send(number.to_bytes(2, "big") * (1 + number % 90))

    async def check(stream: ClientStream, heard: _Heard) -> None:
        await stream.opened()
        for number in range(500):
            message = await heard.messages.get()
            assert message == number.to_bytes(2, "big") * (1 + number % 90)

    _converse(burst, check)


def test_a_ping_is_answered_with_its_payload() -> None:
    async def behave(connection: ServerConnection) -> None:
        await (await connection.ping(b"are you there"))
        await connection.send(b"answered")

    async def check(stream: ClientStream, heard: _Heard) -> None:
        await stream.opened()
        assert await heard.messages.get() == b"answered"

    _converse(behave, check)


def test_a_close_frame_tells_its_code_and_reason() -> None:
    async def behave(connection: ServerConnection) -> None:
        await connection.close(4103, "the token is not valid")

    async def check(stream: ClientStream, heard: _Heard) -> None:
        await stream.opened()
        assert await heard.lost == (4103, "the token is not valid")

    _converse(behave, check)


def test_saying_goodbye_reaches_the_server() -> None:
    ended: list[int | None] = []

    async def behave(connection: ServerConnection) -> None:
        await connection.wait_closed()
        ended.append(connection.close_code)

    async def check(stream: ClientStream, heard: _Heard) -> None:
        await stream.opened()
        await stream.close()
        assert (await heard.lost)[0] == 1000

    _converse(behave, check)
    assert ended == [1000]


def test_a_broken_connection_is_abnormal() -> None:
    async def behave(connection: ServerConnection) -> None:
        connection.transport.abort()

    async def check(stream: ClientStream, heard: _Heard) -> None:
        await stream.opened()
        assert (await heard.lost)[0] == ABNORMAL

    _converse(behave, check)


def test_a_message_beyond_the_limit_ends_the_connection() -> None:
    async def behave(connection: ServerConnection) -> None:
        await connection.send(bytes(MAX_SERVER_MESSAGE_BYTES + 1))
        await connection.wait_closed()

    async def check(stream: ClientStream, heard: _Heard) -> None:
        await stream.opened()
        assert (await heard.lost)[0] == 1009
        assert heard.messages.empty()

    _converse(behave, check)


def test_a_text_frame_ends_the_connection() -> None:
    async def behave(connection: ServerConnection) -> None:
        await connection.send("words")
        await connection.wait_closed()

    async def check(stream: ClientStream, heard: _Heard) -> None:
        await stream.opened()
        assert (await heard.lost)[0] == 1002

    _converse(behave, check)


def test_a_refused_handshake_says_the_status() -> None:
    def refuse(connection: ServerConnection, request: Request) -> Response | None:
        return connection.respond(HTTPStatus.SERVICE_UNAVAILABLE, "full")

    async def check(stream: ClientStream, heard: _Heard) -> None:
        with pytest.raises(ConnectionError, match="503"):
            await stream.opened()
        assert not heard.lost.done()

    _converse(_echo, check, refuse)


def test_close_of_one_that_never_connected_returns() -> None:
    async def run() -> None:
        stream = ClientStream("ws://127.0.0.1:1/live", lambda _: None, lambda _c, _r: None)
        await stream.close()

    asyncio.run(asyncio.wait_for(run(), 20))
