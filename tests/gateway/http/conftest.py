"""One server for all HTTP tests; each test makes its own organizer's events on it."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from seatengine.shell.embedded import EmbeddedPostgres
from tests.gateway.http.site import Site, fresh_database, serving


@pytest.fixture(scope="session")
def site(
    postgres_server: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    url = fresh_database(postgres_server, "http_tests")
    with serving(url, tmp_path_factory.mktemp("site")) as running:
        yield running


@pytest.fixture
def organizer(site: Site) -> httpx.Client:
    return site.organizer()


@pytest.fixture
def viewer(site: Site) -> httpx.Client:
    return site.viewer()
