"""picows: its transport's `send` in a loop over all connections, on uvloop."""

from __future__ import annotations

import sys

import picows
import uvloop

from benchmarks.peers_fanout.orders import obey


class _Viewer(picows.WSListener):  # type: ignore[misc, name-defined, unused-ignore]
    def __init__(self, viewers: set[picows.WSTransport]) -> None:
        super().__init__()
        self._viewers = viewers

    def on_ws_connected(self, transport: picows.WSTransport) -> None:
        self._viewers.add(transport)

    def on_ws_disconnected(self, transport: picows.WSTransport) -> None:
        self._viewers.discard(transport)


async def _main(payload: bytes) -> None:
    viewers: set[picows.WSTransport] = set()
    server = await picows.ws_create_server(
        lambda _request: _Viewer(viewers), "127.0.0.1", 0, backlog=4096
    )

    def broadcast() -> None:
        for viewer in viewers:
            viewer.send(picows.WSMsgType.BINARY, payload)

    await obey(server.sockets[0].getsockname()[1], broadcast)


if __name__ == "__main__":
    uvloop.run(_main(sys.argv[1].encode()))
