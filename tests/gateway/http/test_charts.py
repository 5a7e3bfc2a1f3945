from __future__ import annotations

import gzip
from pathlib import Path

import httpx
import msgspec
import pytest

from gateway.live.chart_view import VIEW_FORMAT, ChartView
from seatengine.chart.chart import chart_hash
from seatengine.chart.importers import read_chart
from tests import venues
from tests.gateway.http.site import Site, chart_file, code, import_pocket

CHARTS = Path(__file__).parents[4] / "shared" / "data" / "charts"


def test_an_import_reports_and_keeps(organizer: httpx.Client) -> None:
    answer = organizer.post("/api/v1/charts", content=chart_file(venues.pocket_chart()))
    assert answer.status_code == 201
    report = answer.json()
    assert (report["format"], report["places"]) == ("native", venues.POCKET_SIZE - 3)
    chart = report["chart"]
    assert answer.headers["location"] == f"/api/v1/charts/{chart['id']}"
    assert chart["hash"] == chart_hash(venues.pocket_chart())
    assert chart["sections"] == ["Stalls", "Balcony"]
    assert [(c["key"], c["places"]) for c in chart["categories"]] == [
        ("gold", 20),
        ("silver", 17),
        ("standing", 9),
    ]
    assert organizer.get(answer.headers["location"]).json() == chart


def test_a_dry_run_keeps_nothing(site: Site) -> None:
    organizer = site.organizer("dry")
    answer = organizer.post(
        "/api/v1/charts?dry_run=true&name=Mine", content=chart_file(venues.pocket_chart())
    )
    assert answer.status_code == 200
    assert (answer.json()["name"], answer.json()["chart"]) == ("Mine", None)
    assert organizer.get("/api/v1/charts").json() == {"charts": []}


@pytest.mark.parametrize(
    ("data", "path"),
    [
        (b"", "$"),
        (b"not json", "$"),
        (b"{}", "$"),
        (b'{"format":"seatengine-chart","version":1,"chart":{"name":1}}', "$.chart.name"),
        (b"[" * 100_000, "$"),
        (b"\xff\xfe", "$"),
    ],
)
def test_broken_files_say_where(organizer: httpx.Client, data: bytes, path: str) -> None:
    answer = organizer.post("/api/v1/charts", content=data)
    assert (answer.status_code, code(answer)) == (422, "bad-chart")
    assert answer.json()["path"] == path


def test_the_same_key_imports_once(organizer: httpx.Client) -> None:
    headers = {"Idempotency-Key": "import"}
    data = chart_file(venues.pocket_chart())
    first = organizer.post("/api/v1/charts", content=data, headers=headers)
    again = organizer.post("/api/v1/charts", content=data, headers=headers)
    assert first.json() == again.json()
    other = organizer.post(
        "/api/v1/charts", content=chart_file(venues.hall_chart(2, 3)), headers=headers
    )
    assert (other.status_code, code(other)) == (409, "idempotency-conflict")


def test_charts_are_listed_newest_first_and_only_to_their_owner(site: Site) -> None:
    owner, rival = site.organizer("lister"), site.organizer("rivals")
    ids = [import_pocket(owner), import_pocket(owner)]
    assert [c["id"] for c in owner.get("/api/v1/charts").json()["charts"]] == ids[::-1]
    assert ids[0] not in rival.get("/api/v1/charts").text
    for path in (f"/api/v1/charts/{ids[0]}", f"/api/v1/charts/{ids[0]}/export"):
        answer = rival.get(path)
        assert (answer.status_code, code(answer)) == (404, "not-found")
    assert code(site.client().get("/api/v1/charts")) == "unauthorized"
    assert code(site.viewer().get("/api/v1/charts")) == "forbidden"


@pytest.mark.parametrize("format_name", ["native", "seatsio", "pretix"])
def test_an_export_can_be_imported_again(organizer: httpx.Client, format_name: str) -> None:
    path = f"/api/v1/charts/{import_pocket(organizer)}/export?format={format_name}"
    answer = organizer.get(path)
    assert answer.status_code == 200
    assert answer.headers["content-disposition"].endswith(f'.{format_name}.json"')
    imported = read_chart(answer.content)
    assert imported.format == format_name
    if format_name == "native":
        assert imported.chart == venues.pocket_chart()
        assert answer.headers["export-findings"] == "0"


def test_an_unknown_format_is_refused(organizer: httpx.Client) -> None:
    answer = organizer.get(f"/api/v1/charts/{import_pocket(organizer)}/export?format=dwg")
    assert (answer.status_code, code(answer)) == (400, "bad-request")
    assert answer.json()["path"] == "format"


def test_the_view_is_compressed_and_kept_for_ever(site: Site, organizer: httpx.Client) -> None:
    import_pocket(organizer)
    path = f"/api/v1/charts/{chart_hash(venues.pocket_chart())}/view?format={VIEW_FORMAT}"
    answer = site.client().get(path, headers={"Accept-Encoding": "gzip"})
    assert answer.status_code == 200
    assert answer.headers["content-encoding"] == "gzip"
    assert "immutable" in answer.headers["cache-control"]
    assert answer.headers["vary"] == "Accept-Encoding"
    view = msgspec.msgpack.decode(answer.content, type=ChartView)
    assert (view.name, view.size) == ("Pocket", venues.POCKET_SIZE)
    plain = site.client().get(path, headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert plain.content == answer.content
    same = site.client().get(path, headers={"If-None-Match": answer.headers["etag"]})
    assert (same.status_code, same.content) == (304, b"")
    with site.client().stream("GET", path) as raw:
        assert gzip.decompress(b"".join(raw.iter_raw())) == plain.content


@pytest.mark.parametrize("unknown", ["0" * 32, "%00", "x"])
def test_unknown_views(site: Site, unknown: str) -> None:
    answer = site.client().get(f"/api/v1/charts/{unknown}/view")
    assert (answer.status_code, code(answer)) == (404, "not-found")


@pytest.mark.parametrize(
    "file", sorted(CHARTS.rglob("*.json")) or [None], ids=lambda f: f.name if f else "none"
)
def test_real_venues_come_in_and_are_drawn(
    site: Site, organizer: httpx.Client, file: Path | None
) -> None:
    data = file.read_bytes() if file else chart_file(venues.pocket_chart())
    answer = organizer.post("/api/v1/charts", content=data)
    assert answer.status_code == 201, answer.text
    view = site.client().get(answer.json()["chart"]["chart_view_url"])
    assert msgspec.msgpack.decode(view.content, type=ChartView).size > 0
