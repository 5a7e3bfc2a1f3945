"""Frames written past the transport arrive whole and in order, whatever the socket takes."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator

import pytest

from gateway.live.broadcast import tell_all, write_now


class Reader:
    """A socket whose other end is read by the test."""

    def __init__(self) -> None:
        self.ours, self.theirs = socket.socketpair()
        self.ours.setblocking(False)
        self.fd = self.ours.fileno()
        self.rest: list[bytes] = []
        self.news: list[bytes] = []

    def send_news(self, frame: bytes) -> None:
        self.news.append(frame)

    def send_rest(self, rest: bytes) -> None:
        self.fd = -1
        self.rest.append(rest)

    def fill(self) -> int:
        """Write until the socket takes no more; how much that was."""
        taken = 0
        while sent := write_now(self.fd, b"x" * 65_536):
            taken += sent
        return taken

    def read(self, count: int) -> bytes:
        found = b""
        while len(found) < count:
            found += self.theirs.recv(count - len(found))
        return found


@pytest.fixture
def readers() -> Iterator[list[Reader]]:
    made = [Reader() for _ in range(3)]
    yield made
    for reader in made:
        reader.ours.close()
        reader.theirs.close()


def test_everyone_gets_the_frame(readers: list[Reader]) -> None:
    tell_all(readers, b"frame")
    assert [reader.read(5) for reader in readers] == [b"frame"] * 3
    assert not any(reader.rest or reader.news for reader in readers)


def test_who_has_no_descriptor_is_told_the_long_way(readers: list[Reader]) -> None:
    readers[1].fd = -1
    tell_all(readers, b"frame")
    assert readers[1].news == [b"frame"]
    assert readers[2].read(5) == b"frame"


def test_what_a_full_socket_does_not_take_is_left_over(readers: list[Reader]) -> None:
    full = readers[0]
    taken = full.fill()
    tell_all(readers, b"frame")
    assert full.rest == [b"frame"]
    assert full.read(taken) == b"x" * taken
    assert readers[1].read(5) == b"frame"


def test_a_frame_that_is_taken_in_part_goes_on_where_it_stopped(readers: list[Reader]) -> None:
    frame = os.urandom(4_000_000)
    tell_all(readers[:1], frame)
    (rest,) = readers[0].rest
    assert 0 < len(rest) < len(frame)
    assert readers[0].read(len(frame) - len(rest)) + rest == frame


def test_a_socket_that_is_gone_is_left_to_its_transport(readers: list[Reader]) -> None:
    readers[0].theirs.close()
    tell_all(readers, b"frame")
    assert readers[0].rest == [b"frame"]
    assert readers[1].read(5) == b"frame"
