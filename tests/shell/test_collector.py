"""The collector in a serving process: what it costs is seen, and start-up is left alone."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from seatengine.shell.collector import CollectorPauses, calm_collector


@pytest.fixture
def calm() -> Iterator[None]:
    """The calmed collector; the tests' own is back afterwards."""
    before = gc.get_threshold()
    calm_collector()
    yield
    gc.unfreeze()
    gc.set_threshold(*before)


class Knot:
    """An object that keeps itself alive."""

    def __init__(self) -> None:
        self.itself = self


def _count(pauses: CollectorPauses, generation: int) -> int:
    return pauses.seconds[generation].cumulative()[-1][1]


def test_each_collection_is_counted_in_its_generation() -> None:
    pauses = CollectorPauses()
    pauses.start()
    try:
        gc.disable()
        gc.collect(0)
        gc.collect(2)
        gc.collect(2)
    finally:
        gc.enable()
        pauses.stop()
    assert [_count(pauses, generation) for generation in range(3)] == [1, 0, 2]
    assert pauses.seconds[2].total > 0
    gc.collect()
    assert _count(pauses, 2) == 2


def test_what_it_found_is_counted() -> None:
    gc.collect()
    pauses = CollectorPauses()
    pauses.start()
    try:
        for _ in range(50):
            Knot()
        gc.collect()
    finally:
        pauses.stop()
    assert sum(pauses.collected) >= 50


@pytest.mark.usefixtures("calm")
def test_what_stands_at_the_start_is_not_looked_at_again() -> None:
    frozen = gc.get_freeze_count()
    assert frozen > 10_000
    # What the collector still walks is what came after.
    assert len(gc.get_objects()) < frozen / 10
    assert gc.get_threshold()[0] > 1_000
