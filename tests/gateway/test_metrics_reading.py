"""Two scrapes as rates and percentiles, and what is not a scrape."""

from __future__ import annotations

from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.metrics_reading import BadMetrics, Figures, Reading, between, quantile, read
from seatengine.shell.histogram import Histogram

SCRAPE = """\
# TYPE seatengine_start_time_seconds gauge
seatengine_start_time_seconds {started}
# TYPE seatengine_up_seconds gauge
seatengine_up_seconds {at}
# TYPE seatengine_holds_total counter
seatengine_holds_total {holds}
# TYPE seatengine_refusals_total counter
seatengine_refusals_total{{code="places-taken"}} {taken}
seatengine_refusals_total{{code="overloaded"}} 5
# TYPE seatengine_connections_closed_total counter
seatengine_connections_closed_total{{code="4001"}} {taken}
seatengine_connections_closed_total{{code="3999"}} {taken}
# TYPE seatengine_gc_pause_seconds histogram
seatengine_gc_pause_seconds_bucket{{generation="0",le="0.01"}} {holds}
seatengine_gc_pause_seconds_bucket{{generation="0",le="+Inf"}} {holds}
seatengine_gc_pause_seconds_count{{generation="0"}} {holds}
seatengine_gc_pause_seconds_sum{{generation="0"}} 0.5
seatengine_gc_pause_seconds_bucket{{generation="2",le="0.01"}} 0
seatengine_gc_pause_seconds_bucket{{generation="2",le="+Inf"}} {taken}
seatengine_gc_pause_seconds_count{{generation="2"}} {taken}
seatengine_gc_pause_seconds_sum{{generation="2"}} {taken}
"""


def scrape(at: float, *, started: int = 7, holds: int = 0, taken: int = 0) -> Reading:
    return read(SCRAPE.format(at=at, started=started, holds=holds, taken=taken))


def figures(before: Reading, after: Reading) -> Figures:
    found = between(before, after)
    assert found is not None
    return found


def test_rates_are_by_the_second() -> None:
    found = figures(scrape(10.0, holds=100), scrape(12.0, holds=400, taken=8))
    assert found.seconds == 2
    assert found.holds_per_s == 150
    assert found.refusals_per_s == {"places-taken": 4}
    assert found.closed_per_s == {"too-slow": 4, "3999": 4}
    assert found.gc_collections_per_s == (300 + 8) / 2
    assert found.gc_pause_ms_per_s == 8_000 / 2


def test_what_was_not_measured_is_not_made_up() -> None:
    found = figures(scrape(10.0), scrape(11.0))
    assert (found.loop_lag_p99_ms, found.commit_p50_ms, found.gc_pause_p99_ms) == (None,) * 3
    assert found.refusals_per_s == {}


def test_a_restart_is_no_negative_rate() -> None:
    assert between(scrape(10.0, holds=900), scrape(11.0, started=8, holds=3)) is None


@pytest.mark.parametrize(
    "text", ["", "<!doctype html>\n<p>hello</p>\n", "# TYPE other_total counter\nother_total 7\n"]
)
def test_what_is_not_ours_is_said(text: str) -> None:
    with pytest.raises(BadMetrics):
        read(text)


def test_quantiles_are_prometheus_own() -> None:
    # histogram_quantile(0.5, ...) of Prometheus for the same buckets: 1 + 1 * (5 - 2) / 6.
    buckets = [(1.0, 2.0), (2.0, 8.0), (4.0, 9.0), (inf, 10.0)]
    assert quantile(buckets, 0.5) == 1.5
    assert quantile(buckets, 0.99) == 4.0
    assert quantile([(1.0, 0.0), (inf, 0.0)], 0.5) is None
    assert quantile([], 0.5) is None


@given(
    st.lists(st.floats(0, 10), min_size=1),
    st.sampled_from([0.01, 0.5, 0.9, 0.99, 1.0]),
)
def test_a_quantile_is_in_the_bucket_of_the_true_one(values: list[float], q: float) -> None:
    bounds = (0.5, 1.0, 2.0, 5.0, 10.0)
    seen = Histogram(bounds)
    for value in values:
        seen.observe(value)
    found = quantile([(bound, float(count)) for bound, count in seen.cumulative()], q)
    rank = -int(-q * len(values) // 1)
    true = sorted(values)[max(0, rank - 1)]
    bucket = next(i for i, bound in enumerate(bounds) if true <= bound)
    assert found is not None
    assert (bounds[bucket - 1] if bucket else 0.0) <= found <= bounds[bucket]
