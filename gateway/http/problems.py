"""Errors over HTTP as RFC 9457 problem+json, each with a stable code."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Final

import msgspec
from starlette.responses import Response

from gateway.live import refusals
from seatengine.core.outputs import RETRYABLE, Code

PROBLEM_MEDIA_TYPE: Final = "application/problem+json"
_RETRY_AFTER_S: Final = "1"

STATUS_OF: Final[dict[str, int]] = {
    "bad-request": 400,
    "bad-json": 400,
    "unauthorized": 401,
    "forbidden": 403,
    "not-found": 404,
    "method-not-allowed": 405,
    "too-slow": 408,
    "idempotency-conflict": 409,
    "body-too-large": 413,
    "wrong-media-type": 415,
    "invalid": 422,
    "bad-chart": 422,
    "too-many-requests": 429,
    "internal": 500,
    "store-unavailable": 503,
} | {refusals.slug(code): refusals.status(code) for code in Code}
"""Every problem code and its HTTP status."""


class ProblemPlace(msgspec.Struct):
    """A place that stands in the way."""

    place: int
    label: str


class ProblemDetails(msgspec.Struct, omit_defaults=True):
    """The body of an error.

    `type` leads to the code's description in the docs. `code` is stable, for programs; `detail` is
    a sentence for people. `places` stand in the way of what was asked; `path` is where in the
    request the fault is, as a JSON path or a parameter's name.
    """

    type: str
    title: str
    status: int
    detail: str
    code: str
    places: list[ProblemPlace] = []
    path: str = ""


class Problem(Exception):
    """Raised by a route to answer with `details`; `headers` go with it."""

    def __init__(
        self,
        code: str,
        detail: str,
        *,
        path: str = "",
        places: Sequence[ProblemPlace] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        status = STATUS_OF[code]
        self.headers = dict(headers or {})
        if status == HTTPStatus.SERVICE_UNAVAILABLE:
            self.headers.setdefault("Retry-After", _RETRY_AFTER_S)
        self.details = ProblemDetails(
            type=f"/docs#{code}",
            title=code.replace("-", " ").capitalize(),
            status=status,
            detail=detail,
            code=code,
            places=list(places),
            path=path,
        )


def refused(
    code: Code, places: Sequence[ProblemPlace] = (), beside: Sequence[str] = (), why: str = ""
) -> Problem:
    """The problem that tells a refusal. `beside` are labels of free places near; `why` is the
    engine's own explanation, kept where the request itself was wrong."""
    detail = refusals.sentence(code, [p.label for p in places], beside, why)
    if why and refusals.status(code) == HTTPStatus.UNPROCESSABLE_ENTITY:
        detail += f" ({why})"
    headers = {"Retry-After": _RETRY_AFTER_S} if code in RETRYABLE else None
    return Problem(refusals.slug(code), detail, places=places, headers=headers)


def problem_response(problem: Problem) -> Response:
    return Response(
        msgspec.json.encode(problem.details),
        status_code=problem.details.status,
        media_type=PROBLEM_MEDIA_TYPE,
        headers={"Cache-Control": "no-store"} | problem.headers,
    )


def from_validation(error: msgspec.ValidationError, code: str = "invalid") -> Problem:
    """msgspec says "Expected `int`, got `str` - at `$.places[0]`"; the path gets its own field."""
    text, _, tail = str(error).rpartition(" - at `")
    if not text:
        return Problem(code, f"{error}.", path="$")
    return Problem(code, f"{text}.", path=tail.rstrip("`"))
