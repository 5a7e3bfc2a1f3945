"""A viewer on a raw socket, that reads only when its test says so."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Final
from urllib.parse import urlsplit

from gateway.live import wire
from gateway.live.sight import Sight
from tests.gateway.http.site import Site
from tests.gateway.live.onlookers import EVERYWHERE
from tests.gateway.live.pipe import UPGRADE, client_frame, server_frames

_WAIT_S: Final = 20


def new_token(site: Site) -> str:
    """The token of a new viewer."""
    token: str = site.client().post("/api/v1/viewers").json()["token"]
    return token


class Viewer:
    """A raw socket with a small buffer, and everything its owner chose to read from it."""

    def __init__(
        self, site: Site, sight: Sight, hello: wire.Hello, address: str = "127.0.0.1"
    ) -> None:
        """Connects from `address`, says `hello`, looks at everything and reads until Mine."""
        parts = urlsplit(site.url)
        self.socket = socket.socket()
        # Before it connects, so that the window is small from the beginning.
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        self.socket.settimeout(_WAIT_S)
        self.socket.bind((address, 0))
        self.socket.connect((parts.hostname or "", parts.port or 0))
        self.sight = sight
        self.hello = hello
        self.close_code = 0
        self.answers: dict[str, wire.ServerMessage] = {}
        self.bytes_read = 0
        self._rest = b""
        self.socket.sendall(UPGRADE)
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += self.socket.recv(1)
        # In one piece, so that the greeting begins with what is looked at.
        self.say(hello, EVERYWHERE)
        self.mine = 0
        self.read_until(lambda: self.mine > 0)

    def say(self, *messages: object) -> None:
        self.socket.sendall(b"".join(client_frame(wire.encode_message(m)) for m in messages))

    def read(self, size: int = 65_536) -> bool:
        """Read once; False at the end."""
        try:
            data = self.socket.recv(size)
        except ConnectionError:
            return False
        self.bytes_read += len(data)
        frames, self._rest = server_frames(self._rest + data)
        for opcode, payload in frames:
            if opcode == 8:
                self.close_code = int.from_bytes(payload[:2], "big")
            elif opcode == 2:
                message = wire.decode_server_message(payload)
                self.sight.take(message)
                self.mine += isinstance(message, wire.Mine)
                if isinstance(message, wire.Held | wire.Ended | wire.Refused) and message.ref:
                    assert message.ref not in self.answers, "answered twice"
                    self.answers[message.ref] = message
        return bool(data)

    def read_until(self, done: Callable[[], bool]) -> None:
        while not done():
            assert self.read(), f"the connection ended with {self.close_code}"

    def read_to_the_end(self) -> None:
        while self.read():
            pass
