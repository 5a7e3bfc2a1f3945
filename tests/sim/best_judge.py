"""Judges best available by brute force: tries every start there is, one seat at a time.

What is promised (B1 to B6 in tests/SPEC.md): seats side by side when any free run fits; a run that
strands a single free seat only when every run does; among those the lowest mean rank; what the
filters ask; accessible and companion seats only for those who ask; a step that says what was done.
"""

from __future__ import annotations

from collections.abc import Collection

from seatengine.core.commands import HoldBest
from seatengine.core.outputs import BestStep, Code
from tests.sim.truth import Truth, VenueFacts, require


def suitable(truth: Truth, command: HoldBest) -> set[int]:
    """Free places that the command's filters let in."""
    venue = truth.venue
    assert venue is not None
    tariff = truth.tariffs[-1]
    if command.into in truth.holds:
        tariff = truth.tariffs[truth.holds[command.into].tariff]
    return {
        p
        for p in truth.free() & venue.by_seat
        if (not command.categories or venue.category[p] in command.categories)
        and (not command.sections or venue.section[p] in command.sections)
        and (not command.max_price or tariff.prices[venue.category[p]] <= command.max_price)
        and (command.accessible or p not in venue.reserved)
    }


def runs(venue: VenueFacts, pool: set[int], quantity: int, accessible: int) -> list[list[int]]:
    """Every `quantity` places of `pool` side by side, at least `accessible` of them accessible."""
    found = []
    for first in sorted(pool):
        run = list(range(first, first + quantity))
        together = all(p in pool for p in run) and all(
            (p, p + 1) in venue.neighbours for p in run[:-1]
        )
        if together and sum(p in venue.accessible for p in run) >= accessible:
            found.append(run)
    return found


def strands_one(truth: Truth, run: list[int]) -> bool:
    """Whether taking `run` leaves a single free seat alone beside it that had company before."""
    venue = truth.venue
    assert venue is not None
    free = truth.free() & venue.by_seat

    def beside(place: int, other: int) -> bool:
        pair = (min(place, other), max(place, other))
        return other in free and pair in venue.neighbours

    low, high = run[0], run[-1]
    left = beside(low, low - 1) and not beside(low - 1, low - 2)
    right = beside(high, high + 1) and not beside(high + 1, high + 2)
    return left or right


def shortages(truth: Truth, command: HoldBest) -> list[Code]:
    """The refusals that the lack of places justifies; empty when there are places to give."""
    venue = truth.venue
    assert venue is not None
    pool = suitable(truth, command)
    together = runs(venue, pool, command.quantity, command.accessible)
    if together and command.worst_step >= BestStep.TOGETHER_LEAVES_ONE:
        return []
    if any(not strands_one(truth, run) for run in together):
        return []
    enough = len(pool) >= command.quantity and len(pool & venue.accessible) >= command.accessible
    if not enough:
        return [Code.NOT_ENOUGH_LEFT, Code.NOT_ENOUGH_TOGETHER]
    if command.worst_step == BestStep.SCATTERED:
        return []
    if command.worst_step == BestStep.NEARBY and _near_exists(venue, pool, command):
        return []
    return [Code.NOT_ENOUGH_TOGETHER]


def is_optional(command: HoldBest, deserved: Collection[Code]) -> bool:
    """Whether `command` may be refused for `deserved`, and may be accepted just as well."""
    return command.worst_step == BestStep.NEARBY and list(deserved) == [Code.NOT_ENOUGH_TOGETHER]


def _near_exists(venue: VenueFacts, pool: set[int], command: HoldBest) -> bool:
    """Whether the search must find places nearby: only claimed where there is just one choice of
    section and all of it is side by side in pairs, so that no way of searching could miss it."""
    if command.accessible:
        return False
    sections = {venue.section[p] for p in pool}
    pieces = _pieces(venue, sorted(pool))
    return (
        len(sections) == 1
        and all(len(piece) % 2 == 0 for piece in pieces)
        and (command.quantity % 2 == 0)
    )


def _pieces(venue: VenueFacts, places: list[int]) -> list[list[int]]:
    """`places` cut where two are not neighbours."""
    pieces: list[list[int]] = []
    for place in places:
        if pieces and (pieces[-1][-1], place) in venue.neighbours:
            pieces[-1].append(place)
        else:
            pieces.append([place])
    return pieces


def check(truth: Truth, command: HoldBest, places: list[int], step: int) -> None:
    """Raises Broken unless `places` at `step` is a right answer, before they are taken."""
    venue = truth.venue
    assert venue is not None
    pool = suitable(truth, command)
    require(
        len(set(places)) == len(places) == command.quantity and set(places) <= pool,
        "B1",
        f"{command} got {places}, of which {sorted(set(places) - pool)} do not fit",
    )
    got = sum(p in venue.accessible for p in places)
    require(got >= command.accessible, "B5", f"{command} got {got} accessible: {places}")
    require(step <= command.worst_step, "B6", f"{command} was given step {step}")
    together = runs(venue, pool, command.quantity, command.accessible)
    clean = [run for run in together if not strands_one(truth, run)]
    if clean:
        require(step == BestStep.TOGETHER, "B3", f"{command}: {places} at {step}, not {clean}")
        _check_nearest(venue, command, sorted(places), clean)
    elif together:
        require(step == BestStep.TOGETHER_LEAVES_ONE, "B2", f"{command}: {places}, not {together}")
        _check_nearest(venue, command, sorted(places), together)
    else:
        _check_split(venue, command, sorted(places), step)


def _check_nearest(
    venue: VenueFacts, command: HoldBest, places: list[int], allowed: list[list[int]]
) -> None:
    require(places in allowed, "B2", f"{command} got {places}, which is none of {allowed}")

    def mean_rank(run: list[int]) -> float:
        return sum(venue.rank[p] for p in run) / len(run)

    nearest = min(allowed, key=mean_rank)
    require(
        mean_rank(places) <= mean_rank(nearest) * (1 + 1e-5) + 1e-5,
        "B4",
        f"{command} got {places}, but {nearest} is nearer the focal point",
    )


def _check_split(venue: VenueFacts, command: HoldBest, places: list[int], step: int) -> None:
    require(
        step in (BestStep.NEARBY, BestStep.SCATTERED),
        "B6",
        f"{command}: {places} are not together, the step says {step}",
    )
    if step == BestStep.NEARBY:
        sections = {venue.section[p] for p in places}
        alone = [piece for piece in _pieces(venue, places) if len(piece) == 1]
        require(
            len(sections) == 1 and len(alone) <= 1,
            "B6",
            f"{command}: {places} are called nearby, in sections {sections}, alone {alone}",
        )
