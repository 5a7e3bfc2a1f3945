"""The edge under the simulator: what pages show once all is quiet is what is so, whatever broke."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from gateway.live import ticker, wire
from gateway.live.connection import LiveConnection
from gateway.live.fanout import LiveEvent, TileTick
from gateway.live.hub import Hub, Watcher
from gateway.live.session import Session
from gateway.live.sight import Sight
from gateway.live.ticker import Ticker
from gateway.live.tile_sets import TileSet
from gateway.live.zone_watch import ZoneWatch
from seatengine import limits
from seatengine.core.entries import Entry
from seatengine.core.outputs import Batch
from seatengine.core.party_fit import PartyFit
from seatengine.core.shard import Shard
from seatengine.ids import EventId
from tests.gateway.live.stage import on_the_loops_time
from tests.sim import virtual_time
from tests.sim.edge_world import EdgeWorld
from tests.sim.truth import Broken

SEEDS = int(os.environ.get("SEATENGINE_SIM_SEEDS", "120"))
PLANTED_SEEDS = 150


@pytest.fixture(autouse=True)
def _small_slices_and_slow_readers() -> Iterator[None]:
    logging.disable(logging.CRITICAL)
    with on_the_loops_time() as patch:
        patch.setattr(ticker, "FAN_OUT_SLICE", 1)
        patch.setattr(limits, "SLOW_READER_BYTES", 300)
        patch.setattr(limits, "MAX_OUTBOX_BYTES", 4_000)
        yield
    logging.disable(logging.NOTSET)


def play(seed: int) -> None:
    try:
        virtual_time.run(EdgeWorld(seed).run())
    except Broken as broken:
        raise Broken(f"{broken} (seed {seed})") from broken


@pytest.mark.parametrize("part", range(2))
def test_e1_e2_e5_e6_e7_d6_n1_n2_pages_show_what_is_so(part: int) -> None:
    for seed in range(part, SEEDS, 2):
        play(seed)


def own_answers_come_after_the_news(patch: pytest.MonkeyPatch) -> None:
    def nobody_asked(self: LiveConnection, accepted: object) -> bool:
        return self._session.asked(accepted.id)  # type: ignore[attr-defined]

    patch.setattr(LiveConnection, "answer", nobody_asked)


def baskets_are_read_in_the_middle_of_a_batch(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Shard, "_bring_up_to_date", lambda self: None)


def other_tabs_are_not_told(patch: pytest.MonkeyPatch) -> None:
    def tell(
        self: Hub, live: LiveEvent, own: list[LiveConnection], seq: int, entry: Entry, batch: Batch
    ) -> None:
        return

    patch.setattr(Hub, "_tell_holder", tell)


def newcomers_are_shown_what_others_were_not_told(patch: pytest.MonkeyPatch) -> None:
    """The told picture is not kept apart from the known one."""
    original = LiveEvent._show

    def show(self: LiveEvent, *chart: Any) -> None:  # noqa: ANN401
        original(self, *chart)
        self._told = self._known

    patch.setattr(LiveEvent, "_show", show)


def a_whole_tile_is_packed_once_for_ever(patch: pytest.MonkeyPatch) -> None:
    original = LiveEvent.tick

    def tick(self: LiveEvent) -> TileTick:
        kept = dict(self._whole)
        told = original(self)
        self._whole = kept
        return told

    patch.setattr(LiveEvent, "tick", tick)


def who_comes_back_is_believed_to_be_up_to_date(patch: pytest.MonkeyPatch) -> None:
    original = LiveEvent.since

    def since(self: LiveEvent, epoch: int, seq: int, known: int, mask: int) -> bytes:
        return original(self, epoch, self.told_seq if seq else 0, known, mask)

    patch.setattr(LiveEvent, "since", since)


def what_was_missed_is_told_as_it_was_then(patch: pytest.MonkeyPatch) -> None:
    original = LiveEvent.tick

    def tick(self: LiveEvent) -> TileTick:
        kept = dict(self._missed)
        told = original(self)
        self._missed = kept
        return told

    patch.setattr(LiveEvent, "tick", tick)


def large_changes_are_forgotten_by_those_who_come_back(patch: pytest.MonkeyPatch) -> None:
    original = LiveEvent.apply

    def apply(self: LiveEvent, batch: Batch) -> bool:
        kept = self._changed_seq
        changed = original(self, batch)
        if len(batch.places) > 20 and self._changed_seq is kept:
            kept[batch.places] = 0
        return changed

    patch.setattr(LiveEvent, "apply", apply)


def who_turns_during_a_round_misses_it(patch: pytest.MonkeyPatch) -> None:
    def look(self: Hub, event: EventId, watcher: Watcher, look: wire.Look) -> None:
        watched = self._events[event]
        frames = watcher.watch.turn(watched.live, look)
        if frames:
            watched.file(watcher)
            watcher.send_frames(frames)

    patch.setattr(Hub, "look", look)


def a_page_claims_what_it_watches(patch: pytest.MonkeyPatch) -> None:
    original = Sight.take

    def take(self: Sight, message: wire.ServerMessage) -> bool:
        taken = original(self, message)
        self.known = self.mask
        return taken

    patch.setattr(Sight, "take", take)


def who_lost_news_is_not_told_afresh(patch: pytest.MonkeyPatch) -> None:
    original = LiveConnection.resume_writing

    def resume_writing(self: LiveConnection) -> None:
        self._lagging = False
        original(self)

    patch.setattr(LiveConnection, "resume_writing", resume_writing)


def who_lost_news_is_told_of_other_tiles(patch: pytest.MonkeyPatch) -> None:
    def look(self: LiveConnection, look: wire.Look) -> None:
        if self._event is not None and self._greeted:
            self._edge.hub.look(self._event, self, look)
        else:
            self.watch.look = look

    patch.setattr(LiveConnection, "_look", look)


def frames_of_other_tiles_are_sent(patch: pytest.MonkeyPatch) -> None:
    """One frame for all who see as many changed tiles."""
    original = TileTick.frame

    def frame(self: TileTick, mask: int, within: TileSet | None = None) -> bytes:
        changed = (mask & self.mask).bit_count()
        for other, made in self.frames.items():
            if other.bit_count() == changed:
                return made
        return original(self, mask, within)

    patch.setattr(TileTick, "frame", frame)


def zones_are_told_once(patch: pytest.MonkeyPatch) -> None:
    original = ZoneWatch.tick

    def tick(self: ZoneWatch, seq: int, free: Any) -> bytes:  # noqa: ANN401
        packed = original(self, seq, free)
        return packed if seq < 20 else b""

    patch.setattr(ZoneWatch, "tick", tick)


def zones_that_were_missed_stay_missed(patch: pytest.MonkeyPatch) -> None:
    original = ZoneWatch.since

    def since(self: ZoneWatch, seq: int) -> bytes:
        return original(self, self.told_seq if seq > 0 else seq)

    patch.setattr(ZoneWatch, "since", since)


def party_fit_sees_across_an_aisle(patch: pytest.MonkeyPatch) -> None:
    original = PartyFit.__init__

    def init(self: PartyFit, *chart: Any) -> None:  # noqa: ANN401
        original(self, *chart)
        self._linked = self._linked | True

    patch.setattr(PartyFit, "__init__", init)


def news_during_a_round_are_told_with_the_next_change(patch: pytest.MonkeyPatch) -> None:
    original = Ticker.wake

    def wake(self: Ticker) -> None:
        if self.round is None:
            original(self)

    patch.setattr(Ticker, "wake", wake)


def another_epochs_seq_is_believed(patch: pytest.MonkeyPatch) -> None:
    original = LiveEvent.since

    def since(self: LiveEvent, epoch: int, seq: int, known: int, mask: int) -> bytes:
        everything = self.tiles.all_mask if self.tiles is not None else 0
        return original(self, self.epoch, max(seq, self.base_seq), known or everything, mask)

    patch.setattr(LiveEvent, "since", since)


def a_rebuilt_event_greets_nobody(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(LiveConnection, "greet_again", lambda self: None)


def every_connection_has_refs_of_its_own(patch: pytest.MonkeyPatch) -> None:
    original = Session._claim
    minted: list[int] = []

    def claim(self: Session, ref: str) -> object:
        minted.append(1)
        claimed = original(self, ref)
        if claimed is None or ref.startswith("~"):
            return claimed
        self._unanswered.discard(claimed)
        other = type(claimed)(f"{claimed}+{len(minted)}")
        self._unanswered.add(other)
        return other

    patch.setattr(Session, "_claim", claim)


PLANTED: dict[Callable[[pytest.MonkeyPatch], None], tuple[str, ...]] = {
    own_answers_come_after_the_news: ("E6",),
    baskets_are_read_in_the_middle_of_a_batch: ("E6",),
    other_tabs_are_not_told: ("E6", "E5"),
    newcomers_are_shown_what_others_were_not_told: ("N1", "N2"),
    a_whole_tile_is_packed_once_for_ever: ("N1", "N2"),
    who_comes_back_is_believed_to_be_up_to_date: ("N1", "N2"),
    what_was_missed_is_told_as_it_was_then: ("N1", "N2"),
    large_changes_are_forgotten_by_those_who_come_back: ("N1", "N2"),
    who_turns_during_a_round_misses_it: ("N1", "N2"),
    a_page_claims_what_it_watches: ("N1", "N2"),
    who_lost_news_is_not_told_afresh: ("N1", "N2"),
    who_lost_news_is_told_of_other_tiles: ("N1", "N2"),
    frames_of_other_tiles_are_sent: ("N1", "N2"),
    zones_are_told_once: ("N1",),
    zones_that_were_missed_stay_missed: ("N1",),
    party_fit_sees_across_an_aisle: ("N1",),
    news_during_a_round_are_told_with_the_next_change: ("N1", "N2"),
    another_epochs_seq_is_believed: ("N1", "N2"),
    a_rebuilt_event_greets_nobody: ("N1", "N2", "E2", "E6"),
    every_connection_has_refs_of_its_own: ("E5", "D6"),
}


def play_until_broken() -> None:
    for seed in range(PLANTED_SEEDS):
        play(seed)


@pytest.mark.parametrize("plant", PLANTED, ids=lambda plant: plant.__name__)
def test_planted_bug_in_the_edge_is_found(
    plant: Callable[[pytest.MonkeyPatch], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    plant(monkeypatch)
    with pytest.raises(Broken) as found:
        play_until_broken()
    assert str(found.value).split(":")[0] in PLANTED[plant]
