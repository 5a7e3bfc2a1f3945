"""Second descriptors are for when there are enough for everybody's first."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from gateway.live.descriptors import Descriptors
from seatengine.limits import RESERVED_DESCRIPTORS


class Holder:
    def __init__(self, descriptors: Descriptors, fd: int) -> None:
        self._descriptors = descriptors
        self.own = descriptors.duplicate(self, fd)

    def give_back(self) -> None:
        os.close(self.own)
        self.own = -1

    def leave(self) -> None:
        self._descriptors.forget(self)
        if self.own >= 0:
            self.give_back()


@pytest.fixture
def fd() -> Iterator[int]:
    read, write = os.pipe()
    yield write
    os.close(read)
    os.close(write)


def test_a_second_descriptor_is_of_the_same_file(fd: int) -> None:
    holder = Holder(Descriptors(), fd)
    assert holder.own not in (-1, fd)
    assert os.fstat(holder.own).st_ino == os.fstat(fd).st_ino
    holder.leave()


def test_when_they_run_short_the_longest_connected_gives_its_own_back(fd: int) -> None:
    free = [os.dup(fd), os.dup(fd)]
    for number in free:
        os.close(number)
    descriptors = Descriptors(RESERVED_DESCRIPTORS + free[1] + 1)
    first, second = Holder(descriptors, fd), Holder(descriptors, fd)
    assert min(first.own, second.own) >= 0
    third = Holder(descriptors, fd)
    assert (first.own, third.own) == (-1, -1)
    assert second.own >= 0
    fourth = Holder(descriptors, fd)
    assert fourth.own >= 0
    for holder in (second, fourth):
        holder.leave()


def test_who_has_left_is_not_asked_for_anything(fd: int) -> None:
    descriptors = Descriptors()
    Holder(descriptors, fd).leave()
    tight = Descriptors(RESERVED_DESCRIPTORS)
    assert Holder(tight, fd).own == -1


def test_a_file_that_is_gone_has_no_second_descriptor() -> None:
    read, write = os.pipe()
    os.close(read)
    os.close(write)
    assert Holder(Descriptors(), write).own == -1
