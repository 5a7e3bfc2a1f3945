"""Outputs: codes are numbers for ever (A2), a batch knows where it ends."""

from __future__ import annotations

from seatengine.core.outputs import RETRYABLE, Batch, BestStep, Code
from seatengine.ids import EventId

PUBLISHED = {
    "NOT_ON_SALE": 10,
    "NO_CHART": 11,
    "STAFF_ONLY": 12,
    "BAD_ID": 13,
    "UNKNOWN_PLACE": 14,
    "REPEATED_PLACE": 15,
    "NOTHING_ASKED": 16,
    "UNKNOWN_GROUP": 17,
    "WRONG_KIND": 18,
    "OUT_OF_RANGE": 19,
    "PLACES_TAKEN": 20,
    "TOO_MANY_IN_COMMAND": 30,
    "TOO_MANY_IN_HOLD": 31,
    "TOO_MANY_FOR_HOLDER": 32,
    "TOO_MANY_HOLDS": 33,
    "UNKNOWN_HOLD": 40,
    "HOLD_ENDED": 41,
    "NO_MORE_EXTENSIONS": 42,
    "NOT_IN_HOLD": 43,
    "WHOLE_ONLY": 44,
    "NOT_ENOUGH_LEFT": 50,
    "NOT_ENOUGH_TOGETHER": 51,
    "UNKNOWN_BOOKING": 60,
    "BOOKING_EXISTS": 61,
    "NOT_IN_BOOKING": 62,
    "NOT_BLOCKED": 70,
    "ALREADY_BOUND": 80,
    "UNKNOWN_CHART": 81,
    "UNAVAILABLE": 90,
    "OVERLOADED": 91,
    "UNKNOWN_EVENT": 92,
}


def test_a2_published_codes_keep_their_numbers() -> None:
    assert {code.name: code.value for code in Code} == PUBLISHED


def test_only_refusals_that_say_nothing_of_the_command_invite_a_retry() -> None:
    assert {Code.UNAVAILABLE, Code.OVERLOADED} == RETRYABLE


def test_b6_steps_keep_their_numbers() -> None:
    assert [step.value for step in BestStep] == [1, 2, 3, 4]


def test_a_batch_ends_at_its_last_entry() -> None:
    empty = Batch(EventId("e"), 7, [], [], {}, [], [], [], [], b"")
    assert empty.seq == 7
