"""Seat Engine's own files, and how the formats are told apart."""

from __future__ import annotations

import msgspec
import pytest

from seatengine.chart.exporters import write_chart
from seatengine.chart.generate import generate
from seatengine.chart.importers import read_chart
from seatengine.errors import BadChart
from tests.chart.files import Json, encoded
from tests.venues import pocket_chart


def native() -> Json:
    data, _ = write_chart(pocket_chart(), "native")
    document: Json = msgspec.json.decode(data)
    return document


def test_everything_a_chart_holds_comes_back() -> None:
    imported = read_chart(encoded(native()))
    assert imported.chart == pocket_chart()
    assert imported.format == "native"
    assert imported.report == ()


@pytest.mark.parametrize(
    ("change", "place", "reason"),
    [
        ({"format": "seatengine-charts"}, "$.format", "enum"),
        ({"version": 2}, "$.version", "enum"),
        ({"chart": None}, "$.chart", "null"),
    ],
)
def test_another_envelope_is_refused(change: Json, place: str, reason: str) -> None:
    with pytest.raises(BadChart, match=reason) as caught:
        read_chart(encoded({**native(), **change}))
    assert caught.value.place == place


def test_a_chart_that_could_not_be_sold_is_refused() -> None:
    document = native()
    document["chart"]["rows"][0]["seats"][1]["index"] = 0
    with pytest.raises(BadChart, match="index 0 is also"):
        read_chart(encoded(document))
    document = native()
    document["chart"]["rows"][0]["seats"][1]["category"] = "nope"
    with pytest.raises(BadChart, match="nope"):
        read_chart(encoded(document))


def test_wrong_types_deep_inside_are_found() -> None:
    document = native()
    document["chart"]["rows"][1]["seats"][2]["x"] = "far"
    with pytest.raises(BadChart) as caught:
        read_chart(encoded(document))
    assert caught.value.place == "$.chart.rows[1].seats[2].x"


@pytest.mark.parametrize("data", [b"{}", b'{"name": "x"}', b'{"zones": []}'])
def test_other_json_is_no_chart_file(data: bytes) -> None:
    with pytest.raises(BadChart, match="no chart file"):
        read_chart(data)


def test_a_large_venue_comes_in_whole() -> None:
    chart = generate("stadium", 12_000)
    data, _ = write_chart(chart, "native")
    assert read_chart(data).chart == chart
