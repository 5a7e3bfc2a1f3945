"""How long after its acknowledgement a hold is on the screens of others, by a sample of viewers."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from time import perf_counter
from typing import Final

from gateway.load.ground import Ground
from gateway.load.latencies import Latencies
from gateway.load.told_tiles import TileStatuses
from gateway.load.told_zones import ZonesTold
from seatengine.core.seating import HELD

# A zone's newest holds; older ones every sampled viewer has seen, or never will.
_KEPT_BY_ZONE: Final = 4_096


class HoldTimes:
    """When each place that the load holds was asked for and acknowledged, on one clock.

    A change may be seen before its acknowledgement is: then it took no time.
    """

    def __init__(self, ground: Ground) -> None:
        self.ground = ground
        self._asked = bytearray(ground.size)
        self._acknowledged_s = [0.0] * ground.size
        self._zones: list[deque[tuple[int, float]]] = [
            deque(maxlen=_KEPT_BY_ZONE) for _ in range(ground.zones)
        ]
        self._zone_of: list[int] = ground.zone.tolist()
        self.near, self.far = Latencies(), Latencies()
        self.near_window, self.far_window = Latencies(), Latencies()

    def asked(self, places: list[int]) -> None:
        """Somebody of the load asks for these."""
        for place in places:
            self._asked[place] = 1
            self._acknowledged_s[place] = 0.0

    def refused(self, places: list[int]) -> None:
        """Somebody did not get them."""
        for place in places:
            if not self._acknowledged_s[place]:
                self._asked[place] = 0

    def acknowledged(self, places: list[int], seq: int) -> None:
        """The hold with this seq was acknowledged now."""
        now_s = perf_counter()
        for place in places:
            self._acknowledged_s[place] = now_s
        for zone in {self._zone_of[place] for place in places}:
            self._zones[zone].append((seq, now_s))

    def over(self, places: Iterable[int]) -> None:
        """These are not held any more, or about to be given back."""
        for place in places:
            self._asked[place] = 0

    def seen_near(self, place: int) -> None:
        """A viewer sees that this place is held now."""
        if self._asked[place]:
            told_s = self._acknowledged_s[place]
            took_s = perf_counter() - told_s if told_s else 0.0
            self.near.add(took_s)
            self.near_window.add(took_s)

    def seen_far(self, zones: Iterable[int], before_seq: int, seq: int) -> None:
        """A viewer that knew some zones as of `before_seq` is told of them as of `seq`."""
        now_s = perf_counter()
        for zone in zones:
            for held_seq, told_s in reversed(self._zones[zone]):
                if held_seq <= before_seq:
                    break
                if held_seq <= seq:
                    self.far.add(now_s - told_s)
                    self.far_window.add(now_s - told_s)


class NearEye:
    """Reads what one sampled viewer is told of its tiles as it comes."""

    def __init__(self, times: HoldTimes) -> None:
        self._times = times
        self._tiles = times.ground.tiles
        self._known = TileStatuses()
        self._mask = 0

    def watch(self, mask: int) -> None:
        self._mask = mask
        self._known.keep(mask)

    def tell(self, payload: bytes) -> None:
        self._known.take(payload, self._tiles, self._mask, self._change)

    def forget(self) -> None:
        """After a break nothing that comes is news."""
        self._known = TileStatuses()

    def _change(self, tile: int, offset: int, status: int) -> None:
        if status == HELD:
            self._times.seen_near(self._tiles.places[tile][offset])


class FarEye:
    """Follows the zones one sampled viewer is told of. `seq` is 0 until it was told of all."""

    def __init__(self, times: HoldTimes) -> None:
        self._times = times
        self.seq = 0

    def tell(self, before: ZonesTold, after: ZonesTold, seq: int) -> None:
        if self.seq:
            changed = [z for z, told in after.zones.items() if before.zones.get(z) != told]
            self._times.seen_far(changed, self.seq, seq)
        self.seq = seq
