"""Who may read /metrics: this machine, or who has the token."""

from __future__ import annotations

import pytest
from starlette.requests import Request

from gateway.http.problems import Problem
from gateway.http.routes_metrics import MetricsAccess

TOKEN = "a-token-of-16-or-more"


def asked_by(address: str | None, host: str = "localhost:8000", **headers: str) -> Request:
    return Request(
        {
            "type": "http",
            "method": "GET",
            "path": "/metrics",
            "client": None if address is None else (address, 50_000),
            "headers": [
                (name.replace("_", "-").encode(), value.encode("latin-1"))
                for name, value in {"host": host, **headers}.items()
            ],
        }
    )


def refusal(access: MetricsAccess, request: Request) -> str:
    """The problem's code, "" if the request may pass."""
    try:
        access.check(request)
    except Problem as problem:
        return problem.details.code
    return ""


@pytest.mark.parametrize("address", ["127.0.0.1", "127.8.8.8", "::1"])
def test_this_machine_may_read_without_a_token(address: str) -> None:
    assert refusal(MetricsAccess("", behind_proxy=False), asked_by(address)) == ""


@pytest.mark.parametrize(
    "address", ["192.0.2.1", "10.0.0.1", "2001:db8::1", "", "testclient", None]
)
def test_others_may_not(address: str | None) -> None:
    assert refusal(MetricsAccess("", behind_proxy=False), asked_by(address)) == "forbidden"


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:8000", "[::1]:8000"])
def test_it_may_call_itself_by_its_names(host: str) -> None:
    assert refusal(MetricsAccess("", behind_proxy=False), asked_by("127.0.0.1", host)) == ""


@pytest.mark.parametrize(
    "host",
    ["rebound.example:8000", "tickets.example.org", "192.0.2.1", "", "[", "localhost.example"],
)
def test_who_asks_for_another_name_is_not_from_here(host: str) -> None:
    access = MetricsAccess("", behind_proxy=False)
    assert refusal(access, asked_by("127.0.0.1", host)) == "forbidden"


def test_behind_a_proxy_this_machine_proves_nothing() -> None:
    assert refusal(MetricsAccess("", behind_proxy=True), asked_by("127.0.0.1")) == "forbidden"


@pytest.mark.parametrize("behind_proxy", [False, True])
@pytest.mark.parametrize("address", ["127.0.0.1", "192.0.2.1"])
def test_with_a_token_only_the_token_counts(address: str, behind_proxy: bool) -> None:
    access = MetricsAccess(TOKEN, behind_proxy=behind_proxy)
    assert refusal(access, asked_by(address, authorization=f"Bearer {TOKEN}")) == ""
    assert refusal(access, asked_by(address)) == "unauthorized"


@pytest.mark.parametrize(
    "said", [TOKEN, f"Basic {TOKEN}", f"Bearer {TOKEN}x", f"Bearer {TOKEN[:-1]}", "Bearer ", "\xff"]
)
def test_another_token_is_no_token(said: str) -> None:
    access = MetricsAccess(TOKEN, behind_proxy=False)
    assert refusal(access, asked_by("127.0.0.1", authorization=said)) == "unauthorized"
