"""Whatever stands in a file, reading it gives a chart that can be sold, or BadChart."""

from __future__ import annotations

import copy
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from seatengine.chart.exporters import write_chart
from seatengine.chart.importers import read_chart
from seatengine.chart.seat_table import build
from seatengine.errors import BadChart
from tests.chart.files import Json, encoded, pretix_plan, seatsio_drawing, seatsio_floors
from tests.venues import pocket_chart

DOCUMENTS: dict[str, Json] = {
    "drawing": seatsio_drawing(),
    "floors": seatsio_floors(),
    "plan": pretix_plan(),
    "native": msgspec.json.decode(write_chart(pocket_chart(), "native")[0]),
}

numbers = st.one_of(
    st.integers(-3, 3),
    st.sampled_from([1e308, -1e308, 1e-320, 2**53, -(2**63), 10**30, 0.1, -0.0]),
)
values = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        numbers,
        st.text(max_size=5),
        st.sampled_from(["1", "A", "?", "\n", "\x00", "x" * 300, "polygon", "whole", "é"]),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=2), st.dictionaries(st.text(max_size=3), inner, max_size=2)
    ),
    max_leaves=4,
)


def spots(value: object, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The path of every member and item below `value`."""
    if isinstance(value, dict):
        items = list(value.items())
    elif isinstance(value, list):
        items = list(enumerate(value))
    else:
        return []
    found = []
    for key, member in items:
        found.append((*path, key))
        found += spots(member, (*path, key))
    return found


SPOTS = {name: spots(document) for name, document in DOCUMENTS.items()}


def reads_whole_or_not_at_all(data: bytes) -> None:
    try:
        imported = read_chart(data)
    except BadChart:
        return
    table = build(imported.chart)
    assert table.size == imported.chart.next_index
    again = read_chart(write_chart(imported.chart, "native")[0])
    assert again.chart == imported.chart
    if imported.format == "seatsio":
        assert read_chart(write_chart(imported.chart, "seatsio")[0]).chart == imported.chart


@pytest.mark.parametrize("name", DOCUMENTS)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_changed_files(name: str, data: st.DataObject) -> None:
    document = copy.deepcopy(DOCUMENTS[name])
    for _ in range(data.draw(st.integers(1, 3))):
        path = data.draw(st.sampled_from(SPOTS[name]))
        parent: Any = document
        try:
            for key in path[:-1]:
                parent = parent[key]
            how = data.draw(st.sampled_from(["replace", "remove", "repeat"]))
            if how == "replace":
                parent[path[-1]] = data.draw(values)
            elif how == "remove":
                del parent[path[-1]]
            elif isinstance(parent, list):
                parent.append(copy.deepcopy(parent[path[-1]]))
        except (KeyError, IndexError, TypeError):
            # An earlier change has taken this spot away.
            continue
    reads_whole_or_not_at_all(encoded(document))


@pytest.mark.parametrize("name", DOCUMENTS)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_changed_bytes(name: str, data: st.DataObject) -> None:
    raw = bytearray(encoded(DOCUMENTS[name]))
    for _ in range(data.draw(st.integers(1, 4))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    reads_whole_or_not_at_all(bytes(raw))


@pytest.mark.parametrize("name", DOCUMENTS)
def test_cut_off_files(name: str) -> None:
    raw = encoded(DOCUMENTS[name])
    for end in range(0, len(raw), max(1, len(raw) // 40)):
        with pytest.raises(BadChart):
            read_chart(raw[:end])


@given(raw=st.binary(max_size=200))
def test_noise(raw: bytes) -> None:
    with pytest.raises(BadChart):
        read_chart(raw)
