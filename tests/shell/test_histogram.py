"""Histograms: what is counted where."""

from __future__ import annotations

from math import inf

from hypothesis import given
from hypothesis import strategies as st

from seatengine.shell.histogram import Histogram

BOUNDS = (0.5, 1.0, 4.0)


def test_a_bucket_takes_what_is_at_most_its_bound() -> None:
    seen = Histogram(BOUNDS)
    for value in (0.0, 0.5, 0.51, 1.0, 4.0, 4.1):
        seen.observe(value)
    assert seen.cumulative() == [(0.5, 2), (1.0, 4), (4.0, 5), (inf, 6)]


@given(st.lists(st.floats(0, 10)))
def test_counts_rise_to_all_there_were(values: list[float]) -> None:
    seen = Histogram(BOUNDS)
    for value in values:
        seen.observe(value)
    counts = [count for _, count in seen.cumulative()]
    assert counts == [sum(value <= bound for value in values) for bound in (*BOUNDS, inf)]
    assert abs(seen.total - sum(values)) < 1e-6
