"""Charts: bring a venue in, take it out again, and the drawing the buyer's page uses."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import secrets
from typing import TYPE_CHECKING, Annotated, Final, Literal

from msgspec import Meta, Struct
from starlette.responses import Response

from gateway.http.box_office import is_id
from gateway.http.endpoints import (
    JSON_MEDIA_TYPE,
    Access,
    Answers,
    Call,
    Endpoint,
    Nothing,
    Upload,
    json_answer,
    json_response,
)
from gateway.http.problems import Problem
from gateway.http.resources import (
    CategoryInfo,
    ChartDetail,
    ChartInfo,
    Charts,
    Finding,
    ImportReport,
    OptionalText,
)
from gateway.live.chart_shelf import ChartShelf, chart_view_url, etag
from gateway.sale.catalog import Catalog, ChartRow
from gateway.sale.place_directory import PlaceDirectory
from seatengine.chart.chart import Chart
from seatengine.chart.seat_table import SeatTable, build
from seatengine.ids import ChartHash
from seatengine.limits import MAX_CONCURRENT_IMPORTS, MAX_NAME_CHARS, MAX_PAGE_CHARTS

if TYPE_CHECKING:
    from seatengine.chart.importers import Imported
    from seatengine.chart.importers.report import ChartFormat

VIEW_MEDIA_TYPE: Final = "application/vnd.msgpack"
_CHART_ID: Final = {"chart_id": "The chart's id"}
_FOR_EVER: Final = "public, max-age=31536000, immutable"


class ImportQuery(Struct, forbid_unknown_fields=True):
    """`dry_run` reads and reports but keeps nothing; `name` replaces the file's own."""

    dry_run: bool = False
    name: OptionalText = ""


class ExportQuery(Struct, forbid_unknown_fields=True):
    format: Literal["native", "pretix", "seatsio"] = "native"


class ViewQuery(Struct, forbid_unknown_fields=True):
    """`format` only makes the address of another format another address."""

    format: Annotated[int, Meta(ge=0, le=1_000)] = 0


class ChartRoutes:
    def __init__(self, catalog: Catalog, shelf: ChartShelf) -> None:
        self._catalog = catalog
        self._shelf = shelf
        self._importing = asyncio.Semaphore(MAX_CONCURRENT_IMPORTS)

    def endpoints(self) -> list[Endpoint]:
        return [
            Endpoint(
                method="POST",
                path="/api/v1/charts",
                operation="importChart",
                tag="Charts",
                summary="Import a chart file",
                description="The file is the body. Known are seats.io drawings, pretix seating "
                "plans and Seat Engine's own format; which one it is, is found out from the "
                "content. A file is imported as a whole or not at all.",
                access=Access.ORGANIZER,
                handle=self.import_chart,
                answers=[
                    json_answer(201, "The chart, and what could not be represented.", ImportReport),
                    json_answer(200, "A dry run: what an import would do.", ImportReport),
                ],
                idempotent=True,
                problems=("bad-chart",),
                parameters={
                    "dry_run": "Read and report, but keep nothing",
                    "name": "A name for the chart; the file's own where it is left out",
                },
            ),
            Endpoint(
                method="GET",
                path="/api/v1/charts",
                operation="listCharts",
                tag="Charts",
                summary="List the organizer's charts, newest first",
                access=Access.ORGANIZER,
                handle=self.list_charts,
                answers=[json_answer(200, "The charts.", Charts)],
            ),
            Endpoint(
                method="GET",
                path="/api/v1/charts/{chart_id}",
                operation="getChart",
                tag="Charts",
                summary="Get a chart's categories and sections",
                access=Access.ORGANIZER,
                handle=self.get_chart,
                answers=[json_answer(200, "The chart.", ChartDetail)],
                problems=("not-found",),
                parameters=_CHART_ID,
            ),
            Endpoint(
                method="GET",
                path="/api/v1/charts/{chart_id}/export",
                operation="exportChart",
                tag="Charts",
                summary="Write a chart as a file",
                description="The header Export-Findings says how many kinds of things the format "
                "cannot represent; the native format represents everything.",
                access=Access.ORGANIZER,
                handle=self.export_chart,
                answers=[Answers(200, "The file.", {JSON_MEDIA_TYPE: None})],
                problems=("not-found",),
                parameters=_CHART_ID | {"format": "Which file format to write"},
            ),
            Endpoint(
                method="GET",
                path="/api/v1/charts/{chart_hash}/view",
                operation="getChartView",
                tag="Charts",
                summary="Get the drawing of a chart",
                description="MessagePack, addressed by content: what is found here never changes.",
                access=Access.PUBLIC,
                handle=self.get_view,
                answers=[
                    Answers(200, "The drawing.", {VIEW_MEDIA_TYPE: None}),
                    Answers(304, "The drawing you have is the one.", {}),
                ],
                problems=("not-found",),
                parameters={
                    "chart_hash": "The chart's hash, as events name it",
                    "format": "Of no effect; makes the address of another format another one",
                },
            ),
        ]

    async def import_chart(self, call: Call[Upload, ImportQuery]) -> Response:
        organizer = call.organizer
        async with self._importing:
            imported, table = await asyncio.to_thread(_read, await call.body.read())
            directory = PlaceDirectory(table)
            name = call.query.name or imported.chart.name[:MAX_NAME_CHARS] or "Untitled"
            report = ImportReport(
                format=imported.format,
                name=name,
                places=sum(directory.places_per_category()),
                findings=[Finding(f.code, f.text, f.place, f.count) for f in imported.report],
                chart=None,
            )
            if call.query.dry_run:
                return json_response(report)
            chart_id = minted_id("ch", call.command_id if call.key_given else "")
            row = await self._catalog.add_chart(
                chart_id, organizer.organizer_id, name, imported.chart, table
            )
        if row.hash != table.chart_hash:
            raise Problem(
                "idempotency-conflict",
                "This Idempotency-Key was used for another file. Use a new key for a new file.",
                path="Idempotency-Key",
            )
        report.chart = _detail(row, imported.chart, directory)
        return json_response(report, 201, {"Location": f"/api/v1/charts/{row.id}"})

    async def list_charts(self, call: Call[Nothing, Nothing]) -> Response:
        rows = await self._catalog.charts(call.organizer.organizer_id, MAX_PAGE_CHARTS)
        return json_response(
            Charts([ChartInfo(r.id, r.name, r.hash, r.created_at, r.updated_at) for r in rows])
        )

    async def get_chart(self, call: Call[Nothing, Nothing]) -> Response:
        row, chart = await self._own(call.path["chart_id"], call.organizer.organizer_id)
        table = await asyncio.to_thread(build, chart)
        return json_response(_detail(row, chart, PlaceDirectory(table)))

    async def export_chart(self, call: Call[Nothing, ExportQuery]) -> Response:
        row, chart = await self._own(call.path["chart_id"], call.organizer.organizer_id)
        data, findings = await asyncio.to_thread(_write, chart, call.query.format)
        return Response(
            data,
            media_type=JSON_MEDIA_TYPE,
            headers={
                "Cache-Control": "no-store",
                "Content-Disposition": f'attachment; filename="{row.id}.{call.query.format}.json"',
                "Export-Findings": str(len(findings)),
            },
        )

    async def get_view(self, call: Call[Nothing, ViewQuery]) -> Response:
        chart_hash = ChartHash(call.path["chart_hash"])
        headers = {
            "Cache-Control": _FOR_EVER,
            "ETag": etag(chart_hash),
            "Vary": "Accept-Encoding",
        }
        view = await self._shelf.view(chart_hash) if is_id(chart_hash) else None
        if view is None:
            raise Problem("not-found", "There is no chart with this hash.")
        if call.request.headers.get("if-none-match") == view.etag:
            return Response(status_code=304, headers=headers)
        if "gzip" in call.request.headers.get("accept-encoding", ""):
            headers["Content-Encoding"] = "gzip"
            return Response(view.packed, media_type=VIEW_MEDIA_TYPE, headers=headers)
        data = await asyncio.to_thread(gzip.decompress, view.packed)
        return Response(data, media_type=VIEW_MEDIA_TYPE, headers=headers)

    async def _own(self, chart_id: str, organizer_id: str) -> tuple[ChartRow, Chart]:
        row = await self._catalog.chart(chart_id) if is_id(chart_id) else None
        # Another organizer's chart is not to be told from one that does not exist.
        if row is None or row.organizer_id != organizer_id:
            raise Problem("not-found", "You have no chart with this id.")
        chart = await self._catalog.chart_content(row.hash)
        assert chart is not None
        return row, chart


def minted_id(prefix: str, key: str) -> str:
    """A new id; the same one for the same non-empty `key`, so that a retry makes nothing twice."""
    if not key:
        return f"{prefix}_{secrets.token_hex(8)}"
    return f"{prefix}_{hashlib.blake2b(key.encode(), digest_size=8).hexdigest()}"


# Both load what they need on first use: a server that starts after a crash has no time for it.


def _read(data: bytes) -> tuple[Imported, SeatTable]:
    from seatengine.chart.importers import read_chart

    imported = read_chart(data)
    return imported, build(imported.chart)


def _write(chart: Chart, form: ChartFormat) -> tuple[bytes, tuple[object, ...]]:
    from seatengine.chart.exporters import write_chart

    return write_chart(chart, form)


def _detail(row: ChartRow, chart: Chart, directory: PlaceDirectory) -> ChartDetail:
    counts = directory.places_per_category()
    return ChartDetail(
        id=row.id,
        name=row.name,
        hash=row.hash,
        created_at=row.created_at,
        updated_at=row.updated_at,
        places=sum(counts),
        categories=[
            CategoryInfo(c.key, c.label, c.color, c.price, count)
            for c, count in zip(chart.categories, counts, strict=True)
        ],
        sections=[s.label for s in chart.sections],
        chart_view_url=chart_view_url(row.hash),
    )
