"""The drain of peers_fanout/drain.c in Python, for machines without a C compiler: the same lines in
and out, and the same pause between two sweeps. It takes more of the machine from the server."""

from __future__ import annotations

import os
import select
import socket
import stat
import sys
import time
from pathlib import Path
from typing import Final

import msgspec

_CHUNK_BYTES: Final = 1 << 18
_QUIET_S: Final = 0.2
_SETTLE_S: Final = 10.0
_PAUSE_S: Final = 0.001
_CLOSE: Final = 8


class Viewer:
    """A socket and what came from it."""

    __slots__ = ("buffer", "bytes", "frames", "round", "socket")

    def __init__(self, descriptor: int) -> None:
        self.socket = socket.socket(fileno=descriptor)
        self.socket.setblocking(False)
        self.buffer = b""
        self.frames = self.bytes = self.round = 0

    def read(self) -> int:
        """Read what is there; how many frames it completed."""
        try:
            data = self.socket.recv(_CHUNK_BYTES)
        except BlockingIOError:
            return 0
        if not data:
            raise SystemExit("a server ended a connection")
        self.bytes += len(data)
        buffer, at, found = self.buffer + data, 0, 0
        while (end := _frame_end(buffer, at)) is not None:
            if buffer[at] & 0x0F == _CLOSE:
                raise SystemExit("a server closed a websocket")
            at, found = end, found + 1
        self.buffer = buffer[at:]
        self.frames += found
        return found


def _frame_end(buffer: bytes, at: int) -> int | None:
    """Where the frame at `at` ends; None when it is not all there yet."""
    if len(buffer) - at < 2:
        return None
    start, size = at + 2, buffer[at + 1] & 0x7F
    if size >= 126:
        start += 2 if size == 126 else 8
        if len(buffer) < start:
            return None
        size = int.from_bytes(buffer[at + 2 : start], "big")
    return start + size if start + size <= len(buffer) else None


class Drain:
    """All viewers, and the round that runs."""

    def __init__(self, viewers: list[Viewer]) -> None:
        self._viewers = {viewer.socket.fileno(): viewer for viewer in viewers}
        self._epoll = select.epoll()
        for descriptor in self._viewers:
            self._epoll.register(descriptor, select.EPOLLIN)
        self._round = self._waiting = 0

    def run(self) -> None:
        """Until the input ends."""
        os.set_blocking(0, False)
        self._epoll.register(0, select.EPOLLIN)
        while True:
            ready = self._epoll.poll()
            # First the orders: what a round is about arrives after it was asked for.
            try:
                orders = os.read(0, 1024)
            except BlockingIOError:
                orders = None
            if orders == b"":
                return
            for order in (orders or b"").splitlines():
                self._obey(order)
            running = self._waiting
            self._sweep(ready)
            if running and not self._waiting:
                self._say_count()
            if len(ready) > (orders is not None):
                time.sleep(_PAUSE_S)

    def _sweep(self, ready: list[tuple[int, int]]) -> int:
        had = 0
        for descriptor, _ in ready:
            viewer = self._viewers.get(descriptor)
            if viewer is None:
                continue
            had += 1
            if viewer.read() and viewer.round != self._round:
                viewer.round = self._round
                self._waiting -= 1
        return had

    def _obey(self, order: bytes) -> None:
        viewers = self._viewers.values()
        if order == b"round":
            self._round += 1
            self._waiting = len(viewers)
        elif order == b"settle":
            self._read_until_quiet()
            for viewer in viewers:
                viewer.frames = viewer.bytes = 0
            _answer(len(viewers))
        elif order == b"count":
            self._read_until_quiet()
            self._say_count()
        elif order == b"totals":
            self._read_until_quiet()
            frames, sizes = [v.frames for v in viewers], [v.bytes for v in viewers]
            _answer(
                {
                    "frames_min": min(frames),
                    "frames_max": max(frames),
                    "bytes_min": min(sizes),
                    "bytes_max": max(sizes),
                    "inside_a_frame": sum(bool(v.buffer) for v in viewers),
                }
            )

    def _say_count(self) -> None:
        viewers = self._viewers.values()
        frames, size = sum(v.frames for v in viewers), sum(v.bytes for v in viewers)
        _answer({"frames": frames, "bytes": size})

    def _read_until_quiet(self) -> None:
        until_s = time.monotonic() + _SETTLE_S
        while self._sweep(self._epoll.poll(_QUIET_S)) and time.monotonic() < until_s:
            pass


def _answer(message: object) -> None:
    sys.stdout.write(msgspec.json.encode(message).decode() + "\n")
    sys.stdout.flush()


def _sockets() -> list[Viewer]:
    """Every TCP socket this process was started with, from descriptor 3 on."""
    descriptors = sorted(int(name) for name in os.listdir("/proc/self/fd"))
    return [Viewer(d) for d in descriptors if d > 2 and _is_tcp(d)]


def _is_tcp(descriptor: int) -> bool:
    """Whether it is a viewer: pipes may be sockets too, of another family."""
    if not Path(f"/proc/self/fd/{descriptor}").exists() or not stat.S_ISSOCK(
        os.fstat(descriptor).st_mode
    ):
        return False
    looked_at = socket.socket(fileno=os.dup(descriptor))
    with looked_at:
        return looked_at.family == socket.AF_INET


if __name__ == "__main__":
    Drain(_sockets()).run()
