"""A place's status, and which status may follow which.

Statuses live in one bytearray per event, a byte a place: scalar reads and writes go to the
bytearray (fastest in CPython), vector work to a numpy view over the same memory.
"""

from __future__ import annotations

from typing import Final

FREE: Final = 0
HELD: Final = 1
BOOKED: Final = 2
BLOCKED: Final = 3
RETIRED: Final = 4

STATUS_NAMES: Final = ("free", "held", "booked", "blocked", "retired")

LEGAL_MOVES: Final = frozenset(
    {
        (FREE, HELD),
        (FREE, BOOKED),
        (FREE, BLOCKED),
        (HELD, FREE),
        (HELD, BOOKED),
        (BOOKED, FREE),
        (BLOCKED, FREE),
    }
)
"""(from, to). Everything else is a bug; the tests check every entry against this table."""
