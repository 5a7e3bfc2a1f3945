"""Anonymous viewers: an identity for a browser, so that its holds survive tabs and reloads."""

from __future__ import annotations

from datetime import UTC, datetime

from starlette.responses import Response

from gateway.http.endpoints import Access, Call, Endpoint, Nothing, json_answer, json_response
from gateway.http.resources import ViewerGiven
from gateway.sale.auth import ViewerTokens, viewer_token_expiry


class ViewerRoutes:
    def __init__(self, tokens: ViewerTokens) -> None:
        self._tokens = tokens

    def endpoints(self) -> list[Endpoint]:
        return [
            Endpoint(
                method="POST",
                path="/api/v1/viewers",
                operation="createViewer",
                tag="Viewers",
                summary="Get an identity for a browser",
                description="Keep the token and send it as `Authorization: Viewer <token>`, or in "
                "the websocket's Hello: holds belong to the viewer, not to the connection.",
                access=Access.PUBLIC,
                handle=self.create_viewer,
                answers=[
                    json_answer(201, "The identity and the token that proves it.", ViewerGiven)
                ],
            )
        ]

    async def create_viewer(self, _call: Call[Nothing, Nothing]) -> Response:
        holder, token = self._tokens.mint()
        expires_at = viewer_token_expiry(datetime.now(UTC))
        return json_response(ViewerGiven(holder, token, expires_at), 201)
