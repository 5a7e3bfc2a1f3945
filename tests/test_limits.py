"""Bounds fit each other, and each of them is kept by somebody."""

from __future__ import annotations

import re
from pathlib import Path

from seatengine import limits
from seatengine.core.policy import SalePolicy, policy_problem

ROOT = Path(__file__).parents[1]


def test_every_bound_is_kept_somewhere() -> None:
    names = {name for name in vars(limits) if name.isupper()}
    words = {
        word
        for package in ("seatengine", "gateway")
        for path in (ROOT / package).rglob("*.py")
        if path.name != "limits.py"
        for word in re.findall(r"\b[A-Z][A-Z0-9_]+\b", path.read_text())
    }
    assert names - words == set()


def test_every_bound_is_positive() -> None:
    assert all(value > 0 for name, value in vars(limits).items() if name.isupper())


def test_defaults_are_within_their_ceilings() -> None:
    assert policy_problem(SalePolicy()) == ""
    assert limits.MESSAGES_PER_SECOND <= limits.CEILING_MESSAGES_PER_SECOND
    assert limits.HTTP_REQUESTS_PER_SECOND <= limits.CEILING_HTTP_REQUESTS_PER_SECOND


def test_ranges_have_a_lower_end_below_the_upper() -> None:
    assert limits.MIN_HOLD_TTL_MS < limits.MAX_HOLD_TTL_MS < limits.MAX_STAFF_HOLD_TTL_MS
    assert limits.STORE_RETRY_MIN_MS < limits.STORE_RETRY_MAX_MS
    assert limits.TICK_MIN_MS <= limits.TICK_MAX_MS


def test_a_search_and_a_hold_fit_into_one_command() -> None:
    assert limits.MAX_BEST_QUANTITY <= limits.MAX_PLACES_PER_COMMAND
    assert limits.CEILING_PER_HOLD <= limits.MAX_PLACES_PER_COMMAND


def test_a_commit_gives_up_before_those_who_wait_for_it_do() -> None:
    assert limits.APPEND_TIMEOUT_MS < limits.COMMAND_WAIT_MS


def test_the_view_of_the_largest_venue_fits_into_a_message() -> None:
    assert limits.MAX_PLACES // 4 < limits.MAX_OUTBOX_BYTES
    assert 5 * limits.MAX_PLACES < limits.MAX_SERVER_MESSAGE_BYTES


def test_an_id_holds_a_holder_and_an_idempotency_key() -> None:
    viewer = len("v_") + 22
    assert viewer + len("/") + limits.MAX_IDEMPOTENCY_KEY_CHARS <= limits.MAX_ID_CHARS
