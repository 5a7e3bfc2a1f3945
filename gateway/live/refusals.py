"""What people and programs are told about a refusal: HTTP status and one plain sentence. Pure.

One table for both ways in: problem+json over HTTP and `Refused` on the websocket.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from seatengine.core.outputs import Code

_LABELS_NAMED: Final = 4


class Telling(msgspec.Struct, frozen=True):
    """How one refusal is told.

    `plain` needs no labels; `named` has {places}, the labels joined in words, and {were} and {are}
    that agree with their number. `limited` has {limit}, where the refusal's detail is the limit
    that was hit. An empty `named` or `limited` is not used.
    """

    status: int
    plain: str
    named: str = ""
    limited: str = ""


TELLINGS: Final[dict[Code, Telling]] = {
    Code.NOT_ON_SALE: Telling(409, "This event is not on sale at the moment."),
    Code.NO_CHART: Telling(409, "This event has no seating chart yet."),
    Code.STAFF_ONLY: Telling(403, "Only the organizer can do this."),
    Code.BAD_ID: Telling(400, "The request's id is empty, too long or belongs to someone else."),
    Code.UNKNOWN_PLACE: Telling(
        422,
        "One of these places does not exist in this event.",
        "{places} {are} not part of this event.",
    ),
    Code.REPEATED_PLACE: Telling(
        422,
        "A place is named twice. Name each place once.",
        "{places} {are} named twice. Name each place once.",
    ),
    Code.NOTHING_ASKED: Telling(422, "Nothing was chosen. Choose at least one place."),
    Code.UNKNOWN_GROUP: Telling(422, "There is no such table, booth or area in this event."),
    Code.WRONG_KIND: Telling(422, "This cannot be asked of that kind of place."),
    Code.OUT_OF_RANGE: Telling(422, "A value is outside its allowed range."),
    Code.PLACES_TAKEN: Telling(409, "Those seats were just taken.", "{places} {were} just taken."),
    Code.TOO_MANY_IN_COMMAND: Telling(422, "That is more than one request may ask for."),
    Code.TOO_MANY_IN_HOLD: Telling(
        409,
        "That is more than can be kept in one basket.",
        limited="One basket can have {limit} at most.",
    ),
    Code.TOO_MANY_FOR_HOLDER: Telling(
        409,
        "That is more than one person can have here.",
        limited="One person can have {limit} at most here.",
    ),
    Code.TOO_MANY_HOLDS: Telling(
        409, "You already have as many baskets as allowed. Finish or release one first."
    ),
    Code.UNKNOWN_HOLD: Telling(404, "There is no such basket, or it is not yours."),
    Code.HOLD_ENDED: Telling(410, "The time for this basket is over and its seats are free again."),
    Code.NO_MORE_EXTENSIONS: Telling(409, "The time for this basket cannot be extended again."),
    Code.NOT_IN_HOLD: Telling(
        409, "A place is not in this basket.", "{places} {are} not in this basket."
    ),
    Code.WHOLE_ONLY: Telling(
        409, "This is sold as a whole.", "{places} can only be had with its whole table."
    ),
    Code.NOT_ENOUGH_LEFT: Telling(409, "Not enough places are left."),
    Code.NOT_ENOUGH_TOGETHER: Telling(
        409, "There are not enough free seats together. Try fewer, or other sections."
    ),
    Code.UNKNOWN_BOOKING: Telling(404, "There is no booking with this reference."),
    Code.BOOKING_EXISTS: Telling(409, "A booking with this reference exists already."),
    Code.NOT_IN_BOOKING: Telling(
        409, "A place is not in this booking.", "{places} {are} not in this booking."
    ),
    Code.NOT_BLOCKED: Telling(409, "A place is not blocked.", "{places} {are} not blocked."),
    Code.ALREADY_BOUND: Telling(409, "This event has its seating chart already."),
    Code.UNKNOWN_CHART: Telling(422, "There is no such seating chart."),
    Code.UNAVAILABLE: Telling(503, "The box office is unreachable for a moment. Please try again."),
    Code.OVERLOADED: Telling(503, "Very many people are choosing right now. Please try again."),
    Code.UNKNOWN_EVENT: Telling(404, "There is no such event."),
}


def slug(code: Code) -> str:
    """The code as stable text: "places-taken"."""
    return code.name.lower().replace("_", "-")


def status(code: Code) -> int:
    """The HTTP status of a refusal."""
    return TELLINGS[code].status


def sentence(
    code: Code, labels: Sequence[str] = (), beside: Sequence[str] = (), detail: str = ""
) -> str:
    """What to tell the person: why, naming `labels` where they stand in the way.

    `beside` are labels of free places next to them: "B-12 was just taken. B-13 is free."
    `detail` is the refusal's own; where it is the limit that was hit, it is told.
    """
    telling = TELLINGS[code]
    distinct = list(dict.fromkeys(labels))
    if telling.limited and detail.isdecimal():
        text = telling.limited.format(limit=detail)
    elif distinct and telling.named:
        many = len(distinct) > 1
        text = telling.named.format(
            places=_in_words(distinct),
            were="were" if many else "was",
            are="are" if many else "is",
        )
    else:
        text = telling.plain
    free = list(dict.fromkeys(beside))
    if free:
        text += f" {_in_words(free)} {'are' if len(free) > 1 else 'is'} free."
    return text


def _in_words(labels: list[str]) -> str:
    if len(labels) > _LABELS_NAMED + 1:
        return f"{', '.join(labels[:_LABELS_NAMED])} and {len(labels) - _LABELS_NAMED} more"
    if len(labels) == 1:
        return labels[0]
    return f"{', '.join(labels[:-1])} and {labels[-1]}"
