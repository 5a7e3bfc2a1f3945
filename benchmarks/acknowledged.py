"""What clients were told, held against what the journal and the server know afterwards."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

from gateway import wire
from gateway.client import Answer, Client
from seatengine.core.entries import Entry, HoldReleased, SeatsBooked, SeatsHeld, decode_frame
from seatengine.core.seating import BOOKED
from seatengine.ids import EventId
from seatengine.shell.postgres import Pool

_READ: Final = (
    "select first_seq, frame from journal where event_id = $1 and last_seq > $2 order by first_seq"
)


class Acknowledged(msgspec.Struct, frozen=True):
    """An answer, and who got it."""

    token: str
    viewer: str
    answer: Answer


async def count_lost(
    pool: Pool, url: str, event: EventId, after_seq: int, told: list[Acknowledged]
) -> int:
    """How many of the acknowledged commands have no effect: not in the journal after `after_seq`,
    or in it, but not in what the server at `url` says of holds and seats.

    Everyone must have fallen silent.
    """
    journal = await _commands(pool, event, after_seq)
    done = [t for t in told if not isinstance(t.answer, wire.Refused)]
    unwritten = {number for number, said in enumerate(done) if not is_written(said, journal)}
    ended = {t.answer.hold for t in done if isinstance(t.answer, wire.Ended | wire.Booked)}
    by_token: dict[str, list[tuple[int, Answer]]] = {}
    for number, said in enumerate(done):
        by_token.setdefault(said.token, []).append((number, said.answer))
    undone: set[int] = set()
    for token, answers in by_token.items():
        client = Client(url, event, token)
        await client.connect()
        undone |= {number for number, answer in answers if not is_so(answer, client, ended)}
        await client.close()
    return len(unwritten | undone)


async def _commands(pool: Pool, event: EventId, after_seq: int) -> dict[str, tuple[int, Entry]]:
    """(seq, entry) by command id, for every entry after `after_seq`."""
    found: dict[str, tuple[int, Entry]] = {}
    for first_seq, frame in await pool.fetch(_READ, event, after_seq):
        for seq, entry in enumerate(decode_frame(frame), first_seq):
            found[getattr(entry, "id", "")] = seq, entry
    return found


def is_written(said: Acknowledged, journal: Mapping[str, tuple[int, Entry]]) -> bool:
    """Whether the journal says of the command what its sender was told. Refusals are not asked."""
    seq, entry = journal.get(f"{said.viewer}/{said.answer.ref}", (0, None))
    match said.answer, entry:
        case wire.Held(_, state), SeatsHeld():
            return state.hold == seq and state.places == entry.places
        case wire.Ended(_, hold), HoldReleased():
            return hold == entry.hold
        case wire.Booked(_, hold, booking, places), SeatsBooked():
            return (hold, booking, places) == (entry.hold, entry.booking, entry.places)
    return False


def is_so(answer: Answer, client: Client, ended: set[int]) -> bool:
    """Whether the server still stands by what it said; `ended` holds were ended by later words."""
    assert client.statuses is not None
    match answer:
        case wire.Held(_, state) if state.hold not in ended:
            mine = client.holds.get(state.hold)
            return mine is not None and mine.places == state.places
        case wire.Booked(_, _, _, places):
            return all(client.statuses[place] == BOOKED for place in places)
        case wire.Ended(_, hold):
            return hold not in client.holds
    return True
