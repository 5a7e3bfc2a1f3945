from __future__ import annotations

import httpx
import pytest

from seatengine import limits
from tests import venues
from tests.gateway.http.site import Site, code, put_on_sale


@pytest.fixture
def event(organizer: httpx.Client) -> str:
    return put_on_sale(organizer)


def holds(event: str) -> str:
    return f"/api/v1/events/{event}/holds"


def seats(*places: int | str) -> dict[str, object]:
    return {"pick": {"kind": "seats", "places": list(places)}}


def hold(client: httpx.Client, event: str, *places: int | str) -> dict[str, object]:
    answer = client.post(holds(event), json=seats(*places))
    assert answer.status_code == 201, answer.text
    made: dict[str, object] = answer.json()
    return made


def test_seats_by_index_and_label(viewer: httpx.Client, event: str) -> None:
    answer = viewer.post(holds(event), json=seats("Stalls-A-1", venues.A[1]))
    assert answer.status_code == 201
    made = answer.json()
    assert answer.headers["location"] == f"{holds(event)}/{made['hold']}"
    assert made["places"] == [
        {"place": 0, "label": "Stalls-A-1", "category": "gold", "price": 9_000},
        {"place": 1, "label": "Stalls-A-2", "category": "gold", "price": 9_000},
    ]
    assert made["total"] == 18_000
    assert made["currency"] == "EUR"
    assert made["expires_at"].endswith("Z")
    assert made["step"] is None
    listed = viewer.get(holds(event)).json()["holds"]
    assert [h["hold"] for h in listed] == [made["hold"]]


def test_a_taken_seat_is_named_with_free_ones_beside(
    site: Site, viewer: httpx.Client, event: str
) -> None:
    hold(viewer, event, "Stalls-B-4")
    answer = site.viewer().post(holds(event), json=seats("Stalls-B-3", "Stalls-B-4"))
    assert answer.status_code == 409
    assert code(answer) == "places-taken"
    problem = answer.json()
    assert problem["places"] == [{"place": venues.B[3], "label": "Stalls-B-4"}]
    assert problem["detail"].startswith("Stalls-B-4 was just taken. Stalls-B-3")
    assert site.viewer().get(holds(event)).json() == {"holds": []}


def test_the_best_together(viewer: httpx.Client, event: str) -> None:
    pick = {"kind": "best", "quantity": 3, "categories": ["silver"], "sections": ["Balcony"]}
    answer = viewer.post(holds(event), json={"pick": pick})
    assert answer.status_code == 201
    assert answer.json()["step"] == "together"
    assert {p["category"] for p in answer.json()["places"]} == {"silver"}


@pytest.mark.parametrize(
    ("pick", "status", "expected"),
    [
        ({"kind": "best", "quantity": 2, "categories": ["lead"]}, 422, "invalid"),
        ({"kind": "best", "quantity": 2, "sections": ["Pit"]}, 422, "invalid"),
        ({"kind": "best", "quantity": 2, "accessible": 3}, 422, "out-of-range"),
        ({"kind": "best", "quantity": 0}, 422, "invalid"),
        ({"kind": "best", "quantity": 9, "worst": "together"}, 409, "not-enough-together"),
        ({"kind": "best", "quantity": 2, "max_price": 1}, 409, "not-enough-left"),
        ({"kind": "seats", "places": []}, 422, "invalid"),
        ({"kind": "seats", "places": ["Stalls-Z-1"]}, 422, "unknown-place"),
        ({"kind": "seats", "places": [venues.GONE]}, 422, "unknown-place"),
        ({"kind": "seats", "places": [0, "Stalls-A-1"]}, 422, "repeated-place"),
        ({"kind": "seats", "places": [1.5]}, 422, "invalid"),
        ({"kind": "area", "area": "Pit", "quantity": 1}, 422, "unknown-group"),
        ({"kind": "area", "area": "Floor", "quantity": 7}, 409, "not-enough-left"),
        ({"kind": "area", "area": "Lounge", "quantity": 1}, 409, "whole-only"),
        ({"kind": "whole", "object": "Stalls-A"}, 422, "unknown-group"),
        ({"kind": "row"}, 422, "invalid"),
        ({}, 422, "invalid"),
    ],
)
def test_picks_that_are_refused(
    viewer: httpx.Client, event: str, pick: dict[str, object], status: int, expected: str
) -> None:
    answer = viewer.post(holds(event), json={"pick": pick})
    assert (answer.status_code, code(answer)) == (status, expected)


def test_a_number_of_places_in_an_area(viewer: httpx.Client, event: str) -> None:
    pick = {"kind": "area", "area": "Floor", "quantity": 4}
    made = viewer.post(holds(event), json={"pick": pick}).json()
    assert [p["label"] for p in made["places"]] == ["Floor"] * 4
    assert made["total"] == 4 * 2_500


def test_whole_tables_and_areas(site: Site, viewer: httpx.Client, event: str) -> None:
    whole = {"pick": {"kind": "whole", "object": "Stalls-Round"}}
    made = viewer.post(holds(event), json=whole).json()
    assert [p["place"] for p in made["places"]] == list(venues.ROUND_SEATS)
    answer = site.viewer().post(holds(event), json=seats("Stalls-Round-1"))
    assert code(answer) == "places-taken"
    lounge = site.viewer().post(holds(event), json={"pick": {"kind": "whole", "object": "Lounge"}})
    assert len(lounge.json()["places"]) == 3


def test_a_hold_grows_shrinks_and_ends(viewer: httpx.Client, event: str) -> None:
    made = hold(viewer, event, "Stalls-A-1")
    path = f"{holds(event)}/{made['hold']}"
    add = {"change": "add", "pick": {"kind": "seats", "places": ["Stalls-A-2"]}}
    grown = viewer.patch(path, json=add)
    assert grown.status_code == 200
    assert [p["label"] for p in grown.json()["places"]] == ["Stalls-A-1", "Stalls-A-2"]
    assert grown.json()["expires_at"] == made["expires_at"]
    shrunk = viewer.patch(path, json={"change": "drop", "places": ["Stalls-A-1"]})
    assert [p["label"] for p in shrunk.json()["places"]] == ["Stalls-A-2"]
    ended = viewer.patch(path, json={"change": "drop", "places": ["Stalls-A-2"]})
    assert ended.status_code == 202
    assert ended.json()["hold"] == made["hold"]
    gone = viewer.patch(path, json={"change": "extend"})
    assert (gone.status_code, code(gone)) == (410, "hold-ended")


def test_dropping_what_is_not_held(viewer: httpx.Client, event: str) -> None:
    made = hold(viewer, event, "Stalls-A-1")
    answer = viewer.patch(
        f"{holds(event)}/{made['hold']}", json={"change": "drop", "places": ["Stalls-A-3"]}
    )
    assert (answer.status_code, code(answer)) == (409, "not-in-hold")
    assert "Stalls-A-3" in answer.json()["detail"]


def test_extensions_have_a_cap(viewer: httpx.Client, event: str) -> None:
    made = hold(viewer, event, "Stalls-A-1")
    path = f"{holds(event)}/{made['hold']}"
    left = made["extensions_left"]
    assert left == limits.DEFAULT_MAX_EXTENSIONS
    for _ in range(limits.DEFAULT_MAX_EXTENSIONS):
        answer = viewer.patch(path, json={"change": "extend"})
        assert answer.status_code == 200
    assert answer.json()["extensions_left"] == 0
    answer = viewer.patch(path, json={"change": "extend"})
    assert (answer.status_code, code(answer)) == (409, "no-more-extensions")


def test_releasing_frees_the_places(site: Site, viewer: httpx.Client, event: str) -> None:
    made = hold(viewer, event, "Stalls-A-1")
    path = f"{holds(event)}/{made['hold']}"
    stranger = site.viewer()
    assert code(stranger.delete(path)) == "unknown-hold"
    released = viewer.delete(path)
    assert released.status_code == 200
    assert released.json()["seq"] > 0
    hold(stranger, event, "Stalls-A-1")
    assert code(viewer.delete(path)) == "hold-ended"


def test_holds_of_others_are_not_listed(site: Site, viewer: httpx.Client, event: str) -> None:
    hold(viewer, event, "Stalls-A-1")
    assert site.viewer().get(holds(event)).json() == {"holds": []}


def test_the_same_key_holds_once(viewer: httpx.Client, event: str) -> None:
    headers = {"Idempotency-Key": "once"}
    first = viewer.post(holds(event), json=seats("Stalls-A-1"), headers=headers)
    again = viewer.post(holds(event), json=seats("Stalls-A-1"), headers=headers)
    assert first.status_code == again.status_code == 201
    assert first.json() == again.json()
    other = viewer.delete(f"{holds(event)}/{first.json()['hold']}", headers=headers)
    assert (other.status_code, code(other)) == (409, "idempotency-conflict")


@pytest.mark.parametrize("key", ["x" * (limits.MAX_IDEMPOTENCY_KEY_CHARS + 1), "a\tb"])
def test_bad_idempotency_keys(viewer: httpx.Client, event: str, key: str) -> None:
    answer = viewer.post(holds(event), json=seats(0), headers={"Idempotency-Key": key})
    assert (answer.status_code, code(answer)) == (400, "bad-request")
    assert answer.json()["path"] == "Idempotency-Key"


def test_limits_of_a_viewer_do_not_bind_the_organizer(
    viewer: httpx.Client, organizer: httpx.Client, event: str
) -> None:
    many = seats(*venues.A, *venues.B)
    answer = viewer.post(holds(event), json=many)
    assert (answer.status_code, code(answer)) == (409, "too-many-in-hold")
    assert organizer.post(holds(event), json=many).status_code == 201


def test_only_the_organizer_chooses_how_long(
    viewer: httpx.Client, organizer: httpx.Client, event: str
) -> None:
    answer = viewer.post(holds(event), json=seats(0) | {"ttl_ms": 5_000})
    assert (answer.status_code, code(answer)) == (403, "staff-only")
    assert organizer.post(holds(event), json=seats(0) | {"ttl_ms": 5_000}).status_code == 201


def test_an_event_off_sale_holds_nothing(
    viewer: httpx.Client, organizer: httpx.Client, event: str
) -> None:
    organizer.patch(f"/api/v1/events/{event}", json={"on_sale": False})
    answer = viewer.post(holds(event), json=seats(0))
    assert (answer.status_code, code(answer)) == (409, "not-on-sale")


def test_who_asks_must_be_said(site: Site, event: str) -> None:
    answer = site.client().post(holds(event), json=seats(0))
    assert (answer.status_code, code(answer)) == (401, "unauthorized")
    assert answer.headers["www-authenticate"]
    answer = site.client("Viewer forged").post(holds(event), json=seats(0))
    assert (answer.status_code, code(answer)) == (401, "unauthorized")


@pytest.mark.parametrize("unknown", ["ev_0", "%00", "ev%20x", "é"])
def test_unknown_events(viewer: httpx.Client, unknown: str) -> None:
    answer = viewer.post(f"/api/v1/events/{unknown}/holds", json=seats(0))
    assert (answer.status_code, code(answer)) == (404, "unknown-event")
