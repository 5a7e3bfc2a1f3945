"""E: a venue of 100,000 seats is small on the wire: its drawing once, its seats at every visit."""

from __future__ import annotations

import gzip

import numpy as np
import pytest

from gateway.live.chart_shelf import _shelved
from gateway.live.chart_view import chart_view, encode_chart_view
from gateway.live.fanout import LiveEvent
from seatengine.chart.chart import Chart
from seatengine.chart.generate import generate
from seatengine.chart.seat_table import SeatTable, build
from seatengine.core.policy import SalePolicy, Tariff
from seatengine.ids import Epoch, EventId

_SEATS = 100_000


@pytest.fixture(scope="module")
def stadium() -> tuple[Chart, SeatTable]:
    chart = generate("stadium", _SEATS)
    return chart, build(chart)


def live(table: SeatTable, statuses: bytes) -> LiveEvent:
    tariff = Tariff("EUR", tuple(c.price for c in table.categories))
    return LiveEvent(EventId("e"), Epoch(1), 7, table, statuses, SalePolicy(), [tariff], {})


def test_the_drawing_is_under_400_kb_and_made_once(stadium: tuple[Chart, SeatTable]) -> None:
    chart, table = stadium
    shelved = _shelved(chart, table.chart_hash)
    assert len(shelved.packed) < 400_000
    assert gzip.decompress(shelved.packed) == encode_chart_view(chart_view(chart, table))


@pytest.mark.parametrize("sold", [0.0, 0.5, 1.0])
def test_the_state_of_every_seat_is_under_30_kb(
    stadium: tuple[Chart, SeatTable], sold: float
) -> None:
    _, table = stadium
    statuses = (np.random.default_rng(5).random(table.size) < sold).astype(np.uint8) * 2
    event = live(table, statuses.tobytes())
    assert table.size >= _SEATS
    assert len(event.view()) < 30_000
    assert event.tiles is not None
    assert event.whole(event.tiles.all_mask) == event.view()


def test_far_out_it_is_less(stadium: tuple[Chart, SeatTable]) -> None:
    _, table = stadium
    event = live(table, bytes(table.size))
    assert 0 < len(event.zones_since(0, 0)) < 10_000
