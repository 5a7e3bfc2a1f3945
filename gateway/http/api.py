"""Everything served over HTTP, put together: routes, error answers and middleware."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from http import HTTPStatus
from pathlib import Path

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from gateway.http.box_office import BoxOffice
from gateway.http.endpoints import Endpoint, routes
from gateway.http.openapi import openapi, openapi_route
from gateway.http.problems import Problem, problem_response, refused
from gateway.http.rate_limit import RateLimited
from gateway.http.routes_blocks import BlockRoutes
from gateway.http.routes_bookings import BookingRoutes
from gateway.http.routes_charts import ChartRoutes
from gateway.http.routes_events import EventRoutes
from gateway.http.routes_health import HealthRoutes
from gateway.http.routes_holds import HoldRoutes
from gateway.http.routes_pages import page_routes
from gateway.http.routes_reports import ReportRoutes
from gateway.http.routes_viewers import ViewerRoutes
from gateway.http.security_headers import SecurityHeaders
from gateway.live.chart_shelf import ChartShelf
from gateway.live.engine_client import EngineClient
from gateway.sale.auth import Authenticator
from gateway.sale.catalog import Catalog
from gateway.sale.checkout import Checkout
from seatengine.core.outputs import Code
from seatengine.errors import BadChart, SeatEngineError, StoreUnavailable, UnknownEvent

_log = logging.getLogger(__name__)


def endpoints(
    catalog: Catalog, engine: EngineClient, authenticator: Authenticator, checkout: Checkout
) -> list[Endpoint]:
    """Every operation of the API, in the order the documentation shows them."""
    box_office = BoxOffice(catalog, engine)
    return [
        *ViewerRoutes(authenticator.tokens).endpoints(),
        *ChartRoutes(catalog, ChartShelf(catalog)).endpoints(),
        *EventRoutes(box_office).endpoints(),
        *HoldRoutes(box_office).endpoints(),
        *BookingRoutes(box_office, checkout).endpoints(),
        *BlockRoutes(box_office).endpoints(),
        *ReportRoutes(box_office).endpoints(),
        *HealthRoutes(catalog).endpoints(),
    ]


def http_app(
    *,
    catalog: Catalog,
    engine: EngineClient,
    authenticator: Authenticator,
    checkout: Checkout,
    pages: Path,
    requests_per_second: int,
    embed_origins: Sequence[str],
    beside: Sequence[BaseRoute] = (),
) -> Starlette:
    """The ASGI application.

    `pages` is the folder of the built frontend, `requests_per_second` what one address may send,
    `beside` are routes that are no part of the API,
    `embed_origins` the sites that may show our pages in a frame.
    """
    table = endpoints(catalog, engine, authenticator, checkout)
    document = openapi(table)
    return Starlette(
        routes=[
            *routes(table, authenticator),
            openapi_route(document),
            *beside,
            *page_routes(pages, document),
        ],
        middleware=[
            Middleware(SecurityHeaders, embed_origins),
            Middleware(RateLimited, per_second=requests_per_second),
        ],
        exception_handlers={
            Problem: _on_problem,
            SeatEngineError: _on_engine_error,
            HTTPException: _on_http_exception,
            ClientDisconnect: _on_disconnect,
            Exception: _on_fault,
        },
    )


async def _on_problem(_request: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)
    return problem_response(error)


async def _on_engine_error(request: Request, error: Exception) -> Response:
    if isinstance(error, UnknownEvent):
        return problem_response(refused(Code.UNKNOWN_EVENT))
    if isinstance(error, BadChart):
        reason = error.reason[:1].upper() + error.reason[1:].rstrip(".") + "."
        return problem_response(Problem("bad-chart", reason, path=error.place))
    if isinstance(error, StoreUnavailable):
        _log.warning("%s %s: %s", request.method, request.url.path, error)
        text = "The box office cannot reach its store for a moment. Please try again."
        return problem_response(Problem("store-unavailable", text))
    return await _on_fault(request, error)


async def _on_http_exception(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    match error.status_code:
        case HTTPStatus.NOT_FOUND:
            problem = Problem("not-found", "There is nothing at this address.")
        case HTTPStatus.METHOD_NOT_ALLOWED:
            allowed = (error.headers or {}).get("Allow", "")
            problem = Problem(
                "method-not-allowed",
                f"This address knows {allowed}." if allowed else "This address does not know that.",
                headers=error.headers,
            )
        case _:
            problem = Problem("bad-request", error.detail)
    return problem_response(problem)


async def _on_disconnect(_request: Request, _error: Exception) -> Response:
    """Who left in the middle of a request reads no answer; it is no fault of ours either."""
    return Response(status_code=HTTPStatus.BAD_REQUEST)


async def _on_fault(request: Request, error: Exception) -> Response:
    _log.error("%s %s failed", request.method, request.url.path, exc_info=error)
    text = "Something went wrong on our side. It is in the log; please try again later."
    return problem_response(Problem("internal", text))
