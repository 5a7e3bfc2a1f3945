"""Bots pick seats as people do: free, side by side, and good ones more often."""

from __future__ import annotations

from random import Random

import numpy as np

from gateway.demo.venue_map import VenueMap, read_map
from gateway.live.chart_view import chart_view, encode_chart_view
from seatengine.chart.generate import generate
from seatengine.chart.seat_table import build
from seatengine.chart.tiles import Box
from tests import venues


def _map_of_pocket() -> VenueMap:
    chart = venues.pocket_chart()
    return read_map(encode_chart_view(chart_view(chart, build(chart))))


def test_what_is_sold_by_the_seat_whole_and_by_number_is_told_apart() -> None:
    venue = _map_of_pocket()
    by_seat = [*venues.A, *venues.B, *venues.C, *venues.D, *venues.SHARED_SEATS]
    assert np.flatnonzero(venue.appeal).tolist() == by_seat
    assert [group for group, _ in venue.areas] == [venues.FLOOR]
    assert all(venue.tiles.counted[tile] for _, tile in venue.areas)
    assert [group for group, _ in venue.wholes] == [venues.ROUND, venues.LOUNGE]


def test_a_table_is_picked_while_one_is_free() -> None:
    venue, random = _map_of_pocket(), Random(1)
    statuses = np.zeros(venue.size, np.uint8)
    assert {venue.pick_whole(statuses, random) for _ in range(30)} == {venues.ROUND, venues.LOUNGE}
    statuses[list(venues.ROUND_SEATS)] = 1
    assert venue.pick_whole(statuses, random) == venues.LOUNGE
    statuses[list(venues.LOUNGE_PLACES)] = 2
    assert venue.pick_whole(statuses, random) is None


def test_a_party_sits_together_on_free_seats() -> None:
    venue, random = _map_of_pocket(), Random(1)
    statuses = np.zeros(venue.size, np.uint8)
    statuses[[10, 18]] = (1, 2)
    for _ in range(300):
        party = random.randint(1, 4)
        places = venue.pick(statuses, party, random.randrange(3), random)
        assert 1 <= len(places) <= party
        assert not statuses[places].any()
        assert all(venue.neighbours[place] for place in places[:-1])
        assert places == list(range(places[0], places[-1] + 1))


def test_a_full_house_has_nothing_to_pick() -> None:
    venue = _map_of_pocket()
    assert venue.pick(np.full(venue.size, 2, np.uint8), 2, 0, Random(1)) == []


def test_good_seats_go_first() -> None:
    chart = generate("theatre", 900)
    venue = read_map(encode_chart_view(chart_view(chart, build(chart))))
    statuses, random = np.zeros(venue.size, np.uint8), Random(2)
    picked = [p for _ in range(400) for p in venue.pick(statuses, 2, -1, random)]
    assert venue.appeal[picked].mean() > 1.5 * venue.appeal[venue.appeal > 0].mean()


def test_zones_are_sections_and_one_more() -> None:
    venue = _map_of_pocket()
    assert venue.zones == 3
    assert venue.places_in_zone(venues.BALCONY).tolist() == [*venues.C, *venues.D]
    assert venue.zone_has[venues.BALCONY].tolist() == [False, True, False]
    assert sum(len(venue.places_in_zone(zone)) for zone in range(venue.zones)) == venue.size


def test_what_is_seen_is_what_the_tiles_hold_without_areas() -> None:
    venue = _map_of_pocket()
    everything = venue.places_seen((1 << venue.tiles.count) - 1)
    areas = {*venues.FLOOR_PLACES, 44, 45, *venues.LOUNGE_PLACES, venues.GONE}
    assert set(everything.tolist()) == set(range(venue.size)) - areas
    assert venue.places_seen(0).tolist() == []
    box = Box(0.0, 55.0, 25.0, 75.0)
    assert venue.inside(everything, box).tolist() == [16, 17, 18, 22, 23, 24]


def test_only_what_is_seen_is_picked() -> None:
    venue, random = _map_of_pocket(), Random(4)
    statuses = np.zeros(venue.size, np.uint8)
    among = np.array([1, 2, 9, 23, 24], np.int32)
    picked = {tuple(venue.pick(statuses, 3, 0, random, among)) for _ in range(100)}
    assert picked <= {(1, 2), (9,), (23, 24)}
    assert len(picked) > 1
    floor_only = sum(1 << tile for _, tile in venue.areas)
    assert venue.pick_whole(statuses, random, floor_only) is None
