from __future__ import annotations

import asyncio

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from gateway.http.rate_limit import RateLimited, RateLimiter


def test_a_burst_then_a_steady_rate() -> None:
    limiter = RateLimiter(per_second=10, burst=3, addresses=10)
    assert [limiter.wait_s("a", 0.0) for _ in range(3)] == [0.0, 0.0, 0.0]
    wait_s = limiter.wait_s("a", 0.0)
    assert 0 < wait_s <= 0.1
    assert limiter.wait_s("a", 0.05) > 0
    assert limiter.wait_s("a", 0.11) == 0.0
    assert limiter.wait_s("a", 0.11) > 0


def test_a_pause_never_saves_up_more_than_the_burst() -> None:
    limiter = RateLimiter(per_second=10, burst=2, addresses=10)
    limiter.wait_s("a", 0.0)
    passed = [limiter.wait_s("a", 1_000.0) for _ in range(5)]
    assert passed.count(0.0) == 2


def test_addresses_do_not_share() -> None:
    limiter = RateLimiter(per_second=1, burst=1, addresses=10)
    assert limiter.wait_s("a", 0.0) == 0.0
    assert limiter.wait_s("b", 0.0) == 0.0
    assert limiter.wait_s("a", 0.0) > 0


def test_memory_is_bounded_and_the_busy_are_remembered() -> None:
    limiter = RateLimiter(per_second=1, burst=1, addresses=2)
    limiter.wait_s("busy", 0.0)
    for i in range(100):
        limiter.wait_s(f"passer-by {i}", 0.0)
        assert limiter.wait_s("busy", 0.0) > 0
    assert len(limiter._buckets) == 2


def test_only_the_prefix_is_limited() -> None:
    async def hello(_request: Request) -> PlainTextResponse:
        return PlainTextResponse("hello")

    app = Starlette(routes=[Route("/api/x", hello), Route("/page", hello)])
    limited = RateLimited(app, per_second=0.5)

    async def ask(*paths: str) -> list[httpx.Response]:
        transport = httpx.ASGITransport(limited)
        async with httpx.AsyncClient(transport=transport, base_url="http://site") as client:
            return [await client.get(path) for path in paths]

    answers = asyncio.run(ask("/api/x", "/api/x", "/api/x", "/page"))
    assert [answer.status_code for answer in answers] == [200, 200, 429, 200]
    refused = answers[2]
    assert refused.headers["content-type"] == "application/problem+json"
    assert int(refused.headers["retry-after"]) >= 1
    assert refused.json()["code"] == "too-many-requests"
