from __future__ import annotations

from datetime import UTC, datetime, timedelta

import httpx
import pytest

from seatengine import limits
from seatengine.chart.chart import chart_hash
from tests import venues
from tests.gateway.http.site import Site, code, import_pocket, put_on_sale
from tests.gateway.http.test_holds import hold, seats

STARTS_AT = "2031-05-06T19:30:00Z"


def test_an_event_with_its_prices_and_rules(site: Site, organizer: httpx.Client) -> None:
    chart_id = import_pocket(organizer)
    body = {
        "name": "Opening night",
        "venue": "The Pocket",
        "starts_at": "2031-05-06T21:30:00+02:00",
        "chart_id": chart_id,
        "currency": "CHF",
        "prices": {"silver": 4_200},
        "policy": {"max_per_hold": 4},
    }
    answer = organizer.post("/api/v1/events", json=body)
    assert answer.status_code == 201
    event = answer.json()
    assert answer.headers["location"] == f"/api/v1/events/{event['id']}"
    assert event["starts_at"] == STARTS_AT
    assert event["on_sale"] is True
    assert event["chart_hash"] == chart_hash(venues.pocket_chart())
    assert [(c["key"], c["price"]) for c in event["categories"]] == [
        ("gold", 9_000),
        ("silver", 4_200),
        ("standing", 2_500),
    ]
    assert event["policy"]["max_per_hold"] == 4
    assert event["policy"]["hold_ttl_ms"] == limits.DEFAULT_HOLD_TTL_MS
    assert site.client().get(answer.headers["location"]).json() == event
    assert site.client().get(event["chart_view_url"]).status_code == 200


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"name": ""}, "$.name"),
        ({"name": "a\x00b"}, "$.name"),
        ({"starts_at": "2031-05-06T19:30:00"}, "$.starts_at"),
        ({"starts_at": "tomorrow"}, "$.starts_at"),
        ({"currency": "Euro"}, "$.currency"),
        ({"prices": {"lead": 1}}, "$.prices"),
        ({"prices": {"gold": -1}}, "$.prices[...]"),
        ({"policy": {"max_per_hold": 0}}, "$.policy.max_per_hold"),
        ({"policy": {"max_per_hodl": 1}}, "$.policy"),
        ({"surprise": 1}, "$"),
    ],
)
def test_wrong_fields_are_named(
    organizer: httpx.Client, change: dict[str, object], path: str
) -> None:
    body = {"name": "x", "starts_at": STARTS_AT, "chart_id": import_pocket(organizer), **change}
    answer = organizer.post("/api/v1/events", json=body)
    assert (answer.status_code, code(answer)) == (422, "invalid")
    assert answer.json()["path"] == path


def test_the_chart_must_be_ones_own(site: Site, organizer: httpx.Client) -> None:
    foreign = import_pocket(site.organizer("rivals"))
    for chart_id in (foreign, "ch_0"):
        body = {"name": "x", "starts_at": STARTS_AT, "chart_id": chart_id}
        answer = organizer.post("/api/v1/events", json=body)
        assert (answer.status_code, code(answer)) == (422, "unknown-chart")


def test_the_same_key_makes_one_event(organizer: httpx.Client) -> None:
    body = {"name": "x", "starts_at": STARTS_AT, "chart_id": import_pocket(organizer)}
    headers = {"Idempotency-Key": "event"}
    first = organizer.post("/api/v1/events", json=body, headers=headers)
    again = organizer.post("/api/v1/events", json=body, headers=headers)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    other = organizer.post("/api/v1/events", json=body | {"name": "y"}, headers=headers)
    assert (other.status_code, code(other)) == (409, "idempotency-conflict")


def test_only_organizers_make_events(site: Site) -> None:
    assert code(site.client().post("/api/v1/events", json={})) == "unauthorized"
    assert code(site.viewer().post("/api/v1/events", json={})) == "forbidden"


def test_pages_of_events(site: Site) -> None:
    organizer = site.organizer("pages")
    chart_id = import_pocket(organizer)
    start = datetime(2040, 1, 1, tzinfo=UTC)
    made = [
        put_on_sale(
            organizer, chart_id=chart_id, starts_at=(start + timedelta(days=d // 2)).isoformat()
        )
        for d in range(5)
    ]
    listed: list[str] = []
    after = ""
    for _ in made:
        query = {"mine": "true", "limit": "2"} | ({"after": after} if after else {})
        page = organizer.get("/api/v1/events", params=query).json()
        listed += [e["id"] for e in page["events"]]
        after = page["next"]
        if after is None:
            break
    assert sorted(listed) == sorted(made)
    starts = [organizer.get(f"/api/v1/events/{e}").json()["starts_at"] for e in listed]
    assert starts == sorted(starts)


def test_the_public_list_has_what_is_on_sale(site: Site, organizer: httpx.Client) -> None:
    on, off = put_on_sale(organizer), put_on_sale(organizer, on_sale=False)
    listed = {e["id"] for e in site.client().get("/api/v1/events?limit=200").json()["events"]}
    assert on in listed
    assert off not in listed
    own = organizer.get("/api/v1/events?limit=200&mine=true").json()["events"]
    assert {on, off} <= {e["id"] for e in own}
    assert code(site.client().get("/api/v1/events?mine=true")) == "unauthorized"


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("limit=0", "limit"),
        ("limit=x", "limit"),
        ("after=%00", "after"),
        ("limit=1&limit=2", "limit"),
    ],
)
def test_wrong_parameters_are_named(site: Site, query: str, name: str) -> None:
    answer = site.client().get(f"/api/v1/events?{query}")
    assert (answer.status_code, code(answer)) == (400, "bad-request")
    assert answer.json()["path"] == name


def test_changing_an_event(site: Site, organizer: httpx.Client) -> None:
    event = put_on_sale(organizer)
    path = f"/api/v1/events/{event}"
    changed = organizer.patch(
        path,
        json={
            "name": "Another evening",
            "starts_at": STARTS_AT,
            "prices": {"gold": 100},
            "policy": {"max_extensions": 0},
            "on_sale": False,
        },
    )
    assert changed.status_code == 200
    seen = changed.json()
    assert (seen["name"], seen["venue"]) == ("Another evening", "The Pocket")
    assert seen["starts_at"] == STARTS_AT
    assert (seen["on_sale"], seen["policy"]["max_extensions"]) == (False, 0)
    assert [c["price"] for c in seen["categories"]] == [100, 5_000, 2_500]
    assert site.client().get(path).json() == seen
    back = organizer.patch(path, json={"on_sale": True})
    assert (back.json()["on_sale"], back.json()["policy"]["max_extensions"]) == (True, 0)
    assert organizer.patch(path, json={}).json() == back.json()


@pytest.mark.parametrize(
    "change", [{"prices": {"lead": 1}}, {"name": ""}, {"currency": "USD"}, {"policy": 3}]
)
def test_changes_that_are_refused(organizer: httpx.Client, change: dict[str, object]) -> None:
    event = put_on_sale(organizer)
    before = organizer.get(f"/api/v1/events/{event}").json()
    answer = organizer.patch(f"/api/v1/events/{event}", json=change)
    assert (answer.status_code, code(answer)) == (422, "invalid")
    assert organizer.get(f"/api/v1/events/{event}").json() == before


def test_only_its_organizer_changes_an_event(site: Site, organizer: httpx.Client) -> None:
    path = f"/api/v1/events/{put_on_sale(organizer)}"
    assert code(site.organizer("rivals").patch(path, json={})) == "forbidden"
    assert code(site.viewer().patch(path, json={})) == "forbidden"
    assert code(site.client().patch(path, json={})) == "unauthorized"


def test_state_counts_by_status_and_category(
    site: Site, viewer: httpx.Client, organizer: httpx.Client
) -> None:
    event = put_on_sale(organizer)
    path = f"/api/v1/events/{event}/state"
    hold(viewer, event, "Stalls-A-1")
    organizer.post(
        f"/api/v1/events/{event}/bookings", json={"from": "places", "places": ["Balcony-C-4"]}
    )
    organizer.post(f"/api/v1/events/{event}/blocks", json={"places": [venues.BOOTH_PLACE]})
    answer = site.client().get(path)
    state = answer.json()
    total = venues.POCKET_SIZE - 3
    assert state["counts"] == {
        "free": total - 3,
        "held": 1,
        "booked": 1,
        "blocked": 1,
        "total": total,
    }
    by_key = {c["key"]: c for c in state["categories"]}
    assert (by_key["gold"]["held"], by_key["gold"]["total"]) == (1, 20)
    assert (by_key["silver"]["booked"], by_key["silver"]["blocked"]) == (1, 1)
    assert state["places"] is None
    same = site.client().get(path, headers={"If-None-Match": answer.headers["etag"]})
    assert same.status_code == 304
    places = site.client().get(path, params={"places": "true"}).json()["places"]
    assert places["held"] == [0]
    assert places["blocked"] == [venues.BOOTH_PLACE]
    assert venues.GONE not in places["free"]
    viewer.post(f"/api/v1/events/{event}/holds", json=seats("Stalls-A-3"))
    fresh = site.client().get(path, headers={"If-None-Match": answer.headers["etag"]})
    assert (fresh.status_code, fresh.json()["counts"]["held"]) == (200, 2)


def test_unknown_events_are_unknown_everywhere(site: Site, organizer: httpx.Client) -> None:
    for tail in ("", "/state", "/holds", "/reports/status", "/bookings/ABC"):
        answer = organizer.get(f"/api/v1/events/ev_none{tail}")
        assert (answer.status_code, code(answer)) == (404, "unknown-event")
