"""The packed bytes of Zones: what is left of zones, and how many parties find room. Pure.

For each zone told, in order: a varint of the zones left out before it; for each category the zone
has places of, in order of category index, a varint of the places left; then party fit for parties
of 1 to 8: a byte whose bit k - 1 says that the number for k differs from the one before it (from 0
for k = 1), and a varint of the difference for each such bit, lowest first: upwards for k = 1,
downwards after it. frontend/src/wire/zone_forms.ts is the other side; tests/vectors/zone_forms.json
keeps both to this.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec
import numpy as np
import numpy.typing as npt

from gateway.live.tile_forms import BadForm, read_varint, varint
from seatengine.core.party_fit import PARTY_SIZES

I32 = npt.NDArray[np.int32]


class ZoneLeft(msgspec.Struct, frozen=True):
    """`left` by the zone's categories in order; `fit[k - 1]` is how many runs seat k together."""

    zone: int
    left: list[int]
    fit: list[int]


def pack_zones(zones: Iterable[ZoneLeft]) -> bytes:
    """Bytes of zones that come in order."""
    out = bytearray()
    next_zone = 0
    for told in zones:
        out += varint(told.zone - next_zone)
        next_zone = told.zone + 1
        for left in told.left:
            out += varint(left)
        out += _pack_fit(told.fit)
    return bytes(out)


def read_zones(packed: bytes, categories: npt.NDArray[np.int64]) -> Iterator[ZoneLeft]:
    """The zones of `pack_zones`; `categories[z]` is how many categories zone z has.

    Raises BadForm on anything else.
    """
    at = zone = 0
    while at < len(packed):
        skipped, at = read_varint(packed, at)
        zone += skipped
        if zone >= len(categories):
            raise BadForm(f"there is no zone {zone}")
        left = []
        for _ in range(int(categories[zone])):
            count, at = read_varint(packed, at)
            left.append(count)
        fit, at = _read_fit(packed, at)
        yield ZoneLeft(zone, left, fit)
        zone += 1


def _pack_fit(fit: list[int]) -> bytes:
    differs = before = 0
    steps = b""
    for k, count in enumerate(fit):
        if count != before:
            differs |= 1 << k
            steps += varint(count - before if k == 0 else before - count)
        before = count
    return bytes((differs,)) + steps


def _read_fit(packed: bytes, at: int) -> tuple[list[int], int]:
    if at >= len(packed):
        raise BadForm("the bytes end too early")
    differs = packed[at]
    at += 1
    fit: list[int] = []
    count = 0
    for k in range(PARTY_SIZES):
        if differs >> k & 1:
            step, at = read_varint(packed, at)
            count += step if k == 0 else -step
            if count < 0:
                raise BadForm("fewer than no parties find room")
        fit.append(count)
    return fit, at
