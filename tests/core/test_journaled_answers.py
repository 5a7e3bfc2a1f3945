"""Answers found again in frames as they stand in the journal."""

from __future__ import annotations

import msgspec
import pytest

from seatengine.core.entries import (
    Entry,
    HoldExpired,
    HoldReleased,
    SeatsHeld,
    decode_entry,
    encode_entry,
    frame,
)
from seatengine.core.journaled_answers import JournaledAnswers
from seatengine.ids import CommandId, HolderId, HoldId

ANNA = HolderId("v_anna")


def held(name: str) -> SeatsHeld:
    return SeatsHeld(1, CommandId(name), ANNA, [4, 5], 900, 0)


def encoded(*run: Entry) -> bytes:
    return frame([encode_entry(entry) for entry in run])


def test_a5_each_command_finds_its_entry() -> None:
    answers = JournaledAnswers()
    released = HoldReleased(3, CommandId("c"), ANNA, HoldId(7))
    answers.add(7, encoded(held("a"), held("b")))
    answers.add(9, encoded(HoldExpired(2, ANNA, HoldId(8)), released))
    answers.add(11, encoded(*(held(f"many {n}") for n in range(70_000))))
    found = {name: answers.find(CommandId(name)) for name in ("a", "b", "c", "many 69999")}
    expected = {"a": (7, held("a")), "b": (8, held("b")), "c": (10, released)}
    expected["many 69999"] = (70_010, held("many 69999"))
    assert {n: (f[0], decode_entry(f[1])) for n, f in found.items() if f} == expected


def test_expiries_answer_nobody() -> None:
    answers = JournaledAnswers()
    answers.add(1, encoded(HoldExpired(2, ANNA, HoldId(8))))
    assert answers.find(CommandId(ANNA)) is None
    assert answers.find(CommandId("never asked")) is None


def test_a_damaged_frame_is_said() -> None:
    with pytest.raises(msgspec.DecodeError):
        JournaledAnswers().add(1, b"\x91\xc0")
