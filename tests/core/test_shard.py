"""The shard's own part: batches, time, repeats, replay."""

from __future__ import annotations

import pytest

from seatengine.core import commands, entries, shard
from seatengine.core.outputs import Accepted, Code, Refusal
from seatengine.core.seating import FREE
from seatengine.core.shard import Shard
from seatengine.ids import CommandId, HoldId
from tests import venues
from tests.core.audited import ANNA, EVENT, NOON, STAFF, accepted, on_sale


def test_nothing_to_say_is_no_batch() -> None:
    event = on_sale(venues.pocket())
    assert event.shard.take_ready() is None
    event.shard.tick(NOON + 10**9)
    assert event.shard.take_ready() is None


def test_a_batch_collects_everything_in_order() -> None:
    event = on_sale(venues.pocket())
    outcomes = [
        event.shard.step(command, NOON)
        for command in (
            event.make(commands.HoldSeats, ANNA, places=[0]),
            event.make(commands.HoldSeats, ANNA, places=[0]),
            event.make(commands.HoldSeats, ANNA, places=[1], into=2),
            event.make(commands.ReadHolds, ANNA),
        )
    ]
    assert event.shard.uncommitted == 2
    batch = event.shard.take_ready()
    assert batch is not None
    assert event.shard.uncommitted == 0
    assert (batch.after_seq, batch.seq) == (1, 3)
    assert [Accepted, Refusal, Accepted] == [type(o) for o in outcomes[:3]]
    assert batch.refusals == [outcomes[1]]
    assert batch.answers == [outcomes[3]]
    assert [entries.decode_entry(e) for e in batch.encoded] == batch.entries
    assert list(batch.views) == [3]
    assert event.shard.take_ready() is None


def test_v1_a_place_that_changes_twice_is_said_once_with_its_last_status() -> None:
    event = on_sale(venues.pocket())
    event.shard.step(event.make(commands.HoldSeats, ANNA, places=[4, 5]), NOON)
    event.shard.step(event.make(commands.ReleaseHold, ANNA, hold=2), NOON)
    batch = event.shard.take_ready()
    assert batch is not None
    assert (batch.places, batch.statuses) == ([4, 5], bytes([FREE, FREE]))


def test_h5_next_expiry_is_never_later_than_the_first_hold_to_end() -> None:
    event = on_sale(venues.pocket())
    assert event.shard.next_expiry_ms > NOON + 10**12
    accepted(event.staff(commands.HoldSeats, places=[0], ttl_ms=9_000))
    accepted(event.staff(commands.HoldSeats, places=[1], ttl_ms=5_000))
    assert event.shard.next_expiry_ms == NOON + 5_000
    event.now_ms += 5_000
    batch = event.tick()
    assert batch is not None
    assert batch.entries == [entries.HoldExpired(NOON + 5_000, STAFF, HoldId(3))]
    assert event.shard.next_expiry_ms == NOON + 9_000


def test_h5_a_command_finds_what_has_just_expired_free_without_a_tick() -> None:
    event = on_sale(venues.pocket())
    accepted(event.anna(commands.HoldSeats, places=[0]))
    event.now_ms += 60_000
    accepted(event.ben(commands.HoldSeats, places=[0]))
    assert isinstance(event.auditor.log[2], entries.HoldExpired)


def test_a5_a_repeat_is_answered_from_memory_and_a_replayed_journal_remembers() -> None:
    event = on_sale(venues.pocket())
    first = event.make(commands.HoldSeats, ANNA, places=[0])
    event.ask(first)
    again = Shard(EVENT, event.shard.tables)
    again.replay(event.auditor.log)
    outcome = again.step(first, NOON)
    assert isinstance(outcome, Accepted)
    assert (outcome.repeat, outcome.seq) == (True, 2)


def test_a5_only_so_many_answers_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shard, "DEDUP_WINDOW_ENTRIES", 3)
    event = on_sale(venues.pocket())
    made = [event.make(commands.HoldSeats, ANNA, places=[n]) for n in range(2)]
    for command in made:
        event.shard.step(command, NOON)
    for n in range(2):
        event.shard.step(event.make(commands.ReleaseHold, ANNA, hold=n + 2), NOON)
    forgotten, known = (event.shard.step(command, NOON) for command in made)
    assert isinstance(forgotten, Accepted)
    assert not forgotten.repeat
    assert isinstance(known, Accepted)
    assert len(event.shard._remembered) == 3


def test_a5_a_refused_id_may_be_tried_again() -> None:
    event = on_sale(venues.pocket())
    accepted(event.ben(commands.HoldSeats, places=[0]))
    wanted = event.make(commands.HoldSeats, ANNA, places=[0])
    outcome = event.ask(wanted)
    assert isinstance(outcome, Refusal)
    assert outcome.code == Code.PLACES_TAKEN
    accepted(event.ben(commands.ReleaseHold, hold=2))
    accepted(event.ask(wanted))


def test_a6_a_holder_reads_its_own_holds_and_a_booking_by_its_reference() -> None:
    event = on_sale(venues.pocket())
    accepted(event.anna(commands.HoldSeats, places=[0, 1]))
    event.anna(commands.ReadHolds)
    event.ben(commands.ReadHolds)
    accepted(event.anna(commands.BookHold, hold=2, booking="B"))
    event.ben(commands.ReadBooking, booking="B")
    assert event.auditor.judged == 6


def test_remembering_the_past_does_not_change_the_state() -> None:
    event = on_sale(venues.pocket())
    before = event.shard.seq
    event.shard.remember(1, [entries.SeatsHeld(1, CommandId("old"), ANNA, [9], 2, 0)])
    assert event.shard.seq == before
    assert event.shard.state.status[9] == FREE
