"""Bots look as people do: at everything first, then at a part; and they pick only what they see."""

from __future__ import annotations

from functools import cache
from random import Random

import numpy as np
import pytest

from gateway.demo.venue_map import VenueMap, read_map
from gateway.demo.viewing import SCREENS, Viewing
from gateway.live.chart_view import chart_view, encode_chart_view
from gateway.live.fanout import LiveEvent
from gateway.live.sight import Sight
from gateway.live.watching import Watch
from gateway.live.wire import Hello, Look, decode_server_message
from seatengine.chart.generate import generate
from seatengine.chart.seat_table import SeatTable, build
from seatengine.core.policy import SalePolicy, Tariff
from seatengine.core.seating import BOOKED, FREE
from seatengine.ids import Epoch, EventId

PARTY = 2
ANYTHING = 0


@cache
def stadium() -> tuple[VenueMap, SeatTable]:
    chart = generate("stadium", 30_000)
    table = build(chart)
    return read_map(encode_chart_view(chart_view(chart, table))), table


class Server:
    """The server's half of one viewer's watch, without a socket."""

    def __init__(self, table: SeatTable, statuses: bytes) -> None:
        tariff = Tariff("EUR", (1,) * len(table.categories))
        self._live = LiveEvent(
            EventId("ev"), Epoch(1), 1, table, statuses, SalePolicy(), [tariff], {}
        )
        self._watch = Watch()

    def greet(self, sight: Sight, look: Look) -> None:
        self._watch.look = look
        self._say(self._watch.begin(self._live, Hello(2, "", "ev")), sight)

    def show(self, sight: Sight, look: Look) -> None:
        self._say(self._watch.turn(self._live, look), sight)

    def _say(self, frames: bytes, sight: Sight) -> None:
        at = 0
        while at < len(frames):
            length, start = frames[at + 1], at + 2
            if length >= 126:
                start += 2 if length == 126 else 8
                length = int.from_bytes(frames[at + 2 : start], "big")
            at = start + length
            assert sight.take(decode_server_message(frames[start:at]))


def visit(seed: int, statuses: bytes = b"") -> tuple[Viewing, Sight, Server]:
    """Someone who has just come, and looks at the whole stadium."""
    venue, table = stadium()
    sight = Sight(venue.tiles, venue.size)
    server = Server(table, statuses or bytes(venue.size))
    viewing = Viewing(venue, Random(seed))
    server.greet(sight, viewing.look)
    return viewing, sight, server


def test_from_far_out_a_bot_sees_zones_and_no_seat() -> None:
    viewing, sight, _ = visit(1)
    assert viewing.seat_px < 3
    assert sight.zones
    assert len(viewing.seen(sight)) == 0


@pytest.mark.parametrize("seed", range(12))
def test_near_by_it_sees_free_seats_of_one_part_and_picks_among_them(seed: int) -> None:
    venue, _ = stadium()
    viewing, sight, server = visit(seed)
    server.show(sight, viewing.go_near(sight, PARTY, ANYTHING))
    seen = viewing.seen(sight)
    assert 0 < len(seen) < venue.size / 4
    assert (np.diff(seen) > 0).all()
    assert set(sight.statuses[seen].tolist()) == {FREE}
    for _ in range(20):
        picked = venue.pick(sight.statuses, PARTY, ANYTHING, Random(seed), seen)
        assert picked
        assert set(picked) <= set(seen.tolist())


def test_moving_shows_another_part_and_never_leaves_the_venue() -> None:
    venue, _ = stadium()
    viewing, sight, server = visit(3)
    server.show(sight, viewing.go_near(sight, PARTY, ANYTHING))
    zoom, looks = viewing.look.zoom, set()
    for _ in range(60):
        server.show(sight, viewing.move())
        look = viewing.look
        looks.add((look.x0, look.y0, *look.sections))
        if not look.sections:
            assert look.zoom == zoom
            assert venue.box.x0 <= (look.x0 + look.x1) / 2 <= venue.box.x1
            assert venue.box.y0 <= (look.y0 + look.y1) / 2 <= venue.box.y1
    assert len(looks) > 20
    server.show(sight, viewing.step_back())
    assert viewing.look == viewing.whole()
    assert len(viewing.seen(sight)) == 0


def test_who_reads_a_list_sees_one_section_whole() -> None:
    venue, _ = stadium()
    lists = 0
    for seed in range(60):
        viewing, sight, server = visit(seed)
        server.show(sight, viewing.go_near(sight, PARTY, ANYTHING))
        if viewing.look.sections:
            lists += 1
            (section,) = viewing.look.sections
            assert viewing.seen(sight).tolist() == venue.places_in_zone(section).tolist()
            server.show(sight, viewing.move())
            (section,) = viewing.look.sections
            assert viewing.seen(sight).tolist() == venue.places_in_zone(section).tolist()
    assert lists


def test_parties_go_where_seats_are_left() -> None:
    venue, _ = stadium()
    open_zone = int(np.argmax(venue.zone_places * (venue.zone_appeal > 0)))
    statuses = np.full(venue.size, BOOKED, np.uint8)
    statuses[venue.places_in_zone(open_zone)] = FREE
    for seed in range(10):
        viewing, sight, server = visit(seed, statuses.tobytes())
        server.show(sight, viewing.go_near(sight, PARTY, ANYTHING))
        seen = viewing.seen(sight)
        picked = venue.pick(sight.statuses, PARTY, ANYTHING, Random(seed), seen)
        assert picked
        assert set(venue.zone[picked].tolist()) == {open_zone}


def test_screens_are_of_people() -> None:
    venue, _ = stadium()
    shown = {Viewing(venue, Random(seed)).look.zoom for seed in range(60)}
    assert len(shown) == len(SCREENS)
