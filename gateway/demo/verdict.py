"""The audit of a demo: was everything that the bots were told true, and is it still there?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Final

import msgspec

from gateway.demo.told import Told
from gateway.sale.audit import Auditor
from seatengine.core import entries
from seatengine.limits import MAX_FINDINGS_NAMED

_ENTRY_OF: Final[dict[str, type | tuple[type, ...]]] = {
    "held": entries.SeatsHeld,
    "changed": (entries.HoldChanged, entries.HoldExtended),
    # Of a repeated command whose hold has ended meanwhile, only that is told.
    "ended": (
        entries.HoldReleased,
        entries.HoldChanged,
        entries.HoldExtended,
        entries.SeatsHeld,
    ),
    "booked": entries.SeatsBooked,
}


class Verdict(msgspec.Struct):
    """`double_sold` counts places, `lost` everything told that the database does not bear out."""

    double_sold: int = 0
    lost: int = 0
    findings: list[str] = []

    def lose(self, finding: str) -> None:
        self.lost += 1
        if len(self.findings) < MAX_FINDINGS_NAMED:
            self.findings.append(finding)


def command_of(told: Told) -> str:
    """The id in the journal of the command that was answered; "" for what answers none."""
    return f"{told.viewer}/{told.ref}" if told.ref else ""


def judge(told: Iterable[Told], auditors: Mapping[str, Auditor]) -> Verdict:
    """Hold every telling against the journal of its event, as its auditor has read it.

    The auditors must have watched the commands of `told`.
    """
    verdict = Verdict()
    bookings: dict[str, dict[str, list[int]]] = {event: {} for event in auditors}
    for fact in told:
        _check(fact, auditors[fact.event], verdict)
        if fact.kind == "booked":
            bookings[fact.event][fact.booking] = fact.places
        elif fact.kind == "cancelled":
            bookings[fact.event].pop(fact.booking, None)
    for event, auditor in auditors.items():
        verdict.double_sold += auditor.double_sold
        verdict.lost += auditor.mistakes - auditor.double_sold
        verdict.findings += [f"{event}: {finding}" for finding in auditor.findings]
        _check_bookings(event, bookings[event], auditor, verdict)
    return verdict


def _check(told: Told, auditor: Auditor, verdict: Verdict) -> None:
    where = f"{told.event}: {told.viewer} was told {told.kind} {told.ref}"
    done = auditor.by_command.get(command_of(told))
    match told.kind:
        case "refused":
            if done is not None:
                verdict.lose(f"{where}, but entry {done.seq} carries it out")
        case "missing":
            verdict.lose(f"{told.event}: {told.viewer} came back and hold {told.hold} was gone")
        case "held" | "changed" | "ended" | "booked":
            if done is None or not isinstance(done.entry, _ENTRY_OF[told.kind]):
                verdict.lose(f"{where}, but the journal has no such entry")
            elif _hold_of(done.seq, done.entry) != told.hold:
                verdict.lose(f"{where} on hold {told.hold}, but entry {done.seq} has another")
            elif told.kind != "ended" and done.places != set(told.places):
                verdict.lose(f"{where} with other places than entry {done.seq} has")


def _hold_of(seq: int, entry: entries.Entry) -> int:
    if isinstance(entry, entries.SeatsHeld):
        return seq
    return int(getattr(entry, "hold", 0))


def _check_bookings(
    event: str, bookings: Mapping[str, list[int]], auditor: Auditor, verdict: Verdict
) -> None:
    """Bookings that were told and never cancelled: all live, no place in two of them."""
    for booking, places in bookings.items():
        kept = auditor.bookings.get(booking)
        if kept is None or kept.places != set(places):
            verdict.lose(f"{event}: booking {booking} is not what its buyer was told")
    for place, times in Counter(p for places in bookings.values() for p in places).items():
        if times > 1:
            verdict.double_sold += times - 1
            verdict.findings.append(f"{event}: place {place} was sold to {times} buyers")
