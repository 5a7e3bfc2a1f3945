"""The same server with a plain design of telling viewers: JSON to everyone, a message a change.

Engine, journal, connections, answers to commands are those of the real server; only the hub is
another. `python -m benchmarks.naive_server` takes the place of gateway.demo.server_process.
"""

from __future__ import annotations

import runpy

import msgspec

from gateway import app
from gateway.live import wire
from gateway.live.frames import TEXT, server_frame
from gateway.live.hub import Hub, Watcher
from seatengine.core import entries
from seatengine.core.entries import Entry
from seatengine.core.outputs import Batch
from seatengine.ids import EventId, HolderId

_NOBODY = HolderId("")


class Change(msgspec.Struct):
    """What everyone is told of each hold, release and booking; seats by number, which is short."""

    type: str
    seq: int
    status: str
    seats: list[int]


class NaiveHub(Hub):
    """Tells every viewer of every change at once."""

    def __init__(self) -> None:
        super().__init__()
        self._places: dict[int, list[int]] = {}

    def greet(self, event: EventId, watcher: Watcher, _hello: wire.Hello) -> bytes:
        watched = self._events[event]
        watched.file(watcher)
        taken = [place for place, status in enumerate(watched.live.statuses) if status]
        return _framed(Change("all", watched.live.seq, "taken", taken))

    def look(self, _event: EventId, _watcher: Watcher, _look: wire.Look) -> None:
        self.looks += 1

    def on_batch(self, batch: Batch) -> None:
        watched = self._events[batch.event]
        watched.live.apply(batch)
        for seq, entry in enumerate(batch.entries, batch.after_seq + 1):
            own = watched.by_holder.get(getattr(entry, "holder", _NOBODY))
            if own is not None:
                self._tell_holder(watched.live, own, seq, entry, batch)
            change = self._change(seq, entry)
            if change is not None:
                self._broadcast(watched.all(), _framed(change))

    def _broadcast(self, watchers: list[Watcher], frame: bytes) -> None:
        self.frames_sent += len(watchers)
        self.bytes_sent += len(watchers) * len(frame)
        for watcher in watchers:
            watcher.send_news(frame)

    def _change(self, seq: int, entry: Entry) -> Change | None:
        match entry:
            case entries.SeatsHeld(places=places):
                self._places[seq] = places
                return Change("seats", seq, "held", places)
            case entries.HoldReleased(hold=hold) | entries.HoldExpired(hold=hold):
                return Change("seats", seq, "free", self._places.pop(hold, []))
            case entries.SeatsBooked(hold=hold, places=places):
                self._places.pop(hold, None)
                return Change("seats", seq, "booked", places)
        return None


def _framed(change: Change) -> bytes:
    return server_frame(TEXT, msgspec.json.encode(change))


if __name__ == "__main__":
    # The composition root makes the hub; here it makes this one.
    setattr(app, "Hub", NaiveHub)  # noqa: B010
    runpy.run_module("gateway.demo.server_process", run_name="__main__")
