"""Percentiles of latencies, to two percent."""

from __future__ import annotations

import pytest

from gateway.load.latencies import Latencies


def test_percentiles_are_right_to_two_percent() -> None:
    latencies = Latencies()
    for ms in range(1, 1_001):
        latencies.add(ms / 1_000)
    for percent in (1, 50, 90, 99):
        assert latencies.percentile(percent) == pytest.approx(10 * percent, rel=0.021)
    assert latencies.percentile(100) == pytest.approx(1_000)
    assert latencies.max_ms == pytest.approx(1_000)


def test_none_is_zero_and_extremes_are_counted() -> None:
    latencies = Latencies()
    assert latencies.percentile(99) == 0.0
    latencies.add(-1.0)
    assert latencies.percentile(99) == 0.0
    latencies.add(10_000.0)
    assert latencies.count == 2
    assert latencies.percentile(99) > 500_000


def test_two_can_be_counted_together() -> None:
    one, other = Latencies(), Latencies()
    one.add(0.001)
    other.add(0.1)
    one.merge(other)
    assert one.count == 2
    assert one.percentile(100) == pytest.approx(100)
