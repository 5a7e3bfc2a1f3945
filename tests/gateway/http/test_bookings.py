from __future__ import annotations

import re

import httpx
import pytest

from gateway.sale.checkout import REFERENCE_CHARS
from tests import venues
from tests.gateway.http.site import Site, code, put_on_sale
from tests.gateway.http.test_holds import hold

WHO = {"name": "Ada  Lovelace", "email": " ada@example.org "}


@pytest.fixture
def event(organizer: httpx.Client) -> str:
    return put_on_sale(organizer)


def bookings(event: str) -> str:
    return f"/api/v1/events/{event}/bookings"


def book(client: httpx.Client, event: str, *places: int | str) -> dict[str, object]:
    made = hold(client, event, *places)
    answer = client.post(bookings(event), json={"from": "hold", "hold": made["hold"], **WHO})
    assert answer.status_code == 201, answer.text
    booking: dict[str, object] = answer.json()
    return booking


def test_a_hold_becomes_a_booking(viewer: httpx.Client, event: str) -> None:
    made = hold(viewer, event, "Stalls-A-1", "Stalls-A-2")
    answer = viewer.post(bookings(event), json={"from": "hold", "hold": made["hold"], **WHO})
    assert answer.status_code == 201
    booking = answer.json()
    assert answer.headers["location"] == f"{bookings(event)}/{booking['booking']}"
    assert re.fullmatch(f"[0-9A-HJKMNP-TV-Z]{{{REFERENCE_CHARS}}}", booking["booking"])
    assert (booking["name"], booking["email"]) == ("Ada Lovelace", "ada@example.org")
    assert booking["total"] == 18_000
    assert [p["label"] for p in booking["places"]] == ["Stalls-A-1", "Stalls-A-2"]
    assert viewer.get(f"/api/v1/events/{event}/holds").json() == {"holds": []}


def test_the_price_is_that_of_the_moment_of_the_hold(
    viewer: httpx.Client, organizer: httpx.Client, event: str
) -> None:
    made = hold(viewer, event, "Stalls-A-1")
    organizer.patch(f"/api/v1/events/{event}", json={"prices": {"gold": 99_000}})
    answer = viewer.post(bookings(event), json={"from": "hold", "hold": made["hold"], **WHO})
    assert answer.json()["total"] == 9_000


def test_a_repeated_request_is_answered_with_the_same_booking(
    viewer: httpx.Client, event: str
) -> None:
    made = hold(viewer, event, 0)
    body = {"from": "hold", "hold": made["hold"], **WHO}
    headers = {"Idempotency-Key": "book"}
    first = viewer.post(bookings(event), json=body, headers=headers)
    again = viewer.post(bookings(event), json=body, headers=headers)
    assert first.json() == again.json()
    later = viewer.post(bookings(event), json=body)
    assert (later.status_code, code(later)) == (410, "hold-ended")


@pytest.mark.parametrize(
    ("who", "path"),
    [
        ({"name": "", "email": "ada@example.org"}, "$.name"),
        ({"name": "...", "email": "ada@example.org"}, "$.name"),
        ({"name": "x" * 500, "email": "ada@example.org"}, "$.name"),
        ({"name": "Ada", "email": ""}, "$.email"),
        ({"name": "Ada", "email": "ada"}, "$.email"),
        ({"name": "Ada", "email": "ada@localhost"}, "$.email"),
        ({"name": "Ada", "email": "a b@example.org"}, "$.email"),
        ({"name": "Ada", "email": "a@b@example.org"}, "$.email"),
    ],
)
def test_names_and_mails_are_checked(
    viewer: httpx.Client, event: str, who: dict[str, str], path: str
) -> None:
    made = hold(viewer, event, 0)
    answer = viewer.post(bookings(event), json={"from": "hold", "hold": made["hold"], **who})
    assert (answer.status_code, code(answer)) == (422, "invalid")
    assert answer.json()["path"] == path
    assert len(viewer.get(f"/api/v1/events/{event}/holds").json()["holds"]) == 1


def test_a_refused_booking_leaves_no_name_behind(
    site: Site, viewer: httpx.Client, event: str
) -> None:
    made = hold(viewer, event, 0)
    stranger = site.viewer()
    answer = stranger.post(bookings(event), json={"from": "hold", "hold": made["hold"], **WHO})
    assert (answer.status_code, code(answer)) == (404, "unknown-hold")

    async def contacts() -> int:
        async def count(connection: object) -> int:
            return int(
                await connection.fetchval(  # type: ignore[attr-defined]
                    "select count(*) from booking_contact where event_id = $1", event
                )
            )

        return await site.parts.catalog.read("counting contacts", count)

    assert site.run(contacts()) == 0
    book(stranger, event, 1)
    assert site.run(contacts()) == 1


def test_who_sees_the_name(
    site: Site, viewer: httpx.Client, organizer: httpx.Client, event: str
) -> None:
    reference = book(viewer, event, 0)["booking"]
    path = f"{bookings(event)}/{reference}"
    for client, name in (
        (viewer, "Ada Lovelace"),
        (organizer, "Ada Lovelace"),
        (site.client(), ""),
        (site.viewer(), ""),
        (site.organizer("rivals"), ""),
    ):
        answer = client.get(path)
        assert answer.status_code == 200
        assert answer.json()["name"] == name
        assert answer.json()["places"][0]["label"] == "Stalls-A-1"


def test_a_reference_is_forgiven_how_it_is_typed(
    site: Site, viewer: httpx.Client, event: str
) -> None:
    reference = str(book(viewer, event, 0)["booking"])
    typed = f"{reference[:5]}-{reference[5:]}".lower().replace("0", "o").replace("1", "l")
    assert site.client().get(f"{bookings(event)}/{typed}").json()["booking"] == reference


@pytest.mark.parametrize("reference", ["0000000000", "x", "%00", "a" * 500])
def test_unknown_bookings(site: Site, event: str, reference: str) -> None:
    answer = site.client().get(f"{bookings(event)}/{reference}")
    assert (answer.status_code, code(answer)) == (404, "unknown-booking")


def test_the_organizer_books_free_places_at_once(
    viewer: httpx.Client, organizer: httpx.Client, event: str
) -> None:
    body = {"from": "places", "places": ["Stalls-A-1", venues.BOOTH_PLACE]}
    made = organizer.post(bookings(event), json=body)
    assert made.status_code == 201
    assert (made.json()["name"], made.json()["total"]) == ("", 14_000)
    taken = organizer.post(bookings(event), json={**body, **WHO})
    assert (taken.status_code, code(taken)) == (409, "places-taken")
    answer = viewer.post(bookings(event), json=body)
    assert (answer.status_code, code(answer)) == (403, "staff-only")
    half = organizer.post(bookings(event), json={"from": "places", "places": [3], "name": "Ada"})
    assert (half.status_code, code(half)) == (422, "invalid")


def test_cancelling_part_and_all(viewer: httpx.Client, organizer: httpx.Client, event: str) -> None:
    path = f"{bookings(event)}/{book(viewer, event, 0, 1)['booking']}"
    part = organizer.request("DELETE", path, json={"places": ["Stalls-A-1"]})
    assert part.status_code == 200
    assert part.json()["cancelled"] == [{"place": 0, "label": "Stalls-A-1"}]
    assert [p["place"] for p in part.json()["left"]["places"]] == [1]
    assert part.json()["left"]["name"] == "Ada Lovelace"
    not_there = organizer.request("DELETE", path, json={"places": ["Stalls-A-1"]})
    assert (not_there.status_code, code(not_there)) == (409, "not-in-booking")
    headers = {"Idempotency-Key": "rest"}
    rest = organizer.delete(path, headers=headers)
    assert (rest.status_code, rest.json()["left"]) == (200, None)
    assert organizer.delete(path, headers=headers).json() == rest.json()
    assert code(organizer.delete(path)) == "unknown-booking"
    hold(viewer, event, 0, 1)


def test_moving_places(viewer: httpx.Client, organizer: httpx.Client, event: str) -> None:
    booking = book(viewer, event, "Stalls-A-1", "Stalls-A-2")
    path = f"{bookings(event)}/{booking['booking']}/move"
    moved = organizer.post(path, json={"from": ["Stalls-A-1"], "to": ["Stalls-B-1"]})
    assert moved.status_code == 200
    assert {p["label"] for p in moved.json()["places"]} == {"Stalls-B-1", "Stalls-A-2"}
    taken = organizer.post(path, json={"from": ["Stalls-A-2"], "to": ["Stalls-B-1"]})
    assert (taken.status_code, code(taken)) == (409, "places-taken")
    uneven = organizer.post(path, json={"from": ["Stalls-A-2"], "to": [2, 3]})
    assert (uneven.status_code, code(uneven)) == (422, "out-of-range")
    strange = organizer.post(path, json={"from": ["Stalls-A-5"], "to": [3]})
    assert (strange.status_code, code(strange)) == (409, "not-in-booking")


def test_only_the_organizer_cancels_and_moves(site: Site, viewer: httpx.Client, event: str) -> None:
    path = f"{bookings(event)}/{book(viewer, event, 0)['booking']}"
    assert code(viewer.delete(path)) == "forbidden"
    assert code(viewer.post(f"{path}/move", json={"from": [0], "to": [1]})) == "forbidden"
    assert code(site.client().delete(path)) == "unauthorized"
    assert code(site.organizer("rivals").delete(path)) == "forbidden"


def test_blocks(viewer: httpx.Client, organizer: httpx.Client, event: str) -> None:
    path = f"/api/v1/events/{event}/blocks"
    made = organizer.post(path, json={"places": ["Stalls-A-1"], "reason": "House seats"})
    assert made.status_code == 201
    assert made.json()["places"] == [{"place": 0, "label": "Stalls-A-1"}]
    again = organizer.post(path, json={"places": ["Stalls-A-1"]})
    assert (again.status_code, code(again)) == (409, "places-taken")
    answer = viewer.post(
        f"/api/v1/events/{event}/holds", json={"pick": {"kind": "seats", "places": [0]}}
    )
    assert code(answer) == "places-taken"
    freed = organizer.request("DELETE", path, json={"places": [0]})
    assert freed.status_code == 200
    twice = organizer.request("DELETE", path, json={"places": [0]})
    assert (twice.status_code, code(twice)) == (409, "not-blocked")
    hold(viewer, event, 0)


@pytest.mark.parametrize(
    "body",
    [
        {"places": []},
        {"places": [0], "reason": "x" * 300},
        {"places": [0], "why": "none"},
        {"places": [0], "reason": "a\x00b"},
    ],
)
def test_blocks_that_are_refused(
    organizer: httpx.Client, event: str, body: dict[str, object]
) -> None:
    answer = organizer.post(f"/api/v1/events/{event}/blocks", json=body)
    assert (answer.status_code, code(answer)) == (422, "invalid")


def test_only_the_organizer_blocks(site: Site, viewer: httpx.Client, event: str) -> None:
    path = f"/api/v1/events/{event}/blocks"
    assert code(viewer.post(path, json={"places": [0]})) == "forbidden"
    assert code(site.organizer("rivals").post(path, json={"places": [0]})) == "forbidden"
