"""Who watches which event, and when they hear of changes. Thin: what they hear is fanout's."""

from __future__ import annotations

import logging
from bisect import bisect_right
from typing import Final, Protocol

from gateway.live import wire
from gateway.live.broadcast import tell_all
from gateway.live.fanout import LiveEvent, TileTick
from gateway.live.session import told
from gateway.live.ticker import Round, Ticker
from gateway.live.tile_maps import TileMaps
from gateway.live.tile_sets import TileSet
from gateway.live.watching import Watch
from seatengine.core.entries import Entry
from seatengine.core.outputs import Accepted, Batch
from seatengine.core.shard import Shard
from seatengine.ids import CommandId, Epoch, EventId, HolderId
from seatengine.limits import (
    FAR_BYTES_PER_SECOND,
    FAR_TICK_MAX_MS,
    FAR_TICK_MIN_MS,
    TICK_MAX_MS,
    TICK_MIN_MS,
    TOTALS_EVERY_MS,
)

_log = logging.getLogger(__name__)

_NOBODY: Final = HolderId("")
_NO_COMMAND: Final = CommandId("")


class Watcher(Protocol):
    """A connection as the hub sees it. Compared and hashed by identity."""

    watch: Watch
    fd: int
    """Where to write a frame directly; -1 while it may not be."""

    def send(self, message: bytes) -> None:
        """Send an encoded message of the viewer's own."""

    def send_frames(self, frames: bytes) -> None:
        """Send framed messages of the viewer's own."""

    def send_news(self, frame: bytes) -> None:
        """Send a framed message that a slow viewer may lose."""

    def send_rest(self, rest: bytes) -> None:
        """Send what a direct write left over."""

    def answer(self, accepted: Accepted) -> bool:
        """Answer the command, if it was asked here and has no answer yet; False if not."""
        ...

    def greet_again(self) -> None:
        """Begin anew: Welcome, Watching and what it brings, Mine."""


class _Watched:
    """An event with its watchers, by holder and by what they are told: `near` of tiles, by the set
    of tiles they watch, `far` of zones, `unzoned` of totals because not of zones."""

    __slots__ = (
        "_near_in",
        "by_holder",
        "far",
        "live",
        "near",
        "tile_tick",
        "tiles",
        "totals",
        "unzoned",
        "zones",
    )

    def __init__(self, hub: Hub, live: LiveEvent) -> None:
        self.live = live
        self.near: dict[TileSet, dict[Watcher, None]] = {}
        self._near_in: dict[Watcher, TileSet] = {}
        self.far: dict[Watcher, None] = {}
        self.unzoned: dict[Watcher, None] = {}
        self.by_holder: dict[HolderId, list[Watcher]] = {}
        self.tile_tick: TileTick | None = None
        self.tiles = Ticker(lambda: hub.tiles_round(self), TICK_MIN_MS, TICK_MAX_MS)
        self.zones = Ticker(
            lambda: hub.zones_round(self), FAR_TICK_MIN_MS, FAR_TICK_MAX_MS, FAR_BYTES_PER_SECOND
        )
        self.totals = Ticker(lambda: hub.totals_round(self), TOTALS_EVERY_MS, TOTALS_EVERY_MS)

    def all(self) -> list[Watcher]:
        return [*self.far, *self.unzoned]

    def file(self, watcher: Watcher) -> None:
        """Put a watcher where its watch belongs."""
        watch = watcher.watch
        if self._near_in.get(watcher) is not watch.tiles:
            self._leave_near(watcher)
            if watch.mask:
                self.near.setdefault(watch.tiles, {})[watcher] = None
                self._near_in[watcher] = watch.tiles
        _put(self.far, watcher, inside=watch.zones)
        _put(self.unzoned, watcher, inside=not watch.zones)
        self._rest()

    def forget(self, watcher: Watcher) -> None:
        self._leave_near(watcher)
        self.far.pop(watcher, None)
        self.unzoned.pop(watcher, None)
        self._rest()

    def _leave_near(self, watcher: Watcher) -> None:
        tiles = self._near_in.pop(watcher, None)
        if tiles is not None:
            del self.near[tiles][watcher]
            if not self.near[tiles]:
                del self.near[tiles]

    @property
    def near_count(self) -> int:
        return len(self._near_in)

    def _rest(self) -> None:
        """Without anyone far out zones rest. Who comes next is shown a later picture of them than
        a round that is still on its way."""
        self.live.zones_idle = not self.far
        if not self.far:
            self.zones.abandon()

    def begin_anew(self) -> None:
        """The places were rebuilt: what was on its way is void, and everyone is greeted."""
        self.tile_tick = None
        self.tiles.abandon()
        self.zones.abandon()
        self.totals.abandon()
        self.live.zones_idle = not self.far
        for watcher in self.all():
            watcher.greet_again()


def _put(those: dict[Watcher, None], watcher: Watcher, *, inside: bool) -> None:
    if inside:
        those[watcher] = None
    else:
        those.pop(watcher, None)


class Hub:
    """Hears the runner (it is its Listener) and tells the connections.

    Counted since the start: `ticks` of tiles, `far_ticks` of zones, `frames_sent` and `bytes_sent`
    by both, `looks` taken.
    """

    def __init__(self) -> None:
        self._events: dict[EventId, _Watched] = {}
        self.tile_maps = TileMaps()
        self.frames_sent = 0
        self.bytes_sent = 0
        self.ticks = 0
        self.far_ticks = 0
        self.looks = 0

    @property
    def viewers_near(self) -> int:
        """Viewers who watch tiles."""
        return sum(watched.near_count for watched in self._events.values())

    @property
    def viewers_far(self) -> int:
        """Viewers who watch zones; some watch tiles too."""
        return sum(len(watched.far) for watched in self._events.values())

    def live(self, event: EventId) -> LiveEvent | None:
        """What viewers may know of `event`; None when it is not open."""
        watched = self._events.get(event)
        return watched.live if watched is not None else None

    def watch(self, event: EventId, watcher: Watcher, holder: HolderId) -> None:
        """From now on `watcher` hears of every change of `event`, and of its holder's holds."""
        watched = self._events[event]
        watched.file(watcher)
        watched.by_holder.setdefault(holder, []).append(watcher)

    def unwatch(self, event: EventId, watcher: Watcher, holder: HolderId) -> None:
        """The end of `watch`; harmless when it never began."""
        watched = self._events.get(event)
        if watched is None or not (watcher in watched.far or watcher in watched.unzoned):
            return
        watched.forget(watcher)
        own = watched.by_holder[holder]
        own.remove(watcher)
        if not own:
            del watched.by_holder[holder]

    def greet(self, event: EventId, watcher: Watcher, hello: wire.Hello) -> bytes:
        """Frames that begin the watch of a watcher, or begin it anew, after this Hello."""
        watched = self._events[event]
        frames = watcher.watch.begin(watched.live, hello)
        watched.file(watcher)
        return frames

    def look(self, event: EventId, watcher: Watcher, look: wire.Look) -> None:
        """A watcher looks elsewhere: tell it at once what is new to it there."""
        watched = self._events[event]
        self.looks += 1
        watch = watcher.watch
        if watched.tiles.round is not None and watched.tile_tick is not None:
            # It may not have had its part of this round yet, and what it is told of now is after
            # it: a viewer knows all of its tiles as of one moment.
            frame = watched.tile_tick.frame(watch.mask)
            if frame:
                watcher.send_news(frame)
        frames = watch.turn(watched.live, look)
        if frames:
            watched.file(watcher)
            watcher.send_frames(frames)

    def afresh(self, event: EventId, watcher: Watcher) -> bytes:
        """Frames that tell a watcher everything it watches, after it lost some news."""
        watched = self._events[event]
        frames = watcher.watch.afresh(watched.live)
        watched.file(watcher)
        return frames

    def on_recovered(self, shard: Shard, epoch: Epoch) -> None:
        """An event is (again) served: every watcher gets a fresh view."""
        state = shard.state
        live = LiveEvent(
            state.event,
            epoch,
            state.seq,
            state.table,
            bytes(state.status),
            state.policy,
            state.tariffs,
            shard.tables,
            self.tile_maps,
        )
        watched = self._events.get(state.event)
        if watched is None:
            self._events[state.event] = _Watched(self, live)
            return
        watched.live = live
        watched.begin_anew()

    def on_lost(self, event: EventId) -> None:
        """Nothing to tell: what viewers see stays true until the event is back."""
        _log.warning("event %s is not being served for the moment", event)

    def on_batch(self, batch: Batch) -> None:
        """Take in what is durable; tell the holders, and plan the next tick.

        Every connection of a holder hears of its holds in the order of the entries, its own
        answers among them: a basket that ended must not come back with an answer told late.
        """
        watched = self._events[batch.event]
        live = watched.live
        changed_rules = live.apply(batch)
        by_holder = watched.by_holder
        if by_holder:
            for seq, entry in enumerate(batch.entries, batch.after_seq + 1):
                own = by_holder.get(getattr(entry, "holder", _NOBODY))
                if own is not None:
                    self._tell_holder(live, own, seq, entry, batch)
        if changed_rules:
            self._tell_rules(watched, batch)
        if live.dirty:
            watched.tiles.wake()
            if watched.far:
                watched.zones.wake()
            if watched.unzoned:
                watched.totals.wake()

    def _tell_rules(self, watched: _Watched, batch: Batch) -> None:
        message = wire.encode_message(wire.EventChanged(batch.seq))
        for watcher in watched.all():
            watcher.send(message)
        if watched.live.base_seq == batch.seq:
            # Another chart: the tiles they watch are no more.
            for watcher in watched.all():
                watcher.watch.end()
            watched.begin_anew()

    def _tell_holder(
        self, live: LiveEvent, own: list[Watcher], seq: int, entry: Entry, batch: Batch
    ) -> None:
        view = batch.views.get(seq)
        accepted = Accepted(getattr(entry, "id", _NO_COMMAND), seq, entry, view)
        message: bytes | None = None
        for connection in list(own):
            if connection.answer(accepted):
                continue
            if message is None:
                message = told(live, "", seq, entry, view)
            if message is not None:
                connection.send(message)

    def tiles_round(self, watched: _Watched) -> Round | None:
        """A tick of tiles."""
        if not watched.live.dirty:
            return None
        tick = watched.tile_tick = watched.live.tick()
        self.ticks += 1
        if not tick.mask:
            return Round(0, _nobody)
        # Who looks at the same is told the same, and stands side by side.
        watchers: list[Watcher] = []
        sets: list[TileSet] = []
        ends: list[int] = []
        for tiles, members in watched.near.items():
            if tiles.mask & tick.mask:
                watchers.extend(members)
                sets.append(tiles)
                ends.append(len(watchers))

        def deliver(at: int, end: int) -> None:
            among = bisect_right(ends, at)
            while at < end:
                upto = min(ends[among], end)
                frame = tick.frame(sets[among].mask, sets[among])
                self._tell(watchers[at:upto], frame)
                at, among = upto, among + 1

        return Round(len(watchers), deliver)

    def zones_round(self, watched: _Watched) -> Round | None:
        """A tick of zones."""
        if not watched.far:
            return None
        frame = watched.live.zones_tick()
        self.far_ticks += 1
        return self._same_for_all(list(watched.far), frame)

    def totals_round(self, watched: _Watched) -> Round | None:
        """A tick of totals, for those who are not told of zones."""
        if not watched.unzoned:
            return None
        return self._same_for_all(list(watched.unzoned), watched.live.totals())

    def _same_for_all(self, watchers: list[Watcher], frame: bytes) -> Round:
        if not frame:
            return Round(0, _nobody)
        return Round(len(watchers), lambda at, end: self._tell(watchers[at:end], frame), len(frame))

    def _tell(self, watchers: list[Watcher], frame: bytes) -> None:
        self.frames_sent += len(watchers)
        self.bytes_sent += len(watchers) * len(frame)
        tell_all(watchers, frame)


def _nobody(_at: int, _end: int) -> None:
    """A round without receivers."""
