"""Answers to commands of the past, kept as the journal's own frames: cheap to gather, and decoded
only when a command is repeated."""

from __future__ import annotations

from bisect import bisect_right
from typing import Final

import msgspec

from seatengine.core.entries import HoldExpired
from seatengine.ids import CommandId

_EXPIRED: Final = HoldExpired.__struct_config__.tag


class _Head(msgspec.Struct, array_like=True, gc=False):
    """How every entry begins; in a HoldExpired, which answers nobody, the last is the holder."""

    tag: int
    at_ms: int
    id: CommandId


_decode_heads = msgspec.msgpack.Decoder(list[_Head]).decode
_decode_raw = msgspec.msgpack.Decoder(list[msgspec.Raw]).decode


class JournaledAnswers:
    """Which entry answered which command. Bounded by what its owner adds."""

    __slots__ = ("_first_seqs", "_frames", "_seqs")

    def __init__(self) -> None:
        self._seqs: dict[CommandId, int] = {}
        self._first_seqs: list[int] = []
        self._frames: list[bytes] = []

    def add(self, first_seq: int, frame: bytes) -> None:
        """Remember the entries of a frame, the next one in the journal's order.

        Raises msgspec.DecodeError.
        """
        seqs = self._seqs
        for seq, head in enumerate(_decode_heads(frame), first_seq):
            if head.tag != _EXPIRED:
                seqs[head.id] = seq
        self._first_seqs.append(first_seq)
        self._frames.append(frame)

    def find(self, command_id: CommandId) -> tuple[int, bytes] | None:
        """(seq, encoded entry) that answered the command; None for one not known here."""
        seq = self._seqs.get(command_id)
        if seq is None:
            return None
        number = bisect_right(self._first_seqs, seq) - 1
        raw = _decode_raw(self._frames[number])[seq - self._first_seqs[number]]
        return seq, bytes(raw)
