"""Second descriptors of sockets, as many as the process can spare. Thin.

Writing past a transport takes a descriptor of one's own. Sockets come first: when descriptors run
short, newcomers get no second one, and for each of them the longest connected gives its own back.
"""

from __future__ import annotations

import os
import resource
from typing import Protocol

from seatengine.limits import RESERVED_DESCRIPTORS


class Owner(Protocol):
    """Who has a second descriptor. Compared and hashed by identity."""

    def give_back(self) -> None:
        """Close it, and do without."""


class Descriptors:
    """`most` descriptors may be open in this process; its own limit if not given."""

    def __init__(self, most: int | None = None) -> None:
        self._most = resource.getrlimit(resource.RLIMIT_NOFILE)[0] if most is None else most
        self._owners: dict[Owner, None] = {}

    def duplicate(self, owner: Owner, fd: int) -> int:
        """Another descriptor of the same socket for `owner` to close, -1 if there is none to spare.

        The kernel gives the lowest number that is free, so the number says how many are taken.
        """
        try:
            own = os.dup(fd)
        except OSError:
            own = -1
        if 0 <= own < self._most - RESERVED_DESCRIPTORS:
            self._owners[owner] = None
            return own
        if own >= 0:
            os.close(own)
        longest = next(iter(self._owners), None)
        if longest is not None:
            del self._owners[longest]
            longest.give_back()
        return -1

    def forget(self, owner: Owner) -> None:
        """It has closed its own."""
        self._owners.pop(owner, None)
