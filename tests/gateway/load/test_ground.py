"""Screens stay over the venue, and runs of seats are neighbours."""

from __future__ import annotations

from random import Random

from gateway.live.chart_view import chart_view
from gateway.load.ground import Ground
from seatengine.chart.generate import generate
from seatengine.chart.seat_table import build

CHART = generate("stadium", 3_000)
GROUND = Ground(chart_view(CHART, build(CHART)))


def test_a_screen_always_shows_some_of_the_venue() -> None:
    random = Random(3)
    screen = GROUND.screen(random)
    for _ in range(300):
        GROUND.move(screen, random)
        look = screen.look()
        assert 10 < look.zoom * GROUND.spacing < 25
        inside = (GROUND.x > look.x0) & (GROUND.x < look.x1)
        assert (inside & (GROUND.y > look.y0) & (GROUND.y < look.y1)).any()


def test_a_run_ends_at_a_busy_seat_and_at_the_end_of_a_row() -> None:
    nobody = bytes(GROUND.size)
    place = GROUND.best[0]
    busy = bytearray(GROUND.size)
    run = GROUND.run(place, 6, nobody)
    assert run == list(range(place, place + len(run)))
    assert len(run) == 6 or not GROUND.link[run[-1]]
    if len(run) > 1:
        busy[run[1]] = 1
        assert GROUND.run(place, 6, busy) == run[:1]
    busy[place] = 1
    assert GROUND.run(place, 6, busy) == []


def test_the_best_seats_come_first_and_are_all_seats() -> None:
    assert sorted(GROUND.best) == GROUND.seats
