"""The edge under the simulator: what pages show once all is quiet is what is so, whatever broke."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator

import pytest

from gateway.fanout import LiveEvent
from gateway.hub import Hub
from gateway.session import Session
from seatengine.core.entries import Entry
from seatengine.core.outputs import Batch
from seatengine.core.shard import Shard
from tests.sim import virtual_time
from tests.sim.edge_world import EdgeWorld, Line
from tests.sim.truth import Broken

SEEDS = int(os.environ.get("SEATENGINE_SIM_SEEDS", "200"))
PLANTED_SEEDS = 60


@pytest.fixture(autouse=True)
def _quiet_logs() -> Iterator[None]:
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


def play(seed: int) -> None:
    try:
        virtual_time.run(EdgeWorld(seed).run())
    except Broken as broken:
        raise Broken(f"{broken} (seed {seed})") from broken


@pytest.mark.parametrize("part", range(2))
def test_e1_e2_e5_e6_e7_d6_v2_pages_show_what_is_so(part: int) -> None:
    for seed in range(part, SEEDS, 2):
        play(seed)


def own_answers_come_after_the_news(patch: pytest.MonkeyPatch) -> None:
    def nobody_asked(self: Line, accepted: object) -> bool:
        return self._session.asked(accepted.id)  # type: ignore[attr-defined]

    patch.setattr(Line, "answer", nobody_asked)


def baskets_are_read_in_the_middle_of_a_batch(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Shard, "_bring_up_to_date", lambda self: None)


def other_tabs_are_not_told(patch: pytest.MonkeyPatch) -> None:
    def tell(
        self: Hub, live: LiveEvent, own: list[Line], seq: int, entry: Entry, batch: Batch
    ) -> None:
        return

    patch.setattr(Hub, "_tell_holder", tell)


def changed_and_changed_back_is_always_left_out(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(LiveEvent, "_show_between_ticks", lambda self: None)


def who_comes_back_is_believed_to_be_up_to_date(patch: pytest.MonkeyPatch) -> None:
    original = LiveEvent.since

    def since(self: LiveEvent, epoch: int, seq: int) -> bytes:
        return original(self, epoch, self.seq if seq else 0)

    patch.setattr(LiveEvent, "since", since)


def a_rebuilt_event_greets_nobody(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Line, "greet_again", lambda self: None)


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
    changed_and_changed_back_is_always_left_out: ("V2",),
    who_comes_back_is_believed_to_be_up_to_date: ("V2", "E2"),
    a_rebuilt_event_greets_nobody: ("V2", "E2", "E6"),
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
