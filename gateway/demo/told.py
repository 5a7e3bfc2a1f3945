"""What the server told the bots: the record that the audit compares with the database.

A record is a file of msgpack values, one Told each behind its length in four bytes. Whoever is
killed while writing leaves a shorter record, never a wrong one.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final, Literal

import msgspec

Kind = Literal["held", "changed", "ended", "booked", "refused", "kept", "missing", "cancelled"]


class Told(msgspec.Struct, array_like=True, gc=False):
    """One answer. `ref` is the command's, `places` all places of the hold or booking after it.

    held, changed, ended, booked, refused: the answer to a command of `viewer`. kept, missing:
    whether a hold was still there when its viewer came back after a crash, before its time was
    up. cancelled: a booking that the box office is taking back, so that it may be gone. `ms` is how
    long the answer took, 0 where a break fell into the wait.
    """

    kind: Kind
    event: str
    viewer: str
    ref: str
    hold: int = 0
    booking: str = ""
    places: list[int] = []
    total: int = 0
    code: int = 0
    ms: float = 0.0


_HEAD: Final = 4
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Told).decode


class Record:
    """Appends to the file at `path`; a last value that was cut off is dropped first."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
        self._file: BinaryIO = path.open("r+b")
        self._file.truncate(sum(_HEAD + len(data) for data in _values(path)))
        self._file.seek(0, os.SEEK_END)

    def add(self, told: Told) -> None:
        data = _encode(told)
        self._file.write(len(data).to_bytes(_HEAD, "big") + data)

    def flush(self) -> None:
        self._file.flush()

    def close(self) -> None:
        self._file.close()


def read_record(path: Path) -> Iterator[Told]:
    """Everything that was told, in order; a last value that was cut off is left out."""
    return map(_decode, _values(path)) if path.exists() else iter(())


def _values(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while len(head := file.read(_HEAD)) == _HEAD:
            data = file.read(int.from_bytes(head, "big"))
            if len(data) < int.from_bytes(head, "big"):
                return
            yield data
