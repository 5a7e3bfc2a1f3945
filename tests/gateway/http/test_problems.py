from __future__ import annotations

import msgspec
import pytest

from gateway.http.problems import (
    PROBLEM_MEDIA_TYPE,
    STATUS_OF,
    Problem,
    ProblemDetails,
    ProblemPlace,
    from_validation,
    problem_response,
    refused,
)
from seatengine.core.outputs import RETRYABLE, Code


@pytest.mark.parametrize("code", sorted(STATUS_OF))
def test_every_code_makes_a_problem_document(code: str) -> None:
    response = problem_response(Problem(code, "What happened."))
    assert response.status_code == STATUS_OF[code]
    assert response.media_type == PROBLEM_MEDIA_TYPE
    assert response.headers["cache-control"] == "no-store"
    details = msgspec.json.decode(response.body, type=ProblemDetails)
    assert (details.code, details.status) == (code, STATUS_OF[code])
    assert details.type == f"/docs#{code}"
    assert details.title
    assert ("retry-after" in response.headers) == (STATUS_OF[code] == 503)


def test_a_refusal_names_what_is_in_the_way_and_what_is_free() -> None:
    problem = refused(Code.PLACES_TAKEN, [ProblemPlace(12, "B-12")], ["B-13"])
    assert problem.details.detail == "B-12 was just taken. B-13 is free."
    assert problem.details.places == [ProblemPlace(12, "B-12")]


@pytest.mark.parametrize("code", sorted(RETRYABLE))
def test_what_may_be_tried_again_says_so(code: Code) -> None:
    assert refused(code).headers["Retry-After"] == "1"


def test_the_engines_reason_is_kept_where_the_request_was_wrong() -> None:
    wrong = refused(Code.OUT_OF_RANGE, why="a price is below zero")
    assert wrong.details.detail.endswith("(a price is below zero)")
    assert refused(Code.TOO_MANY_IN_HOLD, why="10").details.detail.endswith("10 at most.")


def test_empty_members_are_left_out() -> None:
    body = msgspec.json.decode(bytes(problem_response(Problem("not-found", "No.")).body))
    assert set(body) == {"type", "title", "status", "detail", "code"}


class Inner(msgspec.Struct):
    number: int


class Outer(msgspec.Struct):
    inner: list[Inner]


@pytest.mark.parametrize(
    ("data", "path", "text"),
    [
        (b'{"inner":[{"number":"x"}]}', "$.inner[0].number", "Expected `int`, got `str`."),
        (b"[]", "$", "Expected `object`, got `array`."),
        (b"{}", "$", "Object missing required field `inner`."),
    ],
)
def test_where_a_body_is_wrong_gets_its_own_member(data: bytes, path: str, text: str) -> None:
    with pytest.raises(msgspec.ValidationError) as caught:
        msgspec.json.decode(data, type=Outer)
    problem = from_validation(caught.value)
    assert (problem.details.path, problem.details.detail) == (path, text)
