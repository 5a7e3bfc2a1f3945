from __future__ import annotations

import csv
import io
import time

import httpx
import pytest

from tests import venues
from tests.gateway.http.site import Site, code, put_on_sale
from tests.gateway.http.test_bookings import book
from tests.gateway.http.test_holds import hold

_PATIENCE_S = 10.0


def caught_up(organizer: httpx.Client, event: str, by: str) -> dict[str, object]:
    """The report, once it stands where the sale stands."""
    seq = organizer.get(f"/api/v1/events/{event}/state").json()["seq"]
    until_s = time.monotonic() + _PATIENCE_S
    while True:
        answer = organizer.get(f"/api/v1/events/{event}/reports/{by}")
        assert answer.status_code == 200, answer.text
        report: dict[str, object] = answer.json()
        if report["seq"] == seq:
            return report
        assert time.monotonic() < until_s, f"the report stays at {report['seq']} of {seq}"


@pytest.fixture
def event(organizer: httpx.Client, viewer: httpx.Client) -> str:
    """One place held, two gold ones booked before their price rose, one blocked."""
    made = put_on_sale(organizer)
    book(viewer, made, "Stalls-A-1", "Stalls-A-2")
    organizer.patch(f"/api/v1/events/{made}", json={"prices": {"gold": 99_000}})
    hold(viewer, made, "Balcony-C-4")
    organizer.post(f"/api/v1/events/{made}/blocks", json={"places": [venues.BOOTH_PLACE]})
    return made


def rows(report: dict[str, object]) -> dict[str, dict[str, object]]:
    listed = report["rows"]
    assert isinstance(listed, list)
    return {row["key"]: row for row in listed}


def test_by_category(organizer: httpx.Client, event: str) -> None:
    report = caught_up(organizer, event, "category")
    assert (report["by"], report["currency"]) == ("category", "EUR")
    by_key = rows(report)
    assert by_key["gold"] == {
        "key": "gold",
        "label": "Gold",
        "free": 18,
        "held": 0,
        "booked": 2,
        "blocked": 0,
        "total": 20,
        "sold": 18_000,
    }
    assert (by_key["silver"]["held"], by_key["silver"]["blocked"]) == (1, 1)


def test_by_section_and_status_add_up(organizer: httpx.Client, event: str) -> None:
    total = venues.POCKET_SIZE - 3
    sections = rows(caught_up(organizer, event, "section"))
    assert set(sections) == {"Stalls", "Balcony", ""}
    assert (sections["Stalls"]["booked"], sections["Stalls"]["sold"]) == (2, 18_000)
    assert sum(int(str(r["total"])) for r in sections.values()) == total
    statuses = rows(caught_up(organizer, event, "status"))
    assert {k: r["total"] for k, r in statuses.items()} == {
        "free": total - 4,
        "held": 1,
        "booked": 2,
        "blocked": 1,
    }


def test_a_cancelled_place_is_no_longer_sold(
    organizer: httpx.Client, viewer: httpx.Client, event: str
) -> None:
    reference = book(viewer, event, "Stalls-B-1")["booking"]
    path = f"/api/v1/events/{event}/bookings/{reference}"
    assert rows(caught_up(organizer, event, "category"))["gold"]["sold"] == 18_000 + 99_000
    assert organizer.delete(path).status_code == 200
    assert rows(caught_up(organizer, event, "category"))["gold"]["sold"] == 18_000


def test_csv_for_spreadsheets(organizer: httpx.Client, event: str) -> None:
    caught_up(organizer, event, "category")
    path = f"/api/v1/events/{event}/reports/category"
    by_query = organizer.get(path, params={"format": "csv"})
    by_accept = organizer.get(path, headers={"Accept": "text/csv"})
    assert by_query.content == by_accept.content
    assert by_query.headers["content-type"] == "text/csv; charset=utf-8"
    assert by_query.headers["content-disposition"].endswith('-category.csv"')
    lines = list(csv.DictReader(io.StringIO(by_query.text)))
    assert [line["key"] for line in lines] == ["gold", "silver", "standing"]
    assert lines[0]["sold"] == "18000"
    both = organizer.get(path, params={"format": "json"}, headers={"Accept": "text/csv"})
    assert both.headers["content-type"] == "application/json"


def test_the_list_at_the_door(
    site: Site, organizer: httpx.Client, viewer: httpx.Client, event: str
) -> None:
    second = book(site.viewer(), event, "Stalls-B-1")
    cancelled = book(viewer, event, "Stalls-B-2")
    path = f"/api/v1/events/{event}/bookings"
    organizer.delete(f"{path}/{cancelled['booking']}")
    organizer.post(path, json={"from": "places", "places": ["Stalls-B-3"]})
    caught_up(organizer, event, "status")
    listed = organizer.get(path).json()
    assert listed["next"] is None
    assert [(b["name"], b["places"], b["total"]) for b in listed["bookings"]] == [
        ("Ada Lovelace", ["Stalls-A-1", "Stalls-A-2"], 18_000),
        ("Ada Lovelace", ["Stalls-B-1"], 99_000),
        ("", ["Stalls-B-3"], 99_000),
    ]
    assert listed["bookings"][1]["booking"] == second["booking"]
    first = organizer.get(path, params={"limit": 2}).json()
    rest = organizer.get(path, params={"limit": 2, "after": first["next"]}).json()
    assert first["bookings"] + rest["bookings"] == listed["bookings"]
    sheet = organizer.get(path, params={"format": "csv", "limit": 2})
    lines = list(csv.DictReader(io.StringIO(sheet.text)))
    assert lines[0]["places"] == "Stalls-A-1, Stalls-A-2"
    assert f"after={first['next']}" in sheet.headers["link"]
    assert code(viewer.get(path)) == "forbidden"
    assert code(site.organizer("rivals").get(path)) == "forbidden"


def test_reports_are_the_organizers(site: Site, viewer: httpx.Client, event: str) -> None:
    path = f"/api/v1/events/{event}/reports/status"
    assert code(viewer.get(path)) == "forbidden"
    assert code(site.client().get(path)) == "unauthorized"
    assert code(site.organizer("rivals").get(path)) == "forbidden"


def test_an_unknown_report(organizer: httpx.Client, event: str) -> None:
    answer = organizer.get(f"/api/v1/events/{event}/reports/weather")
    assert (answer.status_code, code(answer)) == (404, "not-found")
    answer = organizer.get(f"/api/v1/events/{event}/reports/status?format=xls")
    assert (answer.status_code, code(answer)) == (400, "bad-request")
