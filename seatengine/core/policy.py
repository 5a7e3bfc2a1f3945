"""How an event sells: its limits and its prices. Plain values, journaled with the event."""

from __future__ import annotations

import msgspec

from seatengine import limits


class SalePolicy(msgspec.Struct, frozen=True):
    """Times in milliseconds. A whole table or area counts as one object in the limits per hold."""

    on_sale: bool = True
    hold_ttl_ms: int = limits.DEFAULT_HOLD_TTL_MS
    max_per_hold: int = limits.DEFAULT_MAX_PER_HOLD
    max_per_holder: int = limits.DEFAULT_MAX_PER_HOLDER
    max_holds_per_holder: int = limits.DEFAULT_MAX_HOLDS_PER_HOLDER
    max_extensions: int = limits.DEFAULT_MAX_EXTENSIONS


class Tariff(msgspec.Struct, frozen=True):
    """All-in prices by category index, in minor units of `currency` (ISO 4217)."""

    currency: str
    prices: tuple[int, ...]


def policy_problem(policy: SalePolicy) -> str:
    """What is out of range in `policy`, in words; empty when nothing is."""
    bounds = (
        ("hold_ttl_ms", policy.hold_ttl_ms, limits.MIN_HOLD_TTL_MS, limits.MAX_HOLD_TTL_MS),
        ("max_per_hold", policy.max_per_hold, 1, limits.CEILING_PER_HOLD),
        ("max_per_holder", policy.max_per_holder, 1, limits.CEILING_PER_HOLDER),
        (
            "max_holds_per_holder",
            policy.max_holds_per_holder,
            1,
            limits.CEILING_HOLDS_PER_HOLDER,
        ),
        ("max_extensions", policy.max_extensions, 0, limits.CEILING_EXTENSIONS),
    )
    for name, value, low, high in bounds:
        if not low <= value <= high:
            return f"{name} must be {low} to {high}, not {value}"
    return ""


def tariff_problem(tariff: Tariff, categories: int) -> str:
    """What is wrong with `tariff` for a chart of so many categories; empty when nothing is."""
    if len(tariff.prices) != categories:
        return f"a tariff needs {categories} prices, not {len(tariff.prices)}"
    if min(tariff.prices, default=0) < 0:
        return "a price is below zero"
    return ""
