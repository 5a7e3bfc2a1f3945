"""How many HTTP requests one address may send: a token bucket each, in bounded memory."""

from __future__ import annotations

import math
import time
from collections import OrderedDict

from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.http.problems import Problem, problem_response
from seatengine.limits import HTTP_BURST_S, HTTP_REQUESTS_PER_SECOND, MAX_RATED_ADDRESSES


class RateLimiter:
    """`burst` requests at once, `per_second` from then on. The addresses seen longest ago are
    forgotten first; a forgotten address starts with a full bucket."""

    def __init__(self, per_second: float, burst: int, addresses: int) -> None:
        self._per_second = per_second
        self._burst = float(burst)
        self._addresses = addresses
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def wait_s(self, address: str, now_s: float) -> float:
        """0 when a request may pass now, which it then has; else how long to wait, in seconds."""
        left, at_s = self._buckets.pop(address, (self._burst, now_s))
        left = min(self._burst, left + (now_s - at_s) * self._per_second)
        passes = left >= 1
        self._buckets[address] = (left - 1 if passes else left, now_s)
        if len(self._buckets) > self._addresses:
            self._buckets.popitem(last=False)
        return 0.0 if passes else (1 - left) / self._per_second


class RateLimited:
    """ASGI middleware over everything under `prefix`; a few seconds' worth may come at once."""

    def __init__(
        self,
        app: ASGIApp,
        prefix: str = "/api/",
        per_second: float = HTTP_REQUESTS_PER_SECOND,
    ) -> None:
        self._app = app
        self._prefix = prefix
        self._limiter = RateLimiter(
            per_second, max(1, int(per_second * HTTP_BURST_S)), MAX_RATED_ADDRESSES
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"].startswith(self._prefix):
            client = scope.get("client")
            wait_s = self._limiter.wait_s(client[0] if client else "", time.monotonic())
            if wait_s:
                problem = Problem(
                    "too-many-requests",
                    "Too many requests from your address. Please slow down.",
                    headers={"Retry-After": str(math.ceil(wait_s))},
                )
                await problem_response(problem)(scope, receive, send)
                return
        await self._app(scope, receive, send)
