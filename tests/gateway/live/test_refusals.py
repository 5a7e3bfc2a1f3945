from __future__ import annotations

import pytest

from gateway.live import refusals
from seatengine.core.outputs import RETRYABLE, Code


@pytest.mark.parametrize("code", list(Code))
def test_every_code_is_told(code: Code) -> None:
    telling = refusals.TELLINGS[code]
    assert 400 <= telling.status < 600
    for text in (refusals.sentence(code), refusals.sentence(code, ["A-1"])):
        assert text.endswith(".")
        assert "{" not in text
        assert "!" not in text


def test_only_retryable_codes_are_the_servers_fault() -> None:
    assert {c for c in Code if refusals.status(c) >= 500} == RETRYABLE


def test_places_in_the_way_are_named() -> None:
    assert refusals.sentence(Code.PLACES_TAKEN, ["B-12"]) == "B-12 was just taken."
    assert (
        refusals.sentence(Code.PLACES_TAKEN, ["B-12", "B-13"]) == "B-12 and B-13 were just taken."
    )


def test_free_places_beside_are_offered() -> None:
    text = refusals.sentence(Code.PLACES_TAKEN, ["B-12"], ["B-13", "B-14"])
    assert text == "B-12 was just taken. B-13 and B-14 are free."
    assert refusals.sentence(Code.PLACES_TAKEN, [], ["B-13"]).endswith("B-13 is free.")


def test_long_lists_are_cut_short_and_repeats_said_once() -> None:
    labels = [f"A-{i}" for i in range(12)]
    assert "A-3 and 8 more were just taken." in refusals.sentence(Code.PLACES_TAKEN, labels)
    assert refusals.sentence(Code.PLACES_TAKEN, ["Floor"] * 9) == "Floor was just taken."


def test_slugs_are_stable_text() -> None:
    assert refusals.slug(Code.PLACES_TAKEN) == "places-taken"
    assert len({refusals.slug(c) for c in Code}) == len(Code)


def test_a_limit_that_was_hit_is_told() -> None:
    text = refusals.sentence(Code.TOO_MANY_FOR_HOLDER, detail="10")
    assert text == "One person can have 10 at most here."
    assert "{" not in refusals.sentence(Code.TOO_MANY_IN_HOLD, detail="places")
