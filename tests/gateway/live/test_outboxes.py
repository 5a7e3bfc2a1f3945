"""E: all slow readers together have a bound too, and those with the most go first."""

from __future__ import annotations

from gateway.live.outboxes import Outboxes


def test_the_largest_go_until_a_quarter_is_free() -> None:
    boxes: Outboxes[str] = Outboxes(100)
    assert not boxes.note("a", 30)
    assert not boxes.note("b", 50)
    assert not boxes.note("a", 20)
    assert boxes.note("c", 35)
    still = {"a": 20, "b": 50, "c": 35}
    assert boxes.too_many(still.__getitem__) == ["b"]
    boxes.forget("b")
    boxes.forget("b")
    assert boxes.total_bytes == 55
    assert len(boxes) == 2


def test_who_has_read_in_the_meantime_may_stay() -> None:
    boxes: Outboxes[str] = Outboxes(100)
    boxes.note("a", 90)
    assert boxes.note("b", 20)
    assert boxes.too_many({"a": 5, "b": 20}.__getitem__) == []
    assert boxes.total_bytes == 25


def test_many_small_ones_go_too_when_they_are_too_much() -> None:
    boxes: Outboxes[int] = Outboxes(100)
    over = [boxes.note(number, 10) for number in range(12)]
    assert over == [False] * 10 + [True] * 2
    assert len(boxes.too_many(lambda _: 10)) == 5
