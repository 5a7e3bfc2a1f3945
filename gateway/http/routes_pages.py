"""The pages people see: the buyer's page as it was built, and the API's documentation."""

from __future__ import annotations

import base64
import hashlib
import mimetypes
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.routing import Route
from starlette.staticfiles import StaticFiles

from gateway.http.docs_page import STYLE, docs_html
from gateway.http.endpoints import METHODS
from gateway.http.openapi import Json

Page = Callable[[Request], Awaitable[Response]]

# The build names assets by their content, so an address never means two things.
_FOR_EVER: Final = "public, max-age=31536000, immutable"
_ASK_AGAIN: Final = "no-cache"
_NOT_BUILT: Final = """\
<!doctype html><html lang="en"><meta charset="utf-8"><title>Seat Engine</title>
<h1>The pages are not built yet</h1>
<p>Run <code>make setup</code> and start again. The API works already: see <a href="/docs">its
documentation</a>.</p></html>
"""


def page_routes(dist: Path, document: Json) -> list[Route]:
    """`dist` is the folder of the built frontend; `document` the OpenAPI document to show.

    Routed last: everything that no other route knows is looked up among the built files.
    """
    return [
        Route("/docs", _docs(document), methods=["GET"]),
        Route("/", _index(dist), methods=["GET"]),
        Route("/e/{event_id}", _index(dist), methods=["GET"]),
        Route("/{path:path}", _built_file(dist), methods=METHODS),
    ]


def _media_type(file: Path) -> str:
    media_type = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
    return f"{media_type}; charset=utf-8" if media_type.startswith("text/") else media_type


def _index(dist: Path) -> Page:
    async def index(_request: Request) -> Response:
        page = dist / "index.html"
        if not page.is_file():
            return HTMLResponse(_NOT_BUILT, status_code=503)
        return FileResponse(page, headers={"Cache-Control": _ASK_AGAIN})

    return index


def _docs(document: Json) -> Page:
    html = docs_html(document)
    digest = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
    headers: Mapping[str, str] = {
        "Cache-Control": _ASK_AGAIN,
        "Content-Security-Policy": f"default-src 'none'; style-src 'sha256-{digest}'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    }

    async def docs(_request: Request) -> Response:
        return HTMLResponse(html, headers=headers)

    return docs


def _built_file(dist: Path) -> Page:
    files = StaticFiles(directory=dist, check_dir=False)
    # The build leaves a .gz beside each text that shrinks: a phone's first visit hangs on these.
    packed_files = {
        file.relative_to(dist).as_posix(): _media_type(file.with_suffix(""))
        for file in dist.rglob("*.gz")
    }

    async def built_file(request: Request) -> Response:
        path: str = request.path_params["path"]
        if request.method not in ("GET", "HEAD") or not dist.is_dir():
            raise HTTPException(404)
        packed = f"{path}.gz"
        accepts = "gzip" in request.headers.get("accept-encoding", "")
        if accepts and packed in packed_files:
            response = await files.get_response(packed, request.scope)
            response.headers["Content-Type"] = packed_files[packed]
            response.headers["Content-Encoding"] = "gzip"
        else:
            response = await files.get_response(path, request.scope)
        response.headers["Cache-Control"] = _FOR_EVER if path.startswith("assets/") else _ASK_AGAIN
        response.headers["Vary"] = "Accept-Encoding"
        return response

    return built_file
