"""The packed bytes of Tiles and Watching: statuses of tiles in their smallest form. Pure.

A *tile entry* is the tile's number (varint), then for an area's tile the places left (varint), else
a head byte and a body. The head's low two bits are the form, the other six say n - 1:

    0 LIST    n bytes, each a changed place: its offset in the tile, its status in the top two bits
    1 RUNS    n bytes from the tile's start to its end: length - 1, the status in the top two bits
    2 BITMAP  a bit for each place of the tile (lowest first), 1 where it changed; then the new
              statuses of those, two bits each, four to a byte, lowest first
    3 WHOLE   two bits for each place of the tile, four to a byte, lowest first

All forms are absolute: to apply one twice, or over what it told already, changes nothing. Varints
are LEB128 (seven bits a byte, lowest first). *TileRuns* are a set of tiles: a varint of tiles to
leave out, a varint of tiles that are in, and so on. frontend/src/wire/tile_forms.ts is the other
side; tests/vectors/tile_forms.json keeps both to this.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import msgspec
import numpy as np
import numpy.typing as npt

LIST: Final = 0
RUNS: Final = 1
BITMAP: Final = 2
WHOLE: Final = 3

Statuses = npt.NDArray[np.uint8]


class BadForm(ValueError):
    """Bytes that are no tile entries or no TileRuns."""


class SeatTile(msgspec.Struct, frozen=True):
    """`statuses[i]` is that of the place at `offsets[i]` of `tile`."""

    tile: int
    offsets: list[int]
    statuses: list[int]


class CountedTile(msgspec.Struct, frozen=True):
    tile: int
    left: int


def varint(value: int) -> bytes:
    """LEB128 of a number that is not negative."""
    if value < 0x80:
        return bytes((value,))
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def changed_entry(tile: int, size: int, listed: bytes) -> bytes:
    """The smallest entry that tells some changed places of a tile of `size` places.

    `listed` is the body of its LIST form, at least one byte, in order of offsets.
    """
    count = len(listed)
    head = varint(tile)
    bitmap_bytes = (size + 7) // 8 + (count + 3) // 4
    if count <= bitmap_bytes:
        return head + bytes((LIST | count - 1 << 2,)) + listed
    entries = np.frombuffer(listed, np.uint8)
    changed = np.zeros(size, np.uint8)
    changed[entries & 0x3F] = 1
    body = np.packbits(changed, bitorder="little").tobytes() + pack_statuses(
        (entries >> 6).astype(np.uint8)
    )
    return head + bytes((BITMAP,)) + body


def whole_entry(tile: int, statuses: Statuses) -> bytes:
    """The smallest entry that tells every place of a tile; `statuses` by offset."""
    runs = _runs(statuses)
    if len(runs) <= (len(statuses) + 3) // 4:
        return varint(tile) + bytes((RUNS | len(runs) - 1 << 2,)) + runs
    return varint(tile) + bytes((WHOLE,)) + pack_statuses(statuses)


def smallest_entry(tile: int, statuses: Statuses, listed: bytes) -> bytes:
    """Whichever of `changed_entry` and `whole_entry` is shorter."""
    changed = changed_entry(tile, len(statuses), listed)
    whole = whole_entry(tile, statuses)
    return whole if len(whole) < len(changed) else changed


def counted_entry(tile: int, left: int) -> bytes:
    """The entry of an area's tile."""
    return varint(tile) + varint(left)


def pack_statuses(statuses: Statuses) -> bytes:
    """Two bits a place, four places to a byte, lowest bits first; the last byte padded with 0."""
    quads = np.zeros((-(-len(statuses) // 4), 4), np.uint8)
    quads.reshape(-1)[: len(statuses)] = statuses
    packed: bytes = (quads[:, 0] | quads[:, 1] << 2 | quads[:, 2] << 4 | quads[:, 3] << 6).tobytes()
    return packed


def pack_few_statuses(statuses: bytes) -> bytes:
    """`pack_statuses` of some hundreds at most, a byte each: for those, one integer's shifts are
    ten times as fast as vectors."""
    each = int.from_bytes(statuses, "little")
    # Every fourth byte has its own two bits and, moved down to it, those of the next three.
    folded = each | each >> 6 | each >> 12 | each >> 18
    return folded.to_bytes(len(statuses), "little")[::4]


def unpack_statuses(packed: bytes, count: int) -> Statuses:
    """The first `count` statuses of `pack_statuses`. Raises BadForm if there are fewer."""
    quads = np.frombuffer(packed, np.uint8)
    if len(quads) * 4 < count:
        raise BadForm(f"{len(quads)} bytes hold fewer than {count} statuses")
    shifts = np.array([0, 2, 4, 6], np.uint8)
    spread: Statuses = ((quads[:, None] >> shifts) & 3).astype(np.uint8)
    return spread.reshape(-1)[:count]


def read_entries(
    packed: bytes, sizes: npt.NDArray[np.int32], counted: npt.NDArray[np.bool_]
) -> Iterator[SeatTile | CountedTile]:
    """What the entries tell; `sizes` and `counted` by tile. Raises BadForm on anything else."""
    at = 0
    while at < len(packed):
        tile, at = read_varint(packed, at)
        if tile >= len(sizes):
            raise BadForm(f"there is no tile {tile}")
        if counted[tile]:
            left, at = read_varint(packed, at)
            yield CountedTile(tile, left)
            continue
        told, at = _read_seats(packed, at, tile, int(sizes[tile]))
        yield told


def _read_seats(packed: bytes, at: int, tile: int, size: int) -> tuple[SeatTile, int]:
    form, n = _byte(packed, at) & 3, (packed[at] >> 2) + 1
    at += 1
    if form == LIST:
        body = _take(packed, at, n)
        offsets = [entry & 0x3F for entry in body]
        if max(offsets) >= size:
            raise BadForm(f"tile {tile} has no offset {max(offsets)}")
        return SeatTile(tile, offsets, [entry >> 6 for entry in body]), at + n
    if form == RUNS:
        body = _take(packed, at, n)
        statuses = [entry >> 6 for entry in body for _ in range((entry & 0x3F) + 1)]
        if len(statuses) != size:
            raise BadForm(f"tile {tile} has {size} places, not {len(statuses)}")
        return SeatTile(tile, list(range(size)), statuses), at + n
    offsets = list(range(size))
    if form == BITMAP:
        width = (size + 7) // 8
        bits = np.unpackbits(np.frombuffer(_take(packed, at, width), np.uint8), bitorder="little")
        offsets = [int(offset) for offset in np.flatnonzero(bits)]
        if offsets and offsets[-1] >= size:
            raise BadForm(f"tile {tile} has no offset {offsets[-1]}")
        at += width
    width = (len(offsets) + 3) // 4
    told = unpack_statuses(_take(packed, at, width), len(offsets))
    return SeatTile(tile, offsets, [int(status) for status in told]), at + width


def tile_runs(mask: int) -> bytes:
    """A set of tiles, given as bits of an integer, as TileRuns."""
    out = bytearray()
    while mask:
        skipped = (mask & -mask).bit_length() - 1
        mask >>= skipped
        taken = (~mask & (mask + 1)).bit_length() - 1
        mask >>= taken
        out += varint(skipped) + varint(taken)
    return bytes(out)


def read_tile_runs(runs: bytes, tiles: int) -> int:
    """The set of TileRuns as bits of an integer. Raises BadForm on one beyond `tiles` tiles."""
    mask = at = end = 0
    while at < len(runs):
        skipped, at = read_varint(runs, at)
        taken, at = read_varint(runs, at)
        begin = end + skipped
        end = begin + taken
        if end > tiles:
            raise BadForm(f"there is no tile {end - 1}")
        mask |= ((1 << taken) - 1) << begin
    return mask


def _runs(statuses: Statuses) -> bytes:
    starts = np.flatnonzero(np.diff(statuses, prepend=255))
    lengths = np.diff(starts, append=len(statuses))
    runs: bytes = (lengths - 1 | statuses[starts].astype(np.int64) << 6).astype(np.uint8).tobytes()
    return runs


def read_varint(data: bytes, at: int) -> tuple[int, int]:
    """(the number at `at`, where the bytes go on). Raises BadForm."""
    value = 0
    for shift in range(0, 35, 7):
        byte = _byte(data, at)
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
    raise BadForm("a number is too long")


def _byte(data: bytes, at: int) -> int:
    if at >= len(data):
        raise BadForm("the bytes end too early")
    return data[at]


def _take(data: bytes, at: int, count: int) -> bytes:
    if at + count > len(data):
        raise BadForm("the bytes end too early")
    return data[at : at + count]
