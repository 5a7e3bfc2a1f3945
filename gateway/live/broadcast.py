"""Ready frames to many sockets, past their transports: the hottest loop of the gateway. Thin.

A transport's `write` costs as much again as everything else that Python does for a frame. A
watcher whose socket owes nothing has its descriptor in `fd`, and is written to directly; whatever
the socket does not take at once goes the long way.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Protocol


class Receiver(Protocol):
    """A connection to write to; `fd` is -1 while it may only be written to by `send_news`."""

    fd: int

    def send_news(self, frame: bytes) -> None:
        """Send a framed message that a slow viewer may lose."""

    def send_rest(self, rest: bytes) -> None:
        """Send what a direct write left over."""


def write_now(fd: int, frame: bytes) -> int:
    """Write to a socket that does not block; how many bytes it took."""
    try:
        return os.write(fd, frame)
    except OSError:
        # Full, or gone: the transport finds out which.
        return 0


def tell_all(receivers: Iterable[Receiver], frame: bytes) -> None:
    """The same frame to everyone."""
    write, size = os.write, len(frame)
    for receiver in receivers:
        fd = receiver.fd
        if fd < 0:
            receiver.send_news(frame)
            continue
        try:
            sent = write(fd, frame)
        except OSError:
            sent = 0
        if sent != size:
            receiver.send_rest(frame[sent:])
