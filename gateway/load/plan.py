"""What the process of viewers is told, and what it says: one line of JSON each."""

from __future__ import annotations

import msgspec

from gateway.load.scenarios import Scenario


class LoadPlan(msgspec.Struct):
    """`secret` mints the viewers' identities where it is known; without it the site is asked for
    them. `record` is the file for what viewers were told. `compares`: whether what they know is
    held against the engine's state in the end."""

    site: str
    event: str
    scenario: Scenario
    viewers: int
    holds_per_s: float
    seconds: float
    seed: int
    record: str
    secret: str = ""
    compares: bool = True


class Second(msgspec.Struct, kw_only=True):
    """How the load stands at `at_s`, and what happened in the `took_s` since the last one, which is
    more than a second when the load itself is late. Latencies in ms; bytes are those that came;
    `lag_ms` is the worst delay of the load's own event loop."""

    at_s: float
    took_s: float = 1.0
    phase: str
    connected: int = 0
    near: int = 0
    holds: int = 0
    refused: int = 0
    ended: int = 0
    booked: int = 0
    skipped: int = 0
    errors: int = 0
    lost_connections: int = 0
    frames: int = 0
    bytes: int = 0
    hold_p50_ms: float = 0.0
    hold_p99_ms: float = 0.0
    seen_p50_ms: float = 0.0
    seen_p99_ms: float = 0.0
    seen_far_p50_ms: float = 0.0
    seen_far_p99_ms: float = 0.0
    cpu: float = 0.0
    lag_ms: float = 0.0


class LoadResult(msgspec.Struct, kw_only=True):
    """The storm's figures. Latencies in ms: of holds from the moment they were due, of sights from
    the holder's acknowledgement. `storm_holds` were made before the storm ended, the rest of
    `holds` was late. `skipped` holds found nobody or no free place to be made with.
    `told_bytes` and `ideal_bytes` are of sampled viewers near by."""

    seconds: float
    viewers: int
    connected: int
    connect_s: float
    holds: int
    storm_holds: int
    refused: int
    refused_by_code: dict[int, int]
    ended: int
    booked: int
    skipped: int
    unanswered: int
    errors: dict[str, int]
    lost_connections: int
    closed_by_code: dict[int, int]
    comebacks: int
    comeback_p50_ms: float
    comeback_p99_ms: float
    hold_p50_ms: float
    hold_p99_ms: float
    hold_max_ms: float
    release_p99_ms: float
    book_p99_ms: float
    seen: int
    seen_p50_ms: float
    seen_p99_ms: float
    seen_max_ms: float
    seen_far: int
    seen_far_p50_ms: float
    seen_far_p99_ms: float
    frames: int
    bytes: int
    near_bytes_per_viewer_s: float
    far_bytes_per_viewer_s: float
    told_bytes: int
    ideal_bytes: int
    driver_cpu: float
    driver_lag_p99_ms: float
    driver_rss_mb: float
    compared: int
    diverged: int
    findings: list[str]


class Line(msgspec.Struct, omit_defaults=True):
    """One line of what the process says."""

    second: Second | None = None
    result: LoadResult | None = None
    trouble: str = ""
