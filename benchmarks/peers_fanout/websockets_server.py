"""websockets, the library: `broadcast()` to all connections, without compression, on uvloop."""

from __future__ import annotations

import sys

import uvloop
from websockets.asyncio.server import ServerConnection, broadcast, serve

from benchmarks.peers_fanout.orders import obey


async def _watch(connection: ServerConnection) -> None:
    await connection.wait_closed()


async def _main(payload: bytes) -> None:
    async with serve(
        _watch, "127.0.0.1", 0, compression=None, ping_interval=None, backlog=4096
    ) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        await obey(port, lambda: broadcast(server.connections, payload))
        # Its own farewell takes a while with thousands of viewers, and nobody measures it.
        for connection in server.connections:
            connection.transport.abort()


if __name__ == "__main__":
    uvloop.run(_main(sys.argv[1].encode()))
