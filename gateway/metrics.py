"""What the process tells of itself at /metrics.

Nothing here runs on the way of a message: the parts count in plain attributes, and a scrape reads
them. The one thing a scrape may not do is to hold up the event loop it measures, so everything it
reads costs O(events) or less.
"""

from __future__ import annotations

import os
import re
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sized
from pathlib import Path
from typing import Final, Protocol, get_args

from prometheus_client import CollectorRegistry
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from gateway.live import refusals
from gateway.live.wire import CloseCode
from seatengine.core import entries
from seatengine.core.entries import Entry
from seatengine.core.outputs import Code
from seatengine.shell.collector import CollectorPauses
from seatengine.shell.followers import Follower
from seatengine.shell.histogram import Histogram
from seatengine.shell.loop_lag import LoopLag
from seatengine.shell.postgres_journal import PostgresJournal
from seatengine.shell.runner import Runner

PREFIX: Final = "seatengine_"

_SCHEDSTAT: Final = Path("/proc/self/schedstat")
_STATM: Final = Path("/proc/self/statm")
_WORD_START: Final = re.compile(r"(?<!^)(?=[A-Z])")


class HubFigures(Protocol):
    """What the hub counts."""

    ticks: int
    far_ticks: int
    looks: int
    frames_sent: int
    bytes_sent: int

    @property
    def viewers_near(self) -> int: ...

    @property
    def viewers_far(self) -> int: ...


class OutboxFigures(Protocol):
    """What waits for slow readers."""

    total_bytes: int

    def __len__(self) -> int: ...


class EdgeFigures(Protocol):
    """What the connections count together."""

    opened_total: int
    news_dropped: int
    resyncs: int

    @property
    def connections(self) -> Sized: ...

    @property
    def waiting_at_door(self) -> int: ...

    @property
    def outboxes(self) -> OutboxFigures: ...

    @property
    def closed_by_code(self) -> Mapping[int, int]: ...

    @property
    def refused_by_reason(self) -> Mapping[str, int]: ...

    @property
    def refusals_by_code(self) -> Mapping[int, int]: ...


class HttpEdgeFigures(Protocol):
    """What the HTTP connections count together."""

    refused: int


class ProcessMetrics(Collector):
    """Reads every part of one serving process, each time it is asked."""

    def __init__(
        self,
        *,
        loop_lag: LoopLag,
        collector_pauses: CollectorPauses,
        runner: Runner,
        journal: PostgresJournal,
        follower: Follower,
        hub: HubFigures,
        edge: EdgeFigures,
        http_edge: HttpEdgeFigures,
    ) -> None:
        self._loop_lag = loop_lag
        self._collector_pauses = collector_pauses
        self._runner = runner
        self._journal = journal
        self._follower = follower
        self._hub = hub
        self._edge = edge
        self._http_edge = http_edge
        self._started_s = time.time()
        self._started_monotonic_s = time.monotonic()

    def registry(self) -> CollectorRegistry:
        """A registry of these metrics and no others."""
        registry = CollectorRegistry()
        registry.register(self)
        return registry

    def collect(self) -> Iterator[Metric]:
        yield from self._loop()
        yield from self._viewers()
        yield from self._sale()
        yield from self._store()
        yield from self._process()

    def _loop(self) -> Iterator[Metric]:
        lag = self._loop_lag
        yield _histogram(
            "loop_lag_seconds",
            "How late the event loop came to a wake-up it was asked for.",
            {(): lag.seconds},
        )
        yield _gauge("loop_lag_worst_seconds", "The latest of the last 15 seconds.", lag.worst_s)
        yield _histogram(
            "gc_pause_seconds",
            "How long each cyclic garbage collection stopped everything.",
            {(str(g),): seconds for g, seconds in enumerate(self._collector_pauses.seconds)},
            "generation",
        )
        yield _counters(
            "gc_collected",
            "Unreachable objects in cycles that collections found.",
            "generation",
            {str(g): count for g, count in enumerate(self._collector_pauses.collected)},
        )

    def _viewers(self) -> Iterator[Metric]:
        hub, edge = self._hub, self._edge
        yield _gauge("connections", "Open websockets.", len(edge.connections))
        yield _gauge(
            "connections_waiting",
            "Viewers whose greeting waits for its turn.",
            edge.waiting_at_door,
        )
        yield _counter("connections_opened", "Websockets that were let in.", edge.opened_total)
        yield _counters(
            "connections_closed",
            "Websockets the server closed, by close code.",
            "code",
            {str(int(code)): 0 for code in CloseCode}
            | {str(int(code)): count for code, count in edge.closed_by_code.items()},
        )
        yield _counters(
            "handshakes_refused",
            "Websockets that were not let in, by reason.",
            "reason",
            edge.refused_by_reason,
        )
        yield _counter(
            "http_refused",
            "Connections ended before their request was whole: too late, too long or too many.",
            self._http_edge.refused,
        )
        viewers = GaugeMetricFamily(
            f"{PREFIX}viewers",
            "Viewers by what they watch: seats near by, zones far out, or both.",
            labels=("detail",),
        )
        viewers.add_metric(("near",), hub.viewers_near)
        viewers.add_metric(("far",), hub.viewers_far)
        yield viewers
        yield _counters(
            "ticks",
            "Rounds in which changes were sent.",
            "detail",
            {"near": hub.ticks, "far": hub.far_ticks},
        )
        yield _counter("looks", "Times a viewer said what it looks at.", hub.looks)
        yield _counter("frames_sent", "Frames of changes written to viewers.", hub.frames_sent)
        yield _counter("sent_bytes", "Bytes of changes written to viewers.", hub.bytes_sent)
        yield _counter("deltas_dropped", "Frames that slow readers were spared.", edge.news_dropped)
        yield _counter("resyncs", "Slow readers that were given a fresh view.", edge.resyncs)
        yield _gauge("slow_readers", "Viewers who do not keep up.", len(edge.outboxes))
        yield _gauge(
            "outbox_bytes", "What waits for them in this process.", edge.outboxes.total_bytes
        )

    def _sale(self) -> Iterator[Metric]:
        runner = self._runner
        made = runner.entries_by_kind
        yield _counter("commands", "Commands the engine answered.", runner.commands)
        yield _counter("holds", "Holds made.", made[entries.SeatsHeld])
        yield _counter("bookings", "Bookings made.", made[entries.SeatsBooked])
        yield _counters(
            "entries",
            "Durable journal entries, by kind.",
            "kind",
            {_snake(kind.__name__): made[kind] for kind in get_args(Entry)},
        )
        # Some are refused before the engine hears of them.
        at_the_edge = self._edge.refusals_by_code
        yield _counters(
            "refusals",
            "Commands refused, by code.",
            "code",
            {
                refusals.slug(code): runner.refusals_by_code[code] + at_the_edge.get(int(code), 0)
                for code in Code
            },
        )

    def _store(self) -> Iterator[Metric]:
        runner, standing = self._runner, self._runner.standing()
        events = GaugeMetricFamily(
            f"{PREFIX}events", "Open events, by whether they can sell.", labels=("state",)
        )
        events.add_metric(("serving",), standing.serving)
        events.add_metric(("recovering",), standing.recovering)
        events.add_metric(("fenced",), standing.fenced)
        yield events
        yield _gauge(
            "commands_waiting",
            "Commands that wait for their event to recover.",
            standing.commands_waiting,
        )
        yield _gauge(
            "journal_lag_entries",
            "Entries decided and not durable yet.",
            standing.undurable_entries,
        )
        yield _gauge(
            "journal_lag_seconds",
            "How long the oldest outcome has waited to be durable.",
            standing.undurable_ms / 1_000,
        )
        yield _histogram(
            "commit_seconds", "How long group commits took.", {(): self._journal.commit_seconds}
        )
        yield _counter(
            "commits_failed", "Group commits with an unknown outcome.", runner.commits_failed
        )
        yield _gauge(
            "follower_behind_entries",
            "Entries that the tables for reports lack.",
            self._follower.behind_entries,
        )
        yield _histogram(
            "snapshot_seconds",
            "How long snapshots took from copying the state to being kept.",
            {(): runner.snapshot_seconds},
        )
        yield _counter("snapshots_failed", "Snapshots not kept.", runner.snapshots_failed)

    def _process(self) -> Iterator[Metric]:
        # Not prometheus_client's own process metrics: those list every open socket at each scrape.
        yield _counter("cpu_seconds", "Processor time used.", time.process_time())
        yield _counter(
            "cpu_wait_seconds",
            "Time the event loop could have run but had no processor (0: not known).",
            _cpu_wait_s(),
        )
        yield _gauge("resident_memory_bytes", "Memory in use (0: not known).", _resident_bytes())
        yield _gauge("start_time_seconds", "When the process began, Unix time.", self._started_s)
        yield _gauge(
            "up_seconds",
            "For how long it has been up.",
            time.monotonic() - self._started_monotonic_s,
        )


def _resident_bytes() -> int:
    if sys.platform != "linux":
        return 0
    return int(_STATM.read_text().split()[1]) * os.sysconf("SC_PAGESIZE")


def _cpu_wait_s() -> float:
    """What the main thread, which has the event loop, has waited in the scheduler's queue."""
    try:
        return int(_SCHEDSTAT.read_text().split()[1]) / 1e9
    except (OSError, IndexError):
        # Another system, or a kernel without scheduler statistics.
        return 0.0


def _snake(name: str) -> str:
    return _WORD_START.sub("_", name).lower()


def _gauge(name: str, what: str, value: float) -> Metric:
    return GaugeMetricFamily(PREFIX + name, what, value=value)


def _counter(name: str, what: str, value: float) -> Metric:
    return CounterMetricFamily(PREFIX + name, what, value=value)


def _counters(name: str, what: str, label: str, values: Mapping[str, int]) -> Metric:
    family = CounterMetricFamily(PREFIX + name, what, labels=(label,))
    for value, count in values.items():
        family.add_metric((value,), count)
    return family


def _histogram(
    name: str, what: str, values: Mapping[tuple[str, ...], Histogram], *labels: str
) -> Metric:
    family = HistogramMetricFamily(PREFIX + name, what, labels=labels)
    for at, histogram in values.items():
        family.add_metric(at, _buckets(histogram.cumulative()), histogram.total)
    return family


def _buckets(cumulative: Iterable[tuple[float, int]]) -> list[tuple[str, float]]:
    return [("+Inf" if bound == float("inf") else str(bound), n) for bound, n in cumulative]
