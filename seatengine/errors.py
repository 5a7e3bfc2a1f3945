"""Operating errors: what an operator or an importer's user meets. Refusals are values, not errors.

Every error carries a stable `code`, says what happened, why, and what to do.
"""

from __future__ import annotations


class SeatEngineError(Exception):
    """Base of all errors raised on purpose."""

    code = "internal"


class BadSettings(SeatEngineError):
    """A setting is missing or out of range; raised at start-up, names the setting."""

    code = "bad-settings"


class BadChart(SeatEngineError):
    """A chart or chart file is broken. `place` says where, as a JSON path or a line."""

    code = "bad-chart"

    def __init__(self, place: str, reason: str) -> None:
        super().__init__(f"{place}: {reason}")
        self.place = place
        self.reason = reason


class StoreUnavailable(SeatEngineError):
    """The store cannot be reached or did not answer in time. The outcome of a write is unknown."""

    code = "store-unavailable"


class Fenced(SeatEngineError):
    """Another owner has taken the event over; this one must stop writing it."""

    code = "fenced"


class JournalGap(SeatEngineError):
    """The journal's entries do not follow each other. Replay stops rather than guess."""

    code = "journal-gap"


class UnknownEvent(SeatEngineError):
    """No such event in this installation."""

    code = "unknown-event"
