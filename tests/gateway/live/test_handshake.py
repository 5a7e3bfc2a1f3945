"""E: the opening handshake, and that nothing is agreed on beyond it."""

from __future__ import annotations

import pytest
from websockets.http11 import Request

from gateway.live.handshake import Shut, shake_hands

KEY = b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
UPGRADE = b"Host: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
HEAD = b"GET /live HTTP/1.1\r\n" + UPGRADE + KEY


def come_in(_: Request) -> None:
    return None


def test_the_example_of_the_rfc_and_no_extension() -> None:
    offer = b"Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n"
    response, refused = shake_hands(HEAD + offer + b"\r\n", come_in)
    assert refused is None
    assert response.startswith(b"HTTP/1.1 101 ")
    assert b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n" in response
    assert b"extensions" not in response.lower()


@pytest.mark.parametrize(
    "head",
    [
        b"GET /live HTTP/1.1\r\n" + UPGRADE + b"\r\n",
        HEAD.replace(b"13", b"8") + b"\r\n",
        HEAD + KEY + b"\r\n",
        HEAD.replace(b"dGhlIHNhbXBsZSBub25jZQ==", b"short") + b"\r\n",
        b"POST /live HTTP/1.1\r\n" + UPGRADE + KEY + b"\r\n",
        b"noise\r\n\r\n",
        HEAD,
    ],
)
def test_what_is_no_handshake(head: bytes) -> None:
    response, refused = shake_hands(head, come_in)
    assert refused is not None
    assert refused.reason == "malformed"
    assert not response.startswith(b"HTTP/1.1 101 ")


def test_who_is_kept_out_hears_why_and_when_to_try_again() -> None:
    shut = Shut(503, "full", "Too many viewers.\n", 5)
    response, refused = shake_hands(HEAD + b"\r\n", lambda _: shut)
    assert refused is shut
    assert response.startswith(b"HTTP/1.1 503 ")
    assert b"Retry-After: 5\r\n" in response
    assert response.endswith(b"Too many viewers.\n")
