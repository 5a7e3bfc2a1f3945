"""The Chart as plain data: canonical bytes, content address, iteration."""

from __future__ import annotations

import msgspec
import pytest

from seatengine.chart.chart import chart_hash, decode_chart, encode_chart, seats_of
from seatengine.chart.generate import generate
from tests.venues import pocket_chart


def test_canonical_bytes_give_the_chart_back() -> None:
    chart = pocket_chart()
    assert decode_chart(encode_chart(chart)) == chart


def test_equal_charts_have_equal_hashes_and_others_do_not() -> None:
    chart = pocket_chart()
    again = decode_chart(encode_chart(chart))
    assert chart_hash(again) == chart_hash(chart)
    assert chart_hash(msgspec.structs.replace(chart, name="Other")) != chart_hash(chart)
    assert len(chart_hash(chart)) == 32


def test_other_bytes_are_refused() -> None:
    with pytest.raises(msgspec.DecodeError):
        decode_chart(b"\x81\xa4name\x01")


def test_seats_of_walks_rows_and_then_tables() -> None:
    chart = generate("theatre", 400)
    seats = list(seats_of(chart))
    assert [s.index for s in seats] == list(range(len(seats)))
    assert len(seats) == chart.next_index
