"""JSON decoding: whatever is wrong comes out as BadChart with the exact place."""

from __future__ import annotations

import msgspec
import pytest

from seatengine.chart.importers.decode import decode_json
from seatengine.errors import BadChart


class Leaf(msgspec.Struct):
    x: float
    name: str = ""


class Branch(msgspec.Struct):
    leaves: list[Leaf] = []
    twigs: list[list[Leaf]] = []


class Tree(msgspec.Struct):
    branches: list[Branch]


@pytest.mark.parametrize(
    ("data", "place", "reason"),
    [
        (b"", "$", "empty"),
        (b"  \n", "$", "empty"),
        (b"{", "$", "not JSON"),
        (b'{"branches": [}', "$", "not JSON"),
        (b'{"branches": [{"leaves": [{"x": NaN}]}]}', "$", "not JSON"),
        (b'{"branches": [{"leaves": [{"x": 1, "name": "\xff"}]}]}', "$", "UTF-8"),
        (b'{"q": ' + b"[" * 9_000 + b"]" * 9_000 + b"}", "$", "too deeply"),
        (b"[]", "$", "object"),
        (b"{}", "$", "branches"),
        (b'{"branches": null}', "$.branches", "null"),
        (b'{"branches": [{}, 7]}', "$.branches[1]", "int"),
        (
            b'{"branches": [{"leaves": [{"x": 1}]}, {"leaves": [{"x": 1}, {"x": 2}, {"x": "3"}]}]}',
            "$.branches[1].leaves[2].x",
            "str",
        ),
        (b'{"branches": [{}, {}, {"leaves": [{"x": 1}, {}]}]}', "$.branches[2].leaves[1]", "`x`"),
        (b'{"branches": [{"leaves": [{"x": 1e999}]}]}', "$.branches[0].leaves[0].x", "range"),
        (
            b'{"branches": [{"twigs": [[], [{"x": 1}, {"x": []}]]}]}',
            "$.branches[0].twigs[1][1].x",
            "array",
        ),
    ],
)
def test_the_place_and_the_reason_are_named(data: bytes, place: str, reason: str) -> None:
    with pytest.raises(BadChart) as caught:
        decode_json(data, Tree)
    assert caught.value.place == place
    assert reason in caught.value.reason


def test_the_first_of_several_culprits_is_named() -> None:
    leaves = [{"x": n} for n in range(1_000)]
    leaves[371] = {"x": None}  # type: ignore[dict-item]
    leaves[372] = {"x": None}  # type: ignore[dict-item]
    data = msgspec.json.encode({"branches": [{"leaves": leaves}]})
    with pytest.raises(BadChart) as caught:
        decode_json(data, Tree)
    assert caught.value.place == "$.branches[0].leaves[371].x"


def test_a_byte_order_mark_is_no_fault() -> None:
    assert decode_json(b'\xef\xbb\xbf{"branches": []}', Tree) == Tree([])


def test_a_file_beyond_all_bounds_is_not_even_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("seatengine.chart.importers.decode.MAX_CHART_FILE_BYTES", 10)
    with pytest.raises(BadChart, match="10 are allowed"):
        decode_json(b'{"branches": []}', Tree)
