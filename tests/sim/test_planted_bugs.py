"""The simulator is worth what it finds: every planted bug must be found within SEEDS seeds, and be
called by a promise that it breaks. One that survives is a hole in the workload or the auditor."""

from __future__ import annotations

import pytest

from tests.sim.planted_bugs import BUGS, MakeWorld
from tests.sim.truth import Broken

SEEDS = 60


def play_until_broken(make_world: MakeWorld) -> None:
    for seed in range(SEEDS):
        make_world(seed).run()


@pytest.mark.parametrize("name", BUGS)
def test_planted_bug_is_found(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    promises, plant = BUGS[name]
    make_world = plant(monkeypatch)
    with pytest.raises(Broken) as found:
        play_until_broken(make_world)
    named = str(found.value).split(":")[0]
    assert named in promises or named[0] in promises
