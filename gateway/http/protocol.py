"""uvicorn's HTTP protocol, but that it leaves nothing for the garbage collector behind."""

from __future__ import annotations

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol


class HttpProtocol(HttpToolsProtocol):
    """A protocol and its parser know each other. uvicorn parts them when the connection ends, but
    not when it becomes a websocket: every viewer who came would leave two dozen objects in a cycle,
    and a crowd's worth of them is a pause that everybody feels.
    """

    def handle_websocket_upgrade(self) -> None:
        super().handle_websocket_upgrade()
        # As uvicorn's own connection_lost does; the transport has another protocol from here on.
        self.parser = None  # type: ignore[assignment]
