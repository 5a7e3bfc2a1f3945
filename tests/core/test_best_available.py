"""Best available against brute force, on halls of all shapes (B1 to B6 in SPEC.md)."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seatengine.chart.seat_table import SeatTable, build
from seatengine.core import commands
from seatengine.core.commands import HoldBest
from seatengine.core.outputs import BestStep, Code
from seatengine.core.policy import SalePolicy
from tests import venues
from tests.core.audited import Audited, accepted, on_sale, refused

ROOMY = SalePolicy(max_per_hold=200, max_per_holder=1_000, max_holds_per_holder=100)


def hall(rows: int, width: int, *accessible: int) -> SeatTable:
    return build(venues.hall_chart(rows, width, accessible=accessible))


def with_sold(table: SeatTable, sold: list[int]) -> Audited:
    event = on_sale(table, ROOMY)
    if sold:
        accepted(event.staff(commands.BlockSeats, places=sold, reason="sold"))
    return event


def best(event: Audited, **fields: object) -> tuple[list[int], int]:
    entry = accepted(event.anna(HoldBest, **fields))
    return getattr(entry, "places", []), getattr(entry, "step", 0)


@dataclass(frozen=True)
class Scene:
    rows: int
    width: int
    accessible: tuple[int, ...]
    sold: tuple[int, ...]
    wish: dict[str, object]


@st.composite
def scenes(draw: st.DrawFn) -> Scene:
    rows, width = draw(st.integers(1, 5)), draw(st.integers(1, 9))
    places = st.integers(0, rows * width - 1)
    quantity = draw(st.integers(1, 7))
    density = draw(st.integers(0, rows * width))
    return Scene(
        rows,
        width,
        tuple(sorted(draw(st.sets(places, max_size=4)))),
        tuple(sorted(draw(st.sets(places, max_size=density)))),
        {
            "quantity": quantity,
            "categories": draw(st.sampled_from(([], [0], [1], [0, 1]))),
            "sections": draw(st.sampled_from(([], [], [0], [1]))),
            "accessible": min(quantity, draw(st.sampled_from((0, 0, 1, 2, 3)))),
            "max_price": draw(st.sampled_from((0, 0, 500, 1_000, 2_000))),
            "worst_step": draw(st.integers(1, 4)),
        },
    )


@settings(max_examples=400, deadline=None, derandomize=True)
@given(scenes())
def test_b1_b2_b3_b4_b5_b6_every_answer_is_what_brute_force_finds(scene: Scene) -> None:
    event = with_sold(hall(scene.rows, scene.width, *scene.accessible), list(scene.sold))
    event.anna(HoldBest, **scene.wish)


def test_b4_two_go_to_the_middle_of_the_front_row() -> None:
    assert best(with_sold(hall(4, 8), []), quantity=2) == ([3, 4], BestStep.TOGETHER)


def test_b3_a_single_seat_is_not_stranded_where_that_can_be_avoided() -> None:
    # Two of five: seats 1-2 would strand seat 0 and 2-3 seat 4, though they are nearer the middle.
    assert best(with_sold(hall(1, 5), []), quantity=2) == ([3, 4], BestStep.TOGETHER)


def test_b3_it_is_stranded_where_nothing_else_is_left() -> None:
    event = with_sold(hall(1, 3), [])
    assert best(event, quantity=2) == ([1, 2], BestStep.TOGETHER_LEAVES_ONE)


def test_b6_who_does_not_want_to_strand_anyone_is_refused() -> None:
    event = with_sold(hall(1, 3), [])
    code, _ = refused(event.anna(HoldBest, quantity=2, worst_step=BestStep.TOGETHER))
    assert code == Code.NOT_ENOUGH_TOGETHER


def test_b6_a_split_party_is_told_how_far_apart_it_sits() -> None:
    near = with_sold(hall(4, 2), [])
    assert best(near, quantity=4) == ([0, 1, 2, 3], BestStep.NEARBY)
    apart = with_sold(hall(2, 3), [1, 4])
    assert best(apart, quantity=4) == ([0, 2, 3, 5], BestStep.SCATTERED)


def test_b5_accessible_seats_far_apart_are_not_called_nearby() -> None:
    # The only two accessible seats stand in different sections.
    event = with_sold(hall(2, 4, 0, 7), [])
    places, step = best(event, quantity=2, accessible=2)
    assert (places, step) == ([0, 7], BestStep.SCATTERED)


def test_b5_the_last_accessible_seats_of_a_sold_out_house() -> None:
    event = with_sold(hall(2, 4, 0, 2), [1, 3, 4, 5, 6, 7])
    assert best(event, quantity=2, accessible=2)[0] == [0, 2]


def test_b5_accessible_and_companion_seats_are_kept_for_those_who_ask() -> None:
    event = with_sold(hall(1, 4, 1, 2), [])
    assert best(event, quantity=2)[0] == [0, 3]
    assert best(event, quantity=2, accessible=1)[0] == [1, 2]


@pytest.mark.parametrize("quantity", [1, 2, 3, 5, 8])
def test_b1_the_pocket_venue_sells_out_without_a_wrong_answer(quantity: int) -> None:
    event = on_sale(venues.pocket(), ROOMY)
    for _ in range(60):
        outcome = event.staff(HoldBest, quantity=quantity)
        if not hasattr(outcome, "entry"):
            assert refused(outcome)[0] == Code.NOT_ENOUGH_LEFT
            break
    else:
        pytest.fail("a venue of 45 places never sold out")
