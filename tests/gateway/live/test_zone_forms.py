"""F: what is packed of zones is what is read, on both sides of the wire."""

from __future__ import annotations

import json

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.live.tile_forms import BadForm
from gateway.live.zone_forms import ZoneLeft, pack_zones, read_zones
from seatengine.core.party_fit import PARTY_SIZES
from tests.vectors.make import FOLDER, Case

VECTORS = json.loads((FOLDER / "zone_forms.json").read_text())


def vectors(group: str) -> pytest.MarkDecorator:
    cases = VECTORS[group]
    return pytest.mark.parametrize("case", cases, ids=[case["name"] for case in cases])


def read(packed: bytes, categories: list[int]) -> list[ZoneLeft]:
    return list(read_zones(packed, np.array(categories, np.int64)))


@vectors("zones")
def test_f1_zones_are_read_as_the_vectors_say(case: Case) -> None:
    told = read(bytes.fromhex(case["packed_hex"]), case["categories"])
    assert [msgspec.to_builtins(zone) for zone in told] == case["zones"]


@vectors("bad_zones")
def test_f2_zones_that_cannot_be_are_refused(case: Case) -> None:
    with pytest.raises(BadForm):
        read(bytes.fromhex(case["packed_hex"]), case["categories"])


counts = st.integers(0, 250_000)
fits = st.lists(counts, min_size=PARTY_SIZES, max_size=PARTY_SIZES)


@st.composite
def pictures(draw: st.DrawFn) -> tuple[list[int], list[ZoneLeft]]:
    """(how many categories each zone has, some zones in order)"""
    categories = draw(st.lists(st.integers(0, 4), min_size=1, max_size=200))
    chosen = sorted(draw(st.sets(st.integers(0, len(categories) - 1))))
    return categories, [
        ZoneLeft(
            zone,
            draw(st.lists(counts, min_size=categories[zone], max_size=categories[zone])),
            sorted(draw(fits), reverse=True),
        )
        for zone in chosen
    ]


@given(pictures())
def test_f1_any_picture_survives(picture: tuple[list[int], list[ZoneLeft]]) -> None:
    categories, zones = picture
    assert read(pack_zones(zones), categories) == zones


@given(st.binary(max_size=60), st.lists(st.integers(0, 4), max_size=40))
def test_f2_noise_is_refused_or_tells_what_can_be(noise: bytes, categories: list[int]) -> None:
    try:
        told = read(noise, categories)
    except BadForm:
        return
    zones = [zone.zone for zone in told]
    assert zones == sorted(set(zones))
    for zone in told:
        assert len(zone.left) == categories[zone.zone]
        assert len(zone.fit) == PARTY_SIZES
        assert min([*zone.left, *zone.fit]) >= 0
