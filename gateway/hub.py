"""Who watches which event, and when they hear of changes. Thin: what they hear is fanout's."""

from __future__ import annotations

import asyncio
import logging
from typing import Final, Protocol

from gateway import wire
from gateway.fanout import LiveEvent
from gateway.session import told
from seatengine.core.entries import Entry
from seatengine.core.outputs import Accepted, Batch
from seatengine.core.shard import Shard
from seatengine.ids import CommandId, Epoch, EventId, HolderId
from seatengine.limits import TICK_MAX_MS, TICK_MIN_MS

_log = logging.getLogger(__name__)

_NOBODY: Final = HolderId("")
_NO_COMMAND: Final = CommandId("")

# A tick lasts this many times what the last one cost, so that fan-out takes a tenth of the loop.
_TICK_COST_FACTOR: Final = 9


class Watcher(Protocol):
    """A connection as the hub sees it. Compared and hashed by identity."""

    def send(self, message: bytes) -> None:
        """Send an encoded message of the viewer's own."""

    def send_delta(self, frame: bytes) -> None:
        """Send a framed message that a slow viewer may lose."""

    def answer(self, accepted: Accepted) -> bool:
        """Answer the command, if it was asked here and has no answer yet; False if not."""
        ...

    def greet_again(self) -> None:
        """Begin anew: Welcome, View, Mine."""


class _Watched:
    """An event with its watchers, by connection and by holder."""

    __slots__ = ("by_holder", "live", "next_flush_s", "timer", "watchers")

    def __init__(self, live: LiveEvent) -> None:
        self.live = live
        self.watchers: dict[Watcher, None] = {}
        self.by_holder: dict[HolderId, list[Watcher]] = {}
        self.next_flush_s = 0.0
        self.timer: asyncio.Handle | None = None


class Hub:
    """Hears the runner (it is its Listener) and tells the connections."""

    def __init__(self) -> None:
        self._events: dict[EventId, _Watched] = {}
        self.frames_sent = 0
        self.ticks = 0

    def live(self, event: EventId) -> LiveEvent | None:
        """What viewers may know of `event`; None when it is not open."""
        watched = self._events.get(event)
        return watched.live if watched is not None else None

    def watch(self, event: EventId, connection: Watcher, holder: HolderId) -> None:
        """From now on `connection` hears of every change of `event`, and of its holder's holds."""
        watched = self._events[event]
        watched.watchers[connection] = None
        watched.by_holder.setdefault(holder, []).append(connection)

    def unwatch(self, event: EventId, connection: Watcher, holder: HolderId) -> None:
        """The end of `watch`; harmless when it never began."""
        watched = self._events.get(event)
        if watched is None or connection not in watched.watchers:
            return
        del watched.watchers[connection]
        own = watched.by_holder[holder]
        own.remove(connection)
        if not own:
            del watched.by_holder[holder]

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
        )
        watched = self._events.get(state.event)
        if watched is None:
            self._events[state.event] = _Watched(live)
            return
        watched.live = live
        for connection in list(watched.watchers):
            connection.greet_again()

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
            message = wire.encode_message(wire.EventChanged(batch.seq))
            for connection in list(watched.watchers):
                connection.send(message)
        if live.dirty and watched.timer is None:
            self._plan_tick(watched)

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

    def _plan_tick(self, watched: _Watched) -> None:
        loop = asyncio.get_running_loop()
        wait_s = watched.next_flush_s - loop.time()
        if wait_s <= 0:
            watched.timer = loop.call_soon(self._tick, watched)
        else:
            watched.timer = loop.call_later(wait_s, self._tick, watched)

    def _tick(self, watched: _Watched) -> None:
        watched.timer = None
        if not watched.live.dirty:
            return
        frame = watched.live.take_delta()
        loop = asyncio.get_running_loop()
        begun_s = loop.time()
        for connection in list(watched.watchers):
            connection.send_delta(frame)
        cost_s = loop.time() - begun_s
        self.ticks += 1
        self.frames_sent += len(watched.watchers)
        pause_s = min(max(cost_s * _TICK_COST_FACTOR, TICK_MIN_MS / 1000), TICK_MAX_MS / 1000)
        watched.next_flush_s = loop.time() + pause_s
