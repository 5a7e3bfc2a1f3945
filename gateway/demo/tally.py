"""How the shows stand, for the screen and the cancellation desk: asked of the server every second,
because no bot sees a whole venue."""

from __future__ import annotations

import asyncio
from typing import Final

import msgspec

from gateway.client.api import ApiClient, ApiRefused, SiteUnreachable

_COUNT_EVERY_S: Final = 1.0


class Counts(msgspec.Struct):
    """Places by status; `total` is all that exist."""

    free: int = 0
    held: int = 0
    booked: int = 0
    blocked: int = 0
    total: int = 0

    def sold_beyond(self, share: float) -> float:
        """Places booked or in someone's basket, beyond that share of what could be sold."""
        return self.booked + self.held - share * (self.total - self.blocked)


class _State(msgspec.Struct):
    counts: Counts


class Tally:
    """`counts` are the last known, by event."""

    def __init__(self, site: str, events: list[str]) -> None:
        self._api = ApiClient(site)
        self.counts = {event: Counts() for event in events}

    async def keep(self, home: asyncio.Event) -> None:
        """Count until `home` is set; what cannot be counted for the moment stays as it was."""
        while not home.is_set():
            for event in self.counts:
                try:
                    self.counts[event] = await asyncio.to_thread(self._count, event)
                except (ApiRefused, SiteUnreachable):
                    continue
            try:
                await asyncio.wait_for(home.wait(), _COUNT_EVERY_S)
            except TimeoutError:
                pass

    def close(self) -> None:
        self._api.close()

    def _count(self, event: str) -> Counts:
        return self._api.get(f"/api/v1/events/{event}/state", _State).counts
