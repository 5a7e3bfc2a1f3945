"""The opening handshake of a websocket (RFC 6455, section 4), which the websockets library checks.

No extension is ever agreed on: frames are shared by all who watch the same, and small; compressing
them for each viewer would cost more than everything else together.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Final

import msgspec
from websockets.http11 import Request
from websockets.server import ServerProtocol

from seatengine.limits import MAX_MESSAGE_BYTES

SWITCHING: Final = 101

# The library tells of every connection at "info"; with thousands of viewers that is noise.
_log = logging.getLogger(__name__)
_log.setLevel(logging.WARNING)


class Shut(msgspec.Struct, frozen=True):
    """Why a request may not come in: an HTTP status, a word for metrics, a sentence for people.
    `retry_after_s` 0 says nothing of another time."""

    status: int
    reason: str
    text: str
    retry_after_s: int = 0


_MALFORMED: Final = Shut(400, "malformed", "This is no websocket handshake.\n")


def shake_hands(head: bytes, shut: Callable[[Request], Shut | None]) -> tuple[bytes, Shut | None]:
    """The bytes that answer a whole request head, and why it may not come in; None if it may.

    `shut` is asked about a request that is a proper handshake or none.
    """
    protocol = ServerProtocol(max_size=MAX_MESSAGE_BYTES, extensions=None, logger=_log)
    protocol.receive_data(head)
    refused: Shut | None = _MALFORMED
    for event in protocol.events_received():
        if isinstance(event, Request):
            refused = shut(event)
            response = protocol.accept(event)
            if refused is not None:
                response = protocol.reject(refused.status, refused.text)
                if refused.retry_after_s:
                    response.headers["Retry-After"] = str(refused.retry_after_s)
            elif response.status_code != SWITCHING:
                refused = _MALFORMED
            protocol.send_response(response)
            break
    return b"".join(protocol.data_to_send()), refused
