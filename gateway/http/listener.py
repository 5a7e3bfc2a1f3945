"""Accepts connections a few at a time, so that thousands who come at once hold nobody up."""

from __future__ import annotations

import asyncio
import errno
import logging
import socket
from collections.abc import Callable
from typing import Final

from seatengine.limits import MAX_ACCEPTS_PER_TURN

_PAUSE_S: Final = 0.5
# No more open files or memory: with those who leave there will be.
_EXHAUSTED: Final = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)

_log = logging.getLogger(__name__)


class Listener:
    """Takes at most MAX_ACCEPTS_PER_TURN connections from a listening socket in one turn of the
    event loop; the others wait in the kernel while the loop serves those who are in.

    (An event loop's own server takes everyone who waits, in one go.)
    """

    def __init__(self, listening: socket.socket, factory: Callable[[], asyncio.Protocol]) -> None:
        """`listening` must be listening already; it stays its owner's."""
        self._socket = listening
        self._factory = factory
        self._loop = asyncio.get_running_loop()
        self._joining: set[asyncio.Task[None]] = set()
        self._pause: asyncio.TimerHandle | None = None
        self._closed = False
        listening.setblocking(False)
        self._listen()

    def close(self) -> None:
        """Accept nobody any more."""
        if self._closed:
            return
        self._closed = True
        self._loop.remove_reader(self._socket)
        if self._pause is not None:
            self._pause.cancel()

    async def wait_closed(self) -> None:
        """Until those who were accepted are handed over."""
        if self._joining:
            await asyncio.wait(self._joining)

    def _listen(self) -> None:
        self._pause = None
        self._loop.add_reader(self._socket, self._accept)

    def _accept(self) -> None:
        for _ in range(MAX_ACCEPTS_PER_TURN):
            try:
                connection, _ = self._socket.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as error:
                if error.errno not in _EXHAUSTED:
                    raise
                _log.warning("no connection can be accepted for a moment: %s", error.strerror)
                self._loop.remove_reader(self._socket)
                self._pause = self._loop.call_later(_PAUSE_S, self._listen)
                return
            connection.setblocking(False)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            joining = self._loop.create_task(self._join(connection))
            self._joining.add(joining)
            joining.add_done_callback(self._joining.discard)

    async def _join(self, connection: socket.socket) -> None:
        try:
            await self._loop.connect_accepted_socket(self._factory, connection)
        except OSError:
            # Gone before it was here.
            connection.close()
