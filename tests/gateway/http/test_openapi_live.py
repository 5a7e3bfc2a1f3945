"""The live server against its own OpenAPI document, with requests that schemathesis makes up."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from gateway.http.openapi import OPENAPI_PATH
from tests.gateway.http.site import Site, import_pocket, put_on_sale
from tests.gateway.http.test_bookings import book
from tests.gateway.http.test_holds import hold

Case = schemathesis.Case[Any]
Operation = schemathesis.APIOperation[Any, Any, Any, Any]

_CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
_EXAMPLES = 15


class Known:
    """Things that exist, so that made-up requests get beyond the first check."""

    def __init__(self, site: Site) -> None:
        organizer, viewer = site.organizer("schema"), site.viewer()
        chart_id = import_pocket(organizer)
        event_id = put_on_sale(organizer, chart_id=chart_id)
        self.authorization = organizer.headers["authorization"]
        self.parameters = {
            "event_id": event_id,
            "chart_id": chart_id,
            "chart_hash": organizer.get(f"/api/v1/charts/{chart_id}").json()["hash"],
            "booking": book(viewer, event_id, "Stalls-B-8")["booking"],
            "hold": hold(organizer, event_id, "Stalls-B-1")["hold"],
        }


@pytest.fixture(scope="module")
def operations(site: Site) -> list[Operation]:
    schema = schemathesis.openapi.from_url(f"{site.url}{OPENAPI_PATH}")
    found = [made.ok() for made in schema.get_all_operations() if isinstance(made, Ok)]
    assert len(found) > 20
    return found


@pytest.fixture(scope="module")
def known(site: Site) -> Known:
    return Known(site)


def make_up(operation: Operation, send: Callable[[Case], object]) -> None:
    """Run `send` with cases of the operation: most as the document wants them, some not."""
    wanted = operation.as_strategy(generation_mode=GenerationMode.POSITIVE)
    unwanted = operation.as_strategy(generation_mode=GenerationMode.NEGATIVE)

    @settings(
        max_examples=_EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=wanted | unwanted)
    def run(case: Case) -> None:
        send(case)

    run()


def test_strangers_make_things_up(operations: list[Operation], subtests: pytest.Subtests) -> None:
    for operation in operations:
        with subtests.test(operation.label):
            make_up(operation, lambda case: case.call_and_validate(checks=_CHECKS))


def test_the_organizer_makes_things_up(
    operations: list[Operation], known: Known, subtests: pytest.Subtests
) -> None:
    def send(case: Case) -> None:
        for name in case.path_parameters or {}:
            case.path_parameters[name] = known.parameters.get(name, case.path_parameters[name])
        case.call_and_validate(checks=_CHECKS, headers={"Authorization": known.authorization})

    for operation in operations:
        with subtests.test(operation.label):
            make_up(operation, send)
