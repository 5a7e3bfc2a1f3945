"""E: frames in, messages out, whatever the cut; and nothing but a close for a broken peer."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.frames import Frame, Opcode
from websockets.speedups import apply_mask

from gateway.live.frames import (
    BINARY,
    CLOSE,
    MESSAGE_TOO_BIG,
    PING,
    PROTOCOL_ERROR,
    TEXT,
    FrameError,
    FrameReader,
    is_close_payload,
    server_frame,
    unmask,
)
from seatengine.limits import MAX_FRAGMENTS

MAX = 4096


def client_frame(opcode: int, payload: bytes, *, final: bool = True) -> bytes:
    """A masked frame as the websockets library, an independent maker, serializes it."""
    return Frame(Opcode(opcode), payload, final).serialize(mask=True)


@given(st.binary(max_size=300), st.binary(min_size=4, max_size=4))
def test_unmask_is_what_websockets_does(payload: bytes, mask: bytes) -> None:
    assert unmask(payload, mask) == bytes(apply_mask(payload, mask))


@given(
    st.lists(st.tuples(st.sampled_from([BINARY, TEXT, PING]), st.binary(max_size=125)), max_size=6),
    st.lists(st.integers(0, 900), max_size=8),
)
def test_messages_survive_any_cut_of_the_stream(
    messages: list[tuple[int, bytes]], cuts: list[int]
) -> None:
    stream = b"".join(client_frame(opcode, payload) for opcode, payload in messages)
    edges = sorted({0, len(stream), *(min(c, len(stream)) for c in cuts)})
    reader = FrameReader(MAX)
    heard = [m for a, b in pairwise(edges) for m in reader.feed(stream[a:b])]
    assert heard == messages


@given(st.binary(max_size=2000), st.integers(1, 9))
def test_fragments_are_joined_and_controls_pass_between(payload: bytes, parts: int) -> None:
    size = -(-len(payload) // parts) or 1
    pieces = [payload[i : i + size] for i in range(0, len(payload), size)] or [b""]
    stream = b""
    for number, piece in enumerate(pieces):
        opcode = BINARY if number == 0 else 0
        stream += client_frame(opcode, piece, final=number == len(pieces) - 1)
        if number < len(pieces) - 1:
            stream += client_frame(PING, b"here")
    heard = FrameReader(MAX).feed(stream)
    assert heard[-1] == (BINARY, payload)
    assert heard[:-1] == [(PING, b"here")] * (len(pieces) - 1)


@pytest.mark.parametrize(
    ("broken", "code"),
    [
        (b"\x82\x01a", PROTOCOL_ERROR),
        (b"\xc2\x80\0\0\0\0", PROTOCOL_ERROR),
        (b"\x83\x80\0\0\0\0", PROTOCOL_ERROR),
        (b"\x8b\x80\0\0\0\0", PROTOCOL_ERROR),
        (b"\x80\x80\0\0\0\0", PROTOCOL_ERROR),
        (b"\x09\x80\0\0\0\0", PROTOCOL_ERROR),
        (b"\x89\xfe\x00\x7e", PROTOCOL_ERROR),
        (b"\x82\xfe\x10\x01", MESSAGE_TOO_BIG),
        (b"\x82\xff\xff\xff\xff\xff\xff\xff\xff\xff", MESSAGE_TOO_BIG),
        (client_frame(BINARY, b"a", final=False) + client_frame(BINARY, b"b"), PROTOCOL_ERROR),
    ],
)
def test_a_broken_peer_is_told_how(broken: bytes, code: int) -> None:
    with pytest.raises(FrameError) as caught:
        FrameReader(MAX).feed(broken)
    assert caught.value.close_code == code


def test_fragments_together_obey_the_bound() -> None:
    reader = FrameReader(100)
    reader.feed(client_frame(BINARY, bytes(60), final=False))
    with pytest.raises(FrameError) as caught:
        reader.feed(client_frame(0, bytes(41)))
    assert caught.value.close_code == MESSAGE_TOO_BIG


def test_a_message_has_a_bound_on_its_fragments_though_they_are_empty() -> None:
    reader = FrameReader(MAX)
    reader.feed(client_frame(BINARY, b"a", final=False))
    for _ in range(MAX_FRAGMENTS - 2):
        assert reader.feed(client_frame(0, b"", final=False)) == []
    assert reader.feed(client_frame(0, b"z")) == [(BINARY, b"az")]
    reader.feed(client_frame(BINARY, b"a", final=False))
    for _ in range(MAX_FRAGMENTS - 1):
        reader.feed(client_frame(0, b"", final=False))
    with pytest.raises(FrameError):
        reader.feed(client_frame(0, b"", final=False))


@pytest.mark.parametrize(
    ("said", "proper"),
    [
        (b"", True),
        (b"\x03\xe8bye", True),
        (b"\x0f\xa0", True),
        (b"\x03", False),
        (b"\x03\xe7", False),
        (b"\x03\xed", False),
        (b"\x03\xee", False),
        (b"\x07\xd0", False),
        (b"\x13\x88", False),
    ],
)
def test_what_a_close_may_say(said: bytes, proper: bool) -> None:
    assert is_close_payload(said) is proper


@given(st.binary(max_size=8))
def test_noise_raises_nothing_but_frame_errors(noise: bytes) -> None:
    try:
        FrameReader(MAX).feed(noise)
    except FrameError:
        pass


@pytest.mark.parametrize("size", [0, 1, 125, 126, 65_535, 65_536])
def test_server_frames_are_what_websockets_writes(size: int) -> None:
    payload = bytes(size)
    assert server_frame(BINARY, payload) == Frame(Opcode.BINARY, payload).serialize(mask=False)
    assert server_frame(CLOSE, b"")[0] == 0x88
