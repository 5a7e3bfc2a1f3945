"""Who of a load holds what, and when: holds are made at a steady rate, come what may.

The rate is an open loop: each hold has a moment when it is due, and its latency runs from there,
so that a server that stops for a second is seen to keep a second's worth of people waiting.
"""

from __future__ import annotations

from collections import Counter
from random import Random
from time import perf_counter
from typing import TYPE_CHECKING, Final

from gateway.demo.told import Record, Told
from gateway.live import wire
from gateway.load.agenda import Agenda
from gateway.load.ground import Ground
from gateway.load.latencies import Latencies
from gateway.load.scenarios import Scenario
from gateway.load.seen import HoldTimes
from gateway.load.viewer import Ask, Viewer, masked
from seatengine.core.outputs import RETRYABLE, Code

if TYPE_CHECKING:
    from collections.abc import Callable

_PARTIES: Final = (1, 2, 3, 4, 5, 6)
_TRIES: Final = 24
# So many commands may wait on one connection; a viewer with more is passed over.
_MOST_ASKS: Final = 16
# At most so much of the venue is held or sold by the load, so that it never sells out.
_MOST_BUSY: Final = 0.6
_MOST_BOOKED: Final = 0.25
_RETRY_S: Final = 0.3
_BATCH_S: Final = 0.002
_HOARD: Final = 10

_FREE, _OURS, _THEIRS = 0, 1, 2


class Buyers:
    """Makes the holds of a scenario and sees them through."""

    def __init__(
        self,
        event: str,
        scenario: Scenario,
        ground: Ground,
        agenda: Agenda,
        record: Record,
        random: Random,
        now: Callable[[], float],
    ) -> None:
        self._event = event
        self._scenario = scenario
        self._ground = ground
        self._agenda = agenda
        self._record = record
        self._random = random
        self._now = now
        self._busy = bytearray(ground.size)
        self._all_free = bytes(ground.size)
        self._busy_count = self._booked_count = 0
        self._viewers: list[Viewer] = []
        self._turn = 0
        self._number = 0
        self._rate = 0.0
        self._begun_s = self._until_s = 0.0
        self._due = 0
        self._ends: dict[int, Viewer] = {}
        self.keep_s = scenario.keep_s
        self.times = HoldTimes(ground)
        self.hold_latencies = Latencies()
        self.release_latencies = Latencies()
        self.book_latencies = Latencies()
        self.window = Latencies()
        self.told: Counter[str] = Counter()
        self.refused_by_code: Counter[int] = Counter()
        self.skipped = 0
        self.unanswered = 0

    def begin(self, viewers: list[Viewer], rate: float, seconds: float) -> None:
        """Make `rate` holds a second from now on, for so long, each by another of `viewers`."""
        self._viewers = viewers
        self._rate = rate * self._scenario.hold_share
        seats = len(self._ground.seats)
        if self._rate:
            mean = sum(_PARTIES) / len(_PARTIES)
            self.keep_s = min(self._scenario.keep_s, 0.35 * seats / (self._rate * mean))
            self._begun_s = self._now()
            self._until_s = self._begun_s + seconds
            self._agenda.add(self._begun_s, self._pour, None)

    def stop(self) -> None:
        """Make no more holds, and leave those there are as they stand."""
        self._until_s = 0.0

    def give_back(self, rate: float) -> int:
        """Release everything that is still held, `rate` a second; how many holds that is."""
        left = [(viewer, hold) for hold, viewer in self._ends.items()]
        now_s = self._now()
        for number, item in enumerate(left):
            self._agenda.add(now_s + number / rate, self._release_left, item)
        return len(left)

    @property
    def holding(self) -> int:
        """Holds that live, as far as the load knows."""
        return len(self._ends)

    def _pour(self, _: None) -> None:
        """Send every hold that has come due."""
        now_s = self._now()
        while True:
            due_s = self._begun_s + self._due / self._rate
            if due_s >= self._until_s:
                return
            if due_s > now_s:
                break
            self._due += 1
            self._hold(due_s)
        self._agenda.add(max(due_s, now_s + _BATCH_S), self._pour, None)

    def _hold(self, due_s: float) -> None:
        viewer = self._next_viewer()
        places = self._choose(viewer) if viewer is not None else []
        if viewer is None or not places:
            self.skipped += 1
            return
        if not self._scenario.hot_places:
            self._mark(places, _OURS)
        self.times.asked(places)
        self._ask(viewer, "hold", due_s, wire.Hold("", places), places, 0)

    def _next_viewer(self) -> Viewer | None:
        for _ in range(min(len(self._viewers), _TRIES)):
            self._turn = (self._turn + 1) % len(self._viewers)
            viewer = self._viewers[self._turn]
            if viewer.greeted and len(viewer.asks) < _MOST_ASKS and not viewer.slow:
                return viewer
        return None

    def _choose(self, viewer: Viewer) -> list[int]:
        """Free neighbours that this viewer has in view, or some of the places that all want."""
        random, ground = self._random, self._ground
        party = _HOARD if viewer.hoards else random.choice(_PARTIES)
        hot = self._scenario.hot_places
        if hot:
            place = ground.best[random.randrange(min(hot, len(ground.best)))]
            return ground.run(place, party, self._all_free)
        if self._busy_count > _MOST_BUSY * len(ground.seats):
            return []
        best: list[int] = []
        for _ in range(_TRIES):
            if viewer.tiles:
                tile = viewer.tiles[random.randrange(len(viewer.tiles))]
                if ground.tiles.counted[tile]:
                    continue
                place = random.choice(ground.tiles.places[tile])
            else:
                place = random.choice(ground.seats)
            if not ground.seated[place]:
                continue
            run = ground.run(place, party, self._busy)
            if len(run) == party:
                return run
            if len(run) > len(best):
                best = run
        return best

    def _ask(
        self,
        viewer: Viewer,
        kind: str,
        due_s: float,
        message: wire.Command,
        places: list[int],
        hold: int,
    ) -> None:
        self._number += 1
        ref = f"{self._number:x}"
        message.ref = ref
        frame = masked(wire.encode_message(message))
        self.unanswered += 1
        viewer.ask(ref, Ask(kind, due_s, places, hold, frame))

    def _mark(self, places: list[int], status: int) -> None:
        busy = self._busy
        for place in places:
            self._busy_count += (status != _FREE) - (busy[place] != _FREE)
            busy[place] = status

    # What it hears

    def answered(self, viewer: Viewer, message: wire.ServerMessage) -> None:
        """An answer to one of the viewers, or news of its holds."""
        ref = getattr(message, "ref", "")
        ask = viewer.asks.get(ref) if ref else None
        if isinstance(message, wire.Refused):
            if ask is not None:
                self._refused(viewer, ref, ask, message)
            return
        if ask is not None:
            del viewer.asks[ref]
            self.unanswered -= 1
        latency_s = self._now() - ask.due_s if ask is not None else 0.0
        if isinstance(message, wire.Held):
            self._held(viewer, ref, ask, message, latency_s)
        elif isinstance(message, wire.Ended):
            self._over(viewer, message.hold, _FREE)
            if ask is not None:
                self.release_latencies.add(latency_s)
                self._tell("ended", viewer, ref, hold=message.hold)
        elif isinstance(message, wire.Booked):
            self._booked_count += len(message.places)
            self._over(viewer, message.hold, _THEIRS)
            if ask is not None:
                self.book_latencies.add(latency_s)
            self._tell(
                "booked",
                viewer,
                ref,
                hold=message.hold,
                booking=message.booking,
                places=message.places,
                total=message.total,
            )

    def _held(
        self, viewer: Viewer, ref: str, ask: Ask | None, message: wire.Held, latency_s: float
    ) -> None:
        state = message.state
        if ask is None or ask.kind != "hold":
            if ask is not None:
                self._tell("changed", viewer, ref, hold=state.hold, places=state.places)
            return
        self.hold_latencies.add(latency_s)
        self.window.add(latency_s)
        self.times.acknowledged(state.places, state.hold)
        self._tell("held", viewer, ref, hold=state.hold, places=state.places)
        self._mark(state.places, _OURS)
        viewer.holds[state.hold] = state.places
        self._ends[state.hold] = viewer
        self._plan_end(viewer, state.hold)

    def _plan_end(self, viewer: Viewer, hold: int) -> None:
        scenario, chance = self._scenario, self._random.random()
        if chance < scenario.forget_share:
            return
        if viewer.hoards:
            self._agenda.add(self._now() + self.keep_s / 2, self._extend, (viewer, hold))
            return
        if chance < scenario.forget_share + scenario.vanish_share:
            viewer.drop()
            return
        end_s = self._now() + self.keep_s * self._random.uniform(0.5, 1.5)
        books = self._random.random() < scenario.book_share
        full = self._booked_count > _MOST_BOOKED * len(self._ground.seats)
        action = self._book if books and not full else self._release
        self._agenda.add(end_s, action, (viewer, hold))

    def _release(self, item: tuple[Viewer, int]) -> None:
        viewer, hold = item
        if hold in viewer.holds and self._until_s:
            self.times.over(viewer.holds[hold])
            self._ask(viewer, "release", self._now(), wire.Release("", hold), [], hold)

    def _release_left(self, item: tuple[Viewer, int]) -> None:
        viewer, hold = item
        if hold in viewer.holds:
            self._ask(viewer, "release", self._now(), wire.Release("", hold), [], hold)

    def _book(self, item: tuple[Viewer, int]) -> None:
        viewer, hold = item
        if hold in viewer.holds and self._until_s:
            self.times.over(viewer.holds[hold])
            message = wire.Book("", hold, "Load Test", "load@example.org")
            self._ask(viewer, "book", self._now(), message, [], hold)

    def _extend(self, item: tuple[Viewer, int]) -> None:
        viewer, hold = item
        if hold in viewer.holds and self._until_s:
            self._ask(viewer, "extend", self._now(), wire.Extend("", hold), [], hold)
            self._agenda.add(self._now() + self.keep_s, self._release, (viewer, hold))

    def _refused(self, viewer: Viewer, ref: str, ask: Ask, message: wire.Refused) -> None:
        self.refused_by_code[message.code] += 1
        if message.code in RETRYABLE:
            self._agenda.add(self._now() + _RETRY_S, self._again, (viewer, ref))
            return
        del viewer.asks[ref]
        self.unanswered -= 1
        if message.code == Code.HOLD_ENDED:
            # Said again after a break, the command may have been carried out and be over since:
            # that is no refusal to be held against the journal.
            self.told["over"] += 1
            self._over(viewer, ask.hold, _FREE)
        else:
            self._tell("refused", viewer, ref, code=message.code)
        if ask.kind != "hold":
            return
        latency_s = self._now() - ask.due_s
        self.hold_latencies.add(latency_s)
        self.window.add(latency_s)
        self.times.refused(ask.places)
        if self._scenario.hot_places:
            return
        self._mark(ask.places, _FREE)
        # Somebody else has these, and the load has no way to know for how long.
        if message.code == Code.PLACES_TAKEN:
            self._mark([p for p in message.places if p < len(self._busy)], _THEIRS)

    def _again(self, item: tuple[Viewer, str]) -> None:
        viewer, ref = item
        ask = viewer.asks.get(ref)
        if ask is not None and viewer.greeted:
            viewer.ask(ref, ask)

    def greeted(self, viewer: Viewer, mine: wire.Mine) -> None:
        """A viewer is (again) in the conversation: what it lost meanwhile is over."""
        live = {state.hold for state in mine.holds}
        asked = {ask.hold for ask in viewer.asks.values()}
        for hold in [hold for hold in viewer.holds if hold not in live and hold not in asked]:
            self._over(viewer, hold, _FREE)

    def _over(self, viewer: Viewer, hold: int, status: int) -> None:
        places = viewer.holds.pop(hold, None)
        self._ends.pop(hold, None)
        if places is not None:
            self.times.over(places)
            self._mark(places, status)

    def _tell(
        self,
        kind: str,
        viewer: Viewer,
        ref: str,
        *,
        hold: int = 0,
        booking: str = "",
        places: list[int] | None = None,
        total: int = 0,
        code: int = 0,
    ) -> None:
        self.told[kind] += 1
        told = Told(
            kind,  # type: ignore[arg-type]
            self._event,
            viewer.name,
            ref,
            hold,
            booking,
            places or [],
            total,
            code,
        )
        self._record.add(told)


def clock() -> float:
    """Seconds on the clock that latencies are taken on."""
    return perf_counter()
