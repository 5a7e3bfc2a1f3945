"""What the server says of itself while it is under load: its processor time, memory, loop lag."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from time import perf_counter
from typing import Final

import msgspec

from gateway import metrics_reading
from gateway.client.api import ApiClient, ApiRefused, SiteUnreachable
from gateway.metrics_reading import BadMetrics, Reading

_TICKS_PER_S: Final = os.sysconf("SC_CLK_TCK")
_PAGE_BYTES: Final = os.sysconf("SC_PAGE_SIZE")


class Gauge(msgspec.Struct):
    """Between two readings, `took_s` apart, 0 where it is told again. `cpu` is in processors; None
    is what nobody told."""

    took_s: float = 0.0
    cpu: float | None = None
    rss_mb: float | None = None
    loop_lag_p99_ms: float | None = None
    loop_lag_worst_ms: float | None = None
    ticks_per_s: float | None = None
    resyncs_per_s: float | None = None
    dropped_per_s: float | None = None
    commit_p99_ms: float | None = None
    journal_lag_ms: float | None = None


class Gauges:
    """Reads /metrics, and /proc where the server is a process of our own."""

    def __init__(self, site: str, pid: int | None) -> None:
        self._api = ApiClient(site)
        self._pid = pid
        self._before: Reading | None = None
        self._cpu_s: float | None = None
        self._at_s = 0.0
        self._told = True

    async def read(self) -> Gauge:
        """What has happened since the last call; the first one knows little."""
        gauge = Gauge()
        if self._told:
            await asyncio.to_thread(self._scrape, gauge)
        if self._pid is not None:
            self._look(gauge, self._pid)
        return gauge

    def close(self) -> None:
        self._api.close()

    def _scrape(self, gauge: Gauge) -> None:
        try:
            text = self._api.exchange("GET", "/metrics").decode()
            now = metrics_reading.read(text)
        except ApiRefused as refused:
            # It keeps its figures to itself, and nobody asks again; or it is busy.
            self._told = refused.status not in (401, 403, 404)
            return
        except (BadMetrics, SiteUnreachable):
            return
        before, self._before = self._before, now
        if before is None or (found := metrics_reading.between(before, now)) is None:
            return
        gauge.took_s = found.seconds
        gauge.cpu = found.cpu_percent / 100
        gauge.rss_mb = found.resident_mb
        gauge.loop_lag_p99_ms = found.loop_lag_p99_ms
        gauge.loop_lag_worst_ms = found.loop_lag_worst_ms
        gauge.ticks_per_s = found.ticks_per_s
        gauge.resyncs_per_s = found.resyncs_per_s
        gauge.dropped_per_s = found.deltas_dropped_per_s
        gauge.commit_p99_ms = found.commit_p99_ms
        gauge.journal_lag_ms = found.journal_lag_ms

    def _look(self, gauge: Gauge, pid: int) -> None:
        try:
            cpu_s = cpu_seconds(pid)
            gauge.rss_mb = resident_mb(pid)
        except OSError:
            return
        now_s = perf_counter()
        if self._cpu_s is not None:
            gauge.took_s = now_s - self._at_s
            gauge.cpu = (cpu_s - self._cpu_s) / gauge.took_s
        self._cpu_s, self._at_s = cpu_s, now_s


def cpu_seconds(pid: int) -> float:
    """User and system time of a process so far, all its threads together."""
    # The name, in parentheses, may itself contain spaces and parentheses.
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS_PER_S


def resident_mb(pid: int) -> float:
    """What a process has in memory now, in 10^6 bytes."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return round(pages * _PAGE_BYTES / 1e6, 1)
