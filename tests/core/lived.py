"""An event that has been through something: the simulator's workload on one audited shard."""

from __future__ import annotations

from random import Random

from tests import venues
from tests.core.audited import Audited, unbound
from tests.sim.workload import Workload


def lived(seed: int, commands: int) -> Audited:
    """The event after so many commands of seed's workload; same seed, same event."""
    rng = Random(seed)
    event = unbound(venues.pocket())
    workload = Workload(rng, venues.pocket())
    first = workload.first(workload.policy())
    workload.hear(first, event.ask(first))
    live_through(event, workload, rng, commands)
    return event


def live_through(event: Audited, workload: Workload, rng: Random, commands: int) -> None:
    """Go on with `workload` for so many commands."""
    for _ in range(commands):
        event.now_ms += rng.choice((0, 0, 1, 50, 400))
        command = workload.next()
        workload.hear(command, event.ask(command))
