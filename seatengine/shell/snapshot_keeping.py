"""Writes a frozen state down without holding up those whose commands arrive meanwhile."""

from __future__ import annotations

import asyncio

from seatengine.core import snapshot
from seatengine.ids import Seq
from seatengine.ports import SnapshotStore


async def keep(frozen: snapshot.Snapshot, snapshots: SnapshotStore) -> None:
    """Encode `frozen` a slice at a time, and save it. Raises StoreUnavailable.

    A thread would not help: encoding holds the interpreter's lock throughout.
    """
    pieces: list[bytes] = []
    for piece in snapshot.pieces(frozen):
        pieces.append(piece)
        await asyncio.sleep(0)
    await snapshots.save(frozen.event, Seq(frozen.seq), b"".join(pieces))
