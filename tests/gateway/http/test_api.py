"""What holds for every address: errors, limits, headers, pages and the documentation."""

from __future__ import annotations

import re
import socket
from typing import Any

import httpx
import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator
from starlette.applications import Starlette
from starlette.routing import Route
from starlette.types import Message

from gateway.http.openapi import OPENAPI_PATH, openapi_path
from gateway.http.problems import STATUS_OF
from gateway.http.routes_metrics import PATH as METRICS_PATH
from seatengine.limits import MAX_JSON_BODY_BYTES
from tests.gateway.http.site import Site, code, put_on_sale

_WAIT_S = 10.0
JSON = {"Content-Type": "application/json"}


@pytest.fixture
def holds(organizer: httpx.Client) -> str:
    return f"/api/v1/events/{put_on_sale(organizer)}/holds"


@pytest.fixture(scope="module")
def document(site: Site) -> dict[str, Any]:
    answer = site.client().get(OPENAPI_PATH)
    assert answer.status_code == 200
    made: dict[str, Any] = answer.json()
    return made


@pytest.mark.parametrize(
    ("body", "status", "expected", "path"),
    [
        (b"", 400, "bad-json", "$"),
        (b"{", 400, "bad-json", "$"),
        (b"\xff", 400, "bad-json", "$"),
        (b"[" * 50_000, 422, "invalid", "$"),
        (b"[]", 422, "invalid", "$"),
        (b'{"pick":{"kind":"seats","places":[true]}}', 422, "invalid", "$.pick.places[0]"),
        (b'{"pick":{"kind":"seats","places":[1e400]}}', 422, "invalid", "$.pick.places[0]"),
        (b'{"pick":{"kind":"seats","places":["\\ud800"]}}', 400, "bad-json", "$"),
        (b'{"pick":{"kind":"seats","places":[0]},"extra":1}', 422, "invalid", "$"),
    ],
)
def test_bad_bodies_say_where(
    viewer: httpx.Client, holds: str, body: bytes, status: int, expected: str, path: str
) -> None:
    answer = viewer.post(holds, content=body, headers=JSON)
    assert (answer.status_code, code(answer)) == (status, expected)
    assert answer.json()["path"].startswith(path.partition("[")[0])


def test_bodies_have_a_limit(viewer: httpx.Client, holds: str) -> None:
    big = b" " * (MAX_JSON_BODY_BYTES + 1)
    answer = viewer.post(holds, content=big, headers=JSON)
    assert (answer.status_code, code(answer)) == (413, "body-too-large")
    parts = (big[i : i + 65_536] for i in range(0, len(big), 65_536))
    answer = viewer.post(holds, content=parts, headers=JSON)
    assert (answer.status_code, code(answer)) == (413, "body-too-large")


def half_a_request(site: Site, path: str) -> socket.socket:
    """A connection on which a request has begun and its body has not ended."""
    url = httpx.URL(site.url)
    peer = socket.create_connection((url.host, url.port or 80), timeout=_WAIT_S)
    token = site.viewer().headers["authorization"]
    peer.sendall(
        f"POST {path} HTTP/1.1\r\nHost: site\r\nAuthorization: {token}\r\n"
        "Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{".encode()
    )
    return peer


def test_a_body_that_never_ends_is_given_up(
    site: Site, holds: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.http.endpoints.HTTP_BODY_TIMEOUT_MS", 50)
    with half_a_request(site, holds) as peer:
        answer = peer.recv(65_536)
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b"application/problem+json" in answer


def test_who_leaves_in_the_middle_is_no_fault_of_ours(
    site: Site, viewer: httpx.Client, holds: str, caplog: pytest.LogCaptureFixture
) -> None:
    scope = {
        "type": "http",
        "method": "POST",
        "path": holds,
        "query_string": b"",
        "headers": [(b"authorization", viewer.headers["authorization"].encode())],
        "client": ("127.0.0.1", 1),
    }
    told: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        told.append(message)

    async def leave() -> None:
        await site.parts.app(scope, receive, send)

    site.run(leave())
    assert told[0]["status"] == 400
    assert [r for r in caplog.records if r.levelname == "ERROR"] == []


def test_only_json_is_json(viewer: httpx.Client, holds: str) -> None:
    answer = viewer.post(holds, data={"pick": "x"})
    assert (answer.status_code, code(answer)) == (415, "wrong-media-type")


def test_unknown_addresses_and_methods(site: Site, holds: str) -> None:
    client = site.client()
    for path in ("/api/v1/nothing", "/nothing", f"{holds}/abc", "/assets/none.js"):
        answer = client.get(path)
        assert (answer.status_code, code(answer)) == (404, "not-found")
    answer = client.put(holds)
    assert (answer.status_code, code(answer)) == (405, "method-not-allowed")
    assert answer.headers["allow"] == "GET, HEAD, POST"
    answer = client.patch(f"{holds}/abc")
    assert (answer.status_code, code(answer)) == (404, "not-found")


def test_head_answers_as_get_without_a_body(site: Site) -> None:
    answer = site.client().head("/api/v1/events")
    assert (answer.status_code, answer.content) == (200, b"")


def test_health(site: Site) -> None:
    assert site.client().get("/healthz").json() == {"status": "ok"}
    assert site.client().get("/readyz").json() == {"status": "ok"}


@pytest.mark.parametrize("path", ["/docs", "/api/v1/events", "/nothing", "/"])
def test_every_answer_is_guarded(site: Site, path: str) -> None:
    headers = site.client().get(path).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert "access-control-allow-origin" not in headers


def test_answers_are_not_kept_unless_they_say_so(site: Site, organizer: httpx.Client) -> None:
    for path in ("/api/v1/events", "/api/v1/charts", "/nothing"):
        assert organizer.get(path).headers["cache-control"] == "no-store"


def test_the_document_is_valid(document: dict[str, Any]) -> None:
    assert list(OpenAPIV31SpecValidator(document).iter_errors()) == []
    assert document["openapi"] == "3.1.0"


def test_every_route_is_documented(site: Site, document: dict[str, Any]) -> None:
    app = site.parts.app
    assert isinstance(app, Starlette)
    beside = {"/", "/docs", "/e/{event_id}", "/{path:path}", OPENAPI_PATH, METRICS_PATH}
    paths = [r.path for r in app.routes if isinstance(r, Route) and r.path not in beside]
    served = {
        (openapi_path(path), method.lower())
        for path in paths
        for method in site.client()
        .options(openapi_path(path).replace("{hold}", "1"))
        .headers["allow"]
        .split(", ")
        if method != "HEAD"
    }
    documented = {(p, m) for p, methods in document["paths"].items() for m in methods}
    assert served == documented
    assert len(documented) > 20


def test_operations_are_named_once(document: dict[str, Any]) -> None:
    names = [op["operationId"] for methods in document["paths"].values() for op in methods.values()]
    assert len(names) == len(set(names))


def test_every_parameter_is_described(document: dict[str, Any]) -> None:
    operations = [op for methods in document["paths"].values() for op in methods.values()]
    assert [
        (op["operationId"], p["name"])
        for op in operations
        for p in op["parameters"]
        if not p["description"]
    ] == []


def test_every_problem_has_its_place_in_the_docs(site: Site, document: dict[str, Any]) -> None:
    answer = site.client().get("/docs")
    assert answer.status_code == 200
    page = answer.text
    ids = set(re.findall(r'id="([^"]+)"', page))
    assert set(STATUS_OF) <= ids
    operations = [op for methods in document["paths"].values() for op in methods.values()]
    assert {op["operationId"] for op in operations} <= ids
    assert set(re.findall(r'href="#([^"]+)"', page)) <= ids
    assert "<script" not in page
    assert not re.search(r'(?:src|href)="(?:https?:)?//', page)


def test_the_docs_style_is_the_one_that_is_allowed(site: Site) -> None:
    policy = site.client().get("/docs").headers["content-security-policy"]
    assert "default-src 'none'; style-src 'sha256-" in policy
    assert "unsafe-inline" not in policy
