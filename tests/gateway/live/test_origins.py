"""E: whose pages may open a live connection."""

from __future__ import annotations

import pytest

from gateway.live.origins import Origins

ALLOWED = Origins(
    [
        "https://tickets.example.org/",
        "https://tickets.example.org",
        "https://*.venue.example",
        "http://*.port.example:8080",
    ]
)


@pytest.mark.parametrize(
    ("origin", "host", "admitted"),
    [
        ("http://localhost:8000", "localhost:8000", True),
        ("HTTP://LocalHost:8000", "localhost:8000", True),
        ("http://localhost:8000", "localhost:8001", False),
        ("http://localhost", "localhost:8000", False),
        ("http://localhost:8000", "localhost", False),
        ("https://shop.example", "shop.example:443", True),
        ("https://shop.example:443", "shop.example", True),
        ("http://shop.example:443", "shop.example", False),
        ("http://[::1]:8000", "[::1]:8000", True),
        ("https://tickets.example.org", "127.0.0.1:8000", True),
        ("http://tickets.example.org", "127.0.0.1:8000", False),
        ("https://a.venue.example", "x", True),
        ("https://a.b.venue.example", "x", True),
        ("https://venue.example", "x", False),
        ("https://evilvenue.example", "x", False),
        ("http://a.venue.example", "x", False),
        ("http://a.port.example:8080", "x", True),
        ("http://a.port.example", "x", False),
        ("https://tickets.example.org.evil.example", "x", False),
        ("null", "x", False),
        ("null", "null", False),
        ("", "", False),
        ("file://", "", False),
        ("https://user@tickets.example.org", "x", False),
        ("https://tickets.example.org/path", "x", False),
    ],
)
def test_one_origin(origin: str, host: str, admitted: bool) -> None:
    assert ALLOWED.admit([origin], host) is admitted


def test_programs_send_none_and_nobody_sends_two() -> None:
    assert Origins().admit([], "x")
    assert not ALLOWED.admit(["http://x", "http://x"], "x")
