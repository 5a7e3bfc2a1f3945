"""Stores to run a suite on: a test that asks for `open_store` runs in memory and on Postgres."""

from __future__ import annotations

import pytest

from tests.shell.stores import OpenStore, memory_store, postgres_store

pytest.register_assert_rewrite("tests.shell.siege")


@pytest.fixture(params=["memory", "postgres"])
def open_store(request: pytest.FixtureRequest) -> OpenStore:
    if request.param == "memory":
        return memory_store
    url: str = request.getfixturevalue("postgres_url")
    return lambda: postgres_store(url)
