"""For those who watch the service: is the process alive, and can it do its work?"""

from __future__ import annotations

from starlette.responses import Response

from gateway.http.endpoints import Access, Call, Endpoint, Nothing, json_answer, json_response
from gateway.http.resources import Health
from gateway.sale.catalog import Catalog


class HealthRoutes:
    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    def endpoints(self) -> list[Endpoint]:
        return [
            Endpoint(
                method="GET",
                path="/healthz",
                operation="healthz",
                tag="Service",
                summary="Is the process alive?",
                access=Access.PUBLIC,
                handle=self.alive,
                answers=[json_answer(200, "It is.", Health)],
            ),
            Endpoint(
                method="GET",
                path="/readyz",
                operation="readyz",
                tag="Service",
                summary="Can the process reach its store?",
                access=Access.PUBLIC,
                handle=self.ready,
                answers=[json_answer(200, "It can.", Health)],
            ),
        ]

    async def alive(self, _call: Call[Nothing, Nothing]) -> Response:
        return json_response(Health("ok"))

    async def ready(self, _call: Call[Nothing, Nothing]) -> Response:
        await self._catalog.ping()
        return json_response(Health("ok"))
