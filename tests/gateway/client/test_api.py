"""The API's own client: problems become errors that say what was refused, breaks are retried."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

import pytest

from gateway.client.api import ApiClient, ApiRefused, SiteUnreachable, as_organizer


class _Desk(BaseHTTPRequestHandler):
    """Answers by path; hangs up on the first request to /flaky."""

    protocol_version = "HTTP/1.1"
    keys: ClassVar[list[str | None]] = []

    def do_GET(self) -> None:
        if self.path == "/flaky":
            self.keys.append(self.headers["Idempotency-Key"])
            if len(self.keys) == 1:
                self.close_connection = True
                return
        body, status = b'{"number": 7}', 200
        if self.path == "/problem":
            body, status = b'{"code": "not-found", "detail": "There is no such thing."}', 404
        elif self.path == "/broken":
            body, status = b"<html>bad gateway</html>", 502
        elif self.path == "/who":
            body = f'{{"who": "{self.headers["Authorization"]}"}}'.encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def desk() -> Iterator[str]:
    _Desk.keys = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Desk)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


def test_answers_are_decoded_and_the_key_is_sent(desk: str) -> None:
    with closing(as_organizer(desk, "sk_1_2")) as api:
        assert api.get("/any", dict[str, int]) == {"number": 7}
        assert api.get("/who", dict[str, str]) == {"who": "Bearer sk_1_2"}


def test_a_problem_says_what_was_refused_and_why(desk: str) -> None:
    with closing(ApiClient(desk)) as api:
        with pytest.raises(ApiRefused, match="GET /problem: 404 not-found: There is no") as refused:
            api.get("/problem", dict[str, int])
        assert (refused.value.status, refused.value.problem) == (404, "not-found")
        with pytest.raises(ApiRefused, match="502 : <html>bad gateway"):
            api.get("/broken", dict[str, int])


def test_a_broken_connection_is_tried_again_with_the_same_key(desk: str) -> None:
    with closing(ApiClient(desk)) as api:
        assert api.get("/flaky", dict[str, int]) == {"number": 7}
    assert len(_Desk.keys) == 2
    assert _Desk.keys[0] == _Desk.keys[1]


def test_nobody_there_is_said_plainly() -> None:
    with (
        closing(ApiClient("http://127.0.0.1:1")) as api,
        pytest.raises(SiteUnreachable, match="Is the server running there"),
    ):
        api.get("/", dict[str, int])
