"""GET /metrics, and who may read it: what a box office sells in a minute is its own business."""

from __future__ import annotations

import asyncio
import ipaddress
import secrets
from collections.abc import Iterable
from typing import Final
from urllib.parse import urlsplit

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Metric, generate_latest
from prometheus_client.registry import Collector
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gateway.http.problems import Problem

PATH: Final = "/metrics"

# A request with one of these was passed on for somebody else, wherever the proxy itself stands.
_PASSED_ON: Final = ("forwarded", "via", "x-forwarded-for", "x-real-ip")


class MetricsAccess:
    """Who may read. `token` as the setting metrics_token; without one, programs on this machine
    may, unless this installation is `behind_proxy`."""

    def __init__(self, token: str, *, behind_proxy: bool) -> None:
        self._token = token.encode()
        self._behind_proxy = behind_proxy

    def check(self, request: Request) -> None:
        """Raises a Problem where the caller may not."""
        if self._token:
            said = request.headers.get("authorization", "").encode("latin-1")
            if not secrets.compare_digest(said, b"Bearer " + self._token):
                raise Problem(
                    "unauthorized",
                    "Metrics need the token that SEATENGINE_METRICS_TOKEN sets here, sent as "
                    "`Authorization: Bearer TOKEN`.",
                    headers={"WWW-Authenticate": "Bearer"},
                )
        elif self._behind_proxy or not _from_this_machine(request):
            raise Problem(
                "forbidden",
                "Metrics are for this machine only, and behind a proxy nobody can tell who that "
                "is. Set SEATENGINE_METRICS_TOKEN and send it as `Authorization: Bearer TOKEN`.",
            )


def metrics_route(registry: CollectorRegistry, access: MetricsAccess) -> Route:
    """The route. Not an operation of the API: what it says follows the needs of its operators."""

    async def metrics(request: Request) -> Response:
        access.check(request)
        text: list[bytes] = []
        for metric in registry.collect():
            text.append(generate_latest(_Only(metric)))
            # All of it at once takes milliseconds, which would show in the very lag it tells of.
            await asyncio.sleep(0)
        return Response(
            b"".join(text),
            headers={"Content-Type": CONTENT_TYPE_LATEST, "Cache-Control": "no-store"},
        )

    return Route(PATH, metrics, methods=["GET"])


class _Only(Collector):
    """A registry of one metric, already collected."""

    def __init__(self, metric: Metric) -> None:
        self._metric = metric

    def collect(self) -> Iterable[Metric]:
        return (self._metric,)


def _from_this_machine(request: Request) -> bool:
    if request.client is None or any(name in request.headers for name in _PASSED_ON):
        return False
    # A page in a browser here may have pointed its own name at this machine (DNS rebinding), and a
    # proxy that says nothing of itself may at least keep the name it was asked for.
    try:
        asked_for = urlsplit(f"//{request.headers.get('host', '')}").hostname or ""
    except ValueError:
        return False
    return _is_loopback(request.client.host) and (
        asked_for == "localhost" or _is_loopback(asked_for)
    )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
