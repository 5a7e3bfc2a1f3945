"""Members that a reader passes over are found and counted."""

from __future__ import annotations

import msgspec
import pytest

from seatengine.chart.importers.unread import unread_members
from seatengine.errors import BadChart


class Inner(msgspec.Struct, rename="camel"):
    some_name: int = 0
    children: list[Inner] = []


class Outer(msgspec.Struct):
    inner: Inner | None = None
    loose: dict[str, int] = {}


def test_unknown_members_are_named_with_their_first_place_and_number() -> None:
    data = (
        b'{"new": 1, "inner": {"someName": 1, "new": 2, "children": [{}, {"other": [1]}]},'
        b' "loose": {"new": 3}}'
    )
    assert unread_members(data, Outer) == {
        "new": ("$.new", 2),
        "other": ("$.inner.children[1].other", 1),
    }


def test_empty_members_say_nothing() -> None:
    assert unread_members(b'{"a": null, "b": [], "c": "", "d": false, "e": 0}', Outer) == {}


def test_broken_text_in_a_passed_over_member_is_found() -> None:
    with pytest.raises(BadChart):
        unread_members(b'{"a": "\xff"}', Outer)
