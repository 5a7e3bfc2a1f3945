from __future__ import annotations

import asyncio
import gzip
from collections.abc import Sequence
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware

from gateway.http.routes_pages import page_routes
from gateway.http.security_headers import SecurityHeaders

DOCUMENT = {
    "info": {"title": "Seat Engine", "version": "1", "description": "Seats."},
    "tags": [],
    "paths": {},
    "components": {"schemas": {}},
}


@pytest.fixture
def dist(tmp_path: Path) -> Path:
    """A built frontend: a page, an asset and an icon, beside a file that is nobody's business."""
    folder = tmp_path / "dist"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text("<!doctype html><title>Seats</title>")
    (folder / "assets" / "main-1a2b.js").write_text("export {}")
    (folder / "icon.svg").write_text("<svg/>")
    (tmp_path / "secret").write_text("secret")
    return folder


def get(
    dist: Path,
    path: str,
    embed_origins: Sequence[str] = (),
    method: str = "GET",
    encoding: str = "gzip",
) -> httpx.Response:
    app = Starlette(
        routes=page_routes(dist, DOCUMENT),
        middleware=[Middleware(SecurityHeaders, embed_origins)],
    )

    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://site") as client:
            return await client.request(method, path, headers={"Accept-Encoding": encoding})

    return asyncio.run(ask())


@pytest.mark.parametrize("path", ["/", "/e/ev_1"])
def test_pages_are_asked_for_again(dist: Path, path: str) -> None:
    answer = get(dist, path)
    assert (answer.status_code, "<title>Seats" in answer.text) == (200, True)
    assert answer.headers["cache-control"] == "no-cache"
    assert answer.headers["etag"]


def test_assets_are_kept_for_ever(dist: Path) -> None:
    asset = get(dist, "/assets/main-1a2b.js")
    assert asset.headers["content-type"].startswith("text/javascript")
    assert "immutable" in asset.headers["cache-control"]
    icon = get(dist, "/icon.svg")
    assert (icon.status_code, icon.headers["cache-control"]) == (200, "no-cache")


@pytest.mark.parametrize(
    "path", ["/assets/none.js", "/assets", "/../secret", "/%2e%2e/secret", "/assets/../../secret"]
)
def test_nothing_else_is_served(dist: Path, path: str) -> None:
    answer = get(dist, path)
    assert answer.status_code == 404
    assert "secret" not in answer.text
    assert "immutable" not in answer.headers.get("cache-control", "")


def test_assets_travel_packed_where_the_browser_takes_that(dist: Path) -> None:
    asset = dist / "assets" / "main-1a2b.js"
    asset.with_name("main-1a2b.js.gz").write_bytes(gzip.compress(b"export {}"))
    packed = get(dist, "/assets/main-1a2b.js")
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.headers["content-type"].startswith("text/javascript")
    assert "immutable" in packed.headers["cache-control"]
    assert packed.text == "export {}"
    plain = get(dist, "/assets/main-1a2b.js", encoding="identity")
    assert "content-encoding" not in plain.headers
    assert plain.text == "export {}"
    assert plain.headers["vary"] == packed.headers["vary"] == "Accept-Encoding"


def test_only_reading(dist: Path) -> None:
    assert get(dist, "/assets/main-1a2b.js", method="DELETE").status_code == 404
    assert get(dist, "/", method="HEAD").status_code == 200


def test_a_missing_build_says_what_to_do(tmp_path: Path) -> None:
    answer = get(tmp_path / "dist", "/")
    assert answer.status_code == 503
    assert "make setup" in answer.text
    assert get(tmp_path / "dist", "/icon.svg").status_code == 404


def test_pages_may_be_framed_only_where_a_setting_says(dist: Path) -> None:
    alone = get(dist, "/").headers
    assert alone["x-frame-options"] == "DENY"
    assert "frame-ancestors 'none'" in alone["content-security-policy"]
    embedded = get(dist, "/", ["https://venue.example"]).headers
    assert "x-frame-options" not in embedded
    assert "frame-ancestors 'self' https://venue.example" in embedded["content-security-policy"]


def test_scripts_come_from_here_only(dist: Path) -> None:
    policy = get(dist, "/").headers["content-security-policy"]
    assert "script-src 'self';" in policy
    assert "unsafe-eval" not in policy
    assert "object-src 'none'" in policy
