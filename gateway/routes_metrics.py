"""GET /metrics, and who may read it: what a box office sells in a minute is its own business."""

from __future__ import annotations

import ipaddress
import secrets
from typing import Final

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gateway.problems import Problem

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
        return Response(
            generate_latest(registry),
            headers={"Content-Type": CONTENT_TYPE_LATEST, "Cache-Control": "no-store"},
        )

    return Route(PATH, metrics, methods=["GET"])


def _from_this_machine(request: Request) -> bool:
    if request.client is None or any(name in request.headers for name in _PASSED_ON):
        return False
    try:
        return ipaddress.ip_address(request.client.host).is_loopback
    except ValueError:
        return False
