"""E: everyone is greeted at a bounded rate, in turn, and nobody keeps others out."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gateway.live.door import Door, Knock
from seatengine import limits


def door(per_second: float = 10, burst: int = 2, room: int = 8) -> Door[str]:
    return Door(per_second, burst, room, longest_return_ms=5_000)


def test_few_enter_at_once_and_the_others_in_order() -> None:
    d = door()
    knocks = [d.knock("a", who, 100.0) for who in "pqrst"]
    assert knocks == [Knock.ENTER] * 2 + [Knock.WAIT] * 3
    assert d.enter(100.05) == []
    assert d.wait_s(100.05) > 0
    assert d.enter(100.11) == ["r"]
    assert d.enter(100.31) == ["s", "t"]
    assert len(d) == 0


def test_who_comes_later_does_not_overtake() -> None:
    d = door()
    for who in "pqr":
        d.knock("a", who, 100.0)
    assert d.knock("b", "late", 100.1) is Knock.WAIT
    assert d.enter(100.11) == ["r"]


def test_one_address_fills_half_of_the_room_and_others_still_find_place_and_take_turns() -> None:
    d = door(burst=1)
    d.knock("x", "first", 100.0)
    crowd = [d.knock("crowd", f"c{n}", 100.0) for n in range(20)]
    assert crowd.count(Knock.WAIT) == 4
    assert crowd.count(Knock.COME_BACK) == 16
    assert d.knock("alone", "a", 100.0) is Knock.WAIT
    assert [d.enter(100.11), d.enter(100.22), d.enter(100.33)] == [["c0"], ["a"], ["c1"]]


def test_who_waits_twice_waits_once_and_who_leaves_is_not_called() -> None:
    d = door(burst=1)
    d.knock("a", "first", 100.0)
    for _ in range(3):
        assert d.knock("a", "p", 100.0) is Knock.WAIT
    d.knock("a", "q", 100.0)
    d.leave("a", "p")
    d.leave("a", "p")
    d.leave("b", "nobody")
    assert d.enter(101.0) == ["q"]


def test_who_is_in_already_is_never_sent_away() -> None:
    d = door()
    knocks = [d.knock("a", f"v{n}", 100.0, stays=True) for n in range(100)]
    assert set(knocks) == {Knock.ENTER, Knock.WAIT}
    assert d.knock("b", "new", 100.0) is Knock.COME_BACK


def test_those_sent_away_come_back_one_by_one_and_not_too_late() -> None:
    d = door(per_second=10, burst=1, room=8)
    d.knock("x", "first", 100.0)
    for n in range(4):
        d.knock("a", f"v{n}", 100.0)
    returns = [d.return_ms(100.0) for _ in range(200)]
    assert returns[:3] == [500, 600, 700]
    assert min(returns) >= 500
    assert max(returns) <= 5_000
    assert max(returns.count(moment) for moment in returns) <= 5


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 30)), max_size=80))
def test_nobody_is_lost_or_called_twice_and_the_rate_holds(steps: list[tuple[int, int]]) -> None:
    d = door(per_second=10, burst=2, room=16)
    now_s, began_s = 50.0, 50.0
    entered: list[str] = []
    waiting: set[str] = set()
    for number, (address, pause) in enumerate(steps):
        now_s += pause / 100
        who = f"v{number}"
        match d.knock(str(address), who, now_s):
            case Knock.ENTER:
                assert not waiting
                entered.append(who)
            case Knock.WAIT:
                waiting.add(who)
        if number % 3 == 0:
            called = d.enter(now_s)
            assert waiting.issuperset(called)
            waiting.difference_update(called)
            entered += called
        assert len(d) == len(waiting) <= 16
        assert len(entered) <= 2 + (now_s - began_s) * 10 + 1e-6
    assert len(entered) == len(set(entered))
    assert set(d.enter(now_s + 60)) | set(d.enter(now_s + 120)) <= waiting


def test_the_room_empties_before_a_browser_gives_up() -> None:
    assert limits.GREETING_ROOM / limits.GREETINGS_PER_SECOND < 8
    assert limits.GREETING_BURST <= limits.GREETING_ROOM
