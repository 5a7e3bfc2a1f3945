"""What clients were told, held against what the journal and the server know afterwards."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Final

import msgspec

from gateway.client.api import ApiClient
from gateway.client.client import Answer, Client, site_of
from gateway.http.resources import EventState
from gateway.live import wire
from seatengine.core.entries import Entry, HoldReleased, SeatsBooked, SeatsHeld, decode_frame
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
    booked = await asyncio.to_thread(_booked, site_of(url), event)
    undone: set[int] = set()
    for token, answers in by_token.items():
        client = Client(url, event, token, watches=False)
        await client.connect()
        held = client.holds
        undone |= {number for number, said in answers if not is_so(said, held, booked, ended)}
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


def is_so(
    answer: Answer, holds: Mapping[int, wire.HoldState], booked: set[int], ended: set[int]
) -> bool:
    """Whether the server still stands by what it said, by the holds that its hearer has now and the
    places that are booked; `ended` holds were ended by later words."""
    match answer:
        case wire.Held(_, state) if state.hold not in ended:
            mine = holds.get(state.hold)
            return mine is not None and mine.places == state.places
        case wire.Booked(_, _, _, places):
            return booked.issuperset(places)
        case wire.Ended(_, hold):
            return hold not in holds
    return True


def _booked(site: str, event: EventId) -> set[int]:
    """The booked places by SeatIndex."""
    api = ApiClient(site)
    try:
        state = api.get(f"/api/v1/events/{event}/state?places=true", EventState)
    finally:
        api.close()
    assert state.places is not None
    return set(state.places.booked)
