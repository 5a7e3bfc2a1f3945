"""The bounds of what an organizer may set (L4)."""

from __future__ import annotations

import msgspec
import pytest

from seatengine import limits
from seatengine.core.policy import SalePolicy, Tariff, policy_problem, tariff_problem

BOUNDS = {
    "hold_ttl_ms": (limits.MIN_HOLD_TTL_MS, limits.MAX_HOLD_TTL_MS),
    "max_per_hold": (1, limits.CEILING_PER_HOLD),
    "max_per_holder": (1, limits.CEILING_PER_HOLDER),
    "max_holds_per_holder": (1, limits.CEILING_HOLDS_PER_HOLDER),
    "max_extensions": (0, limits.CEILING_EXTENSIONS),
}


def with_value(name: str, value: int) -> SalePolicy:
    return msgspec.structs.replace(SalePolicy(), **{name: value})


def test_l4_the_defaults_are_in_range() -> None:
    assert policy_problem(SalePolicy()) == ""


def test_l4_every_number_has_bounds() -> None:
    assert set(BOUNDS) | {"on_sale"} == set(SalePolicy.__struct_fields__)


@pytest.mark.parametrize("name", BOUNDS)
def test_l4_a_number_may_reach_its_bounds_and_no_further(name: str) -> None:
    low, high = BOUNDS[name]
    assert policy_problem(with_value(name, low)) == ""
    assert policy_problem(with_value(name, high)) == ""
    assert name in policy_problem(with_value(name, low - 1))
    assert name in policy_problem(with_value(name, high + 1))


@pytest.mark.parametrize(
    ("prices", "problem"),
    [((0, 5), ""), ((5,), "2 prices, not 1"), ((1, 2, 3), "not 3"), ((1, -1), "below zero")],
)
def test_m3_a_tariff_has_one_price_for_each_category(prices: tuple[int, ...], problem: str) -> None:
    assert problem in tariff_problem(Tariff("EUR", prices), 2)
    assert bool(tariff_problem(Tariff("EUR", prices), 2)) == bool(problem)
