"""Two scrapes of /metrics as what happened between them: rates and percentiles. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from math import inf
from typing import Final

import msgspec
from prometheus_client.parser import text_string_to_metric_families

from gateway.live.wire import CloseCode
from seatengine.errors import SeatEngineError

_PREFIX: Final = "seatengine_"
_MS: Final = 1_000
_MB: Final = 1_000_000


class BadMetrics(SeatEngineError):
    """What was read is not the metrics of a Seat Engine."""

    code = "bad-metrics"


class Reading(msgspec.Struct, frozen=True):
    """One scrape. `samples` by name without our prefix, then by the label's value ("" for none);
    `buckets` of histograms by name, the same way, as (upper bound, count up to it)."""

    samples: Mapping[str, Mapping[str, float]]
    buckets: Mapping[str, Mapping[str, list[tuple[float, float]]]]

    @property
    def up_s(self) -> float:
        """When it was taken, by the server's own clock."""
        return self.value("up_seconds")

    def value(self, name: str, label: str = "") -> float:
        return self.samples.get(name, {}).get(label, 0.0)

    def total(self, name: str) -> float:
        return sum(self.samples.get(name, {}).values())


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """How a server did between two scrapes. Percentiles are None where nothing was measured;
    dicts have what happened at all. MB are 10^6 bytes, CPU is in percent of one processor."""

    seconds: float
    up_s: float
    events_serving: int
    events_recovering: int
    events_fenced: int
    viewers_near: int
    viewers_far: int
    connections: int
    connections_waiting: int
    opened_per_s: float
    closed_per_s: dict[str, float]
    handshakes_refused_per_s: dict[str, float]
    commands_per_s: float
    holds_per_s: float
    bookings_per_s: float
    refusals_per_s: dict[str, float]
    entries_per_s: float
    looks_per_s: float
    ticks_per_s: float
    far_ticks_per_s: float
    frames_per_s: float
    mb_per_s: float
    deltas_dropped_per_s: float
    resyncs_per_s: float
    slow_readers: int
    outbox_mb: float
    loop_lag_p50_ms: float | None
    loop_lag_p99_ms: float | None
    loop_lag_worst_ms: float
    commits_per_s: float
    commit_p50_ms: float | None
    commit_p99_ms: float | None
    commits_failed: int
    journal_lag_entries: int
    journal_lag_ms: float
    commands_waiting: int
    follower_behind_entries: int
    snapshots: int
    snapshots_failed: int
    gc_collections_per_s: float
    gc_pause_ms_per_s: float
    gc_pause_p99_ms: float | None
    cpu_percent: float
    cpu_wait_percent: float
    resident_mb: float


def read(text: str) -> Reading:
    """One scrape. Raises BadMetrics where it is not a Seat Engine's."""
    samples: dict[str, dict[str, float]] = {}
    buckets: dict[str, dict[str, list[tuple[float, float]]]] = {}
    try:
        for family in text_string_to_metric_families(text):
            for sample in family.samples:
                name = sample.name.removeprefix(_PREFIX)
                rest = [value for label, value in sample.labels.items() if label != "le"]
                at = rest[0] if rest else ""
                if "le" in sample.labels:
                    bound = (float(sample.labels["le"]), sample.value)
                    of = buckets.setdefault(name.removesuffix("_bucket"), {})
                    of.setdefault(at, []).append(bound)
                else:
                    samples.setdefault(name, {})[at] = sample.value
    except (ValueError, KeyError, IndexError) as error:
        raise BadMetrics(f"this is no text in Prometheus' format: {error}") from error
    if not {"start_time_seconds", "up_seconds"} <= samples.keys():
        raise BadMetrics("these are the metrics of something else, not of a Seat Engine")
    return Reading(samples, buckets)


def between(before: Reading, after: Reading) -> Figures | None:
    """What happened between two scrapes of one process; None if it was started anew meanwhile, or
    no time has passed."""
    started = "start_time_seconds"
    took_s = after.up_s - before.up_s
    if after.value(started) != before.value(started) or took_s <= 0:
        return None

    def rate(name: str, label: str = "") -> float:
        return (after.value(name, label) - before.value(name, label)) / took_s

    def rates(name: str) -> dict[str, float]:
        found = {label: rate(name, label) for label in after.samples.get(name, {})}
        return {label: each for label, each in found.items() if each}

    lag, commit, gc = (
        _grown(before, after, name)
        for name in ("loop_lag_seconds", "commit_seconds", "gc_pause_seconds")
    )
    return Figures(
        seconds=took_s,
        up_s=after.up_s,
        events_serving=int(after.value("events", "serving")),
        events_recovering=int(after.value("events", "recovering")),
        events_fenced=int(after.value("events", "fenced")),
        viewers_near=int(after.value("viewers", "near")),
        viewers_far=int(after.value("viewers", "far")),
        connections=int(after.value("connections")),
        connections_waiting=int(after.value("connections_waiting")),
        opened_per_s=rate("connections_opened_total"),
        closed_per_s={
            _close_name(code): each for code, each in rates("connections_closed_total").items()
        },
        handshakes_refused_per_s=rates("handshakes_refused_total"),
        commands_per_s=rate("commands_total"),
        holds_per_s=rate("holds_total"),
        bookings_per_s=rate("bookings_total"),
        refusals_per_s=rates("refusals_total"),
        entries_per_s=_all(before, after, "entries_total") / took_s,
        looks_per_s=rate("looks_total"),
        ticks_per_s=rate("ticks_total", "near"),
        far_ticks_per_s=rate("ticks_total", "far"),
        frames_per_s=rate("frames_sent_total"),
        mb_per_s=rate("sent_bytes_total") / _MB,
        deltas_dropped_per_s=rate("deltas_dropped_total"),
        resyncs_per_s=rate("resyncs_total"),
        slow_readers=int(after.value("slow_readers")),
        outbox_mb=after.value("outbox_bytes") / _MB,
        loop_lag_p50_ms=_in_ms(quantile(lag, 0.5)),
        loop_lag_p99_ms=_in_ms(quantile(lag, 0.99)),
        loop_lag_worst_ms=after.value("loop_lag_worst_seconds") * _MS,
        commits_per_s=rate("commit_seconds_count"),
        commit_p50_ms=_in_ms(quantile(commit, 0.5)),
        commit_p99_ms=_in_ms(quantile(commit, 0.99)),
        commits_failed=int(after.value("commits_failed_total")),
        journal_lag_entries=int(after.value("journal_lag_entries")),
        journal_lag_ms=after.value("journal_lag_seconds") * _MS,
        commands_waiting=int(after.value("commands_waiting")),
        follower_behind_entries=int(after.value("follower_behind_entries")),
        snapshots=int(after.value("snapshot_seconds_count")),
        snapshots_failed=int(after.value("snapshots_failed_total")),
        gc_collections_per_s=_all(before, after, "gc_pause_seconds_count") / took_s,
        gc_pause_ms_per_s=_all(before, after, "gc_pause_seconds_sum") * _MS / took_s,
        gc_pause_p99_ms=_in_ms(quantile(gc, 0.99)),
        cpu_percent=rate("cpu_seconds_total") * 100,
        cpu_wait_percent=rate("cpu_wait_seconds_total") * 100,
        resident_mb=after.value("resident_memory_bytes") / _MB,
    )


def quantile(buckets: list[tuple[float, float]], q: float) -> float | None:
    """The value below which a share `q` of the counted ones lies, taken as spread evenly within
    its bucket, as Prometheus' histogram_quantile has it; what lies beyond the last finite bound
    is told as that bound. None where nothing was counted.

    `buckets` are (upper bound, count up to it), the last for infinity.
    """
    wanted = q * buckets[-1][1] if buckets else 0.0
    if not wanted:
        return None
    low, below = 0.0, 0.0
    for bound, count in buckets:
        if count >= wanted:
            return low if bound == inf else low + (bound - low) * (wanted - below) / (count - below)
        low, below = bound, count
    return low


def _grown(before: Reading, after: Reading, name: str) -> list[tuple[float, float]]:
    """What a histogram has counted since, all its labels together."""
    grown: dict[float, float] = {}
    for reading, sign in ((after, 1.0), (before, -1.0)):
        for buckets in reading.buckets.get(name, {}).values():
            for bound, count in buckets:
                grown[bound] = grown.get(bound, 0.0) + sign * count
    return sorted(grown.items())


def _all(before: Reading, after: Reading, name: str) -> float:
    return after.total(name) - before.total(name)


def _in_ms(seconds: float | None) -> float | None:
    return None if seconds is None else seconds * _MS


def _close_name(code: str) -> str:
    try:
        return CloseCode(int(code)).name.lower().replace("_", "-")
    except ValueError:
        return code
