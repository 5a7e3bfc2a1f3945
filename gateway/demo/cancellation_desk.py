"""The organizer's cancellation desk: takes bookings back, so that a demo never sells out.

It works through the HTTP API with the organizer's key, as any organizer's program would.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from random import Random
from typing import Final, Protocol, TypeVar

from gateway.client.api import ApiRefused, SiteUnreachable, as_organizer
from gateway.demo.tally import Tally
from gateway.demo.told import Told

_MOST_AT_ONCE: Final = 60
# Places that a booking gives back, on average.
_USUAL_PARTY: Final = 2.5
# Even a half-empty house has someone who falls ill.
_FALLS_ILL: Final = 0.04

T = TypeVar("T")


class Keeper(Protocol):
    """What the desk needs of the crowd around it."""

    @property
    def going_home(self) -> bool: ...

    async def think(self, least_s: float, most_s: float) -> None: ...

    def tell(self, told: Told) -> None: ...


class CancellationDesk:
    """Knows the bookings that may be taken back, by event."""

    def __init__(self, site: str, key: str, keeper: Keeper, tally: Tally, random: Random) -> None:
        self._tally = tally
        self._api = as_organizer(site, key)
        self._turn = asyncio.Lock()
        self._keeper = keeper
        self._random = random
        self._bookings: dict[str, list[str]] = {}
        self._gone: set[str] = set()

    def sold(self, told: Told) -> None:
        """A booking was made and may be taken back later."""
        self._bookings.setdefault(told.event, []).append(told.booking)

    def cancelled(self, told: Told) -> None:
        """A booking was taken back on an earlier run."""
        self._gone.add(told.booking)

    async def keep(self, event: str, sold_share: float) -> None:
        """Take bookings back while more than `sold_share` of the places are sold."""
        while not self._keeper.going_home:
            await self._keeper.think(2, 4)
            too_many = self._tally.counts[event].sold_beyond(sold_share)
            count = int(self._random.random() < _FALLS_ILL)
            if too_many > 0:
                count = min(math.ceil(too_many / _USUAL_PARTY), _MOST_AT_ONCE)
            for _ in range(count):
                await self._take_back_one(event)

    def close(self) -> None:
        self._api.close()

    async def _take_back_one(self, event: str) -> None:
        bookings = self._bookings.get(event)
        if not bookings or self._keeper.going_home:
            return
        booking = bookings.pop(self._random.randrange(len(bookings)))
        if booking in self._gone:
            return
        path = f"/api/v1/events/{event}/bookings/{booking}"
        # Before, because nobody may be left to hear the answer.
        self._keeper.tell(Told("cancelled", event, "", "", booking=booking))
        try:
            await self._call(lambda: self._api.exchange("DELETE", path))
        except (ApiRefused, SiteUnreachable):
            return

    async def _call(self, request: Callable[[], T]) -> T:
        async with self._turn:
            return await asyncio.to_thread(request)
