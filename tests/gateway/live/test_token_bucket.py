"""E: a bucket gives its burst at once and its rate from then on."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gateway.live.token_bucket import TokenBucket


def test_the_burst_then_the_rate() -> None:
    bucket = TokenBucket(4, 2)
    assert [bucket.take(10.0) for _ in range(3)] == [True, True, False]
    assert bucket.wait_s(10.0) == 0.25
    assert not bucket.take(10.2)
    assert bucket.take(10.25)
    assert [bucket.take(1000.0) for _ in range(3)] == [True, True, False]


def test_a_clock_that_steps_back_gives_nothing() -> None:
    bucket = TokenBucket(1, 1)
    assert bucket.take(10.0)
    assert not bucket.take(5.0)
    assert bucket.take(11.0)


def test_reservations_are_spaced() -> None:
    bucket = TokenBucket(10, 1)
    waits = [round(bucket.reserve(5.0), 3) for _ in range(4)]
    assert waits == [0.0, 0.1, 0.2, 0.3]
    assert not bucket.take(5.3)
    assert bucket.take(5.4)


@given(st.lists(st.floats(0, 1), max_size=60))
def test_no_more_than_the_rate_ever(pauses: list[float]) -> None:
    bucket = TokenBucket(5, 3)
    now_s, taken = 1.0, 0
    for pause in pauses:
        now_s += pause
        taken += bucket.take(now_s)
        assert taken <= 3 + (now_s - 1.0) * 5 + 1e-6
