"""Reports: how an event sells, as JSON for programs and CSV for spreadsheets."""

from __future__ import annotations

import csv
import io
from typing import Literal

import msgspec
from msgspec import Struct
from starlette.responses import Response

from gateway.box_office import BoxOffice
from gateway.endpoints import (
    CSV_MEDIA_TYPE,
    JSON_MEDIA_TYPE,
    Access,
    Answers,
    Call,
    Endpoint,
    Nothing,
    json_response,
)
from gateway.problems import Problem
from gateway.reports import COLUMNS, REPORTS, report
from gateway.resources import Report

# Spreadsheets take a cell that begins with one of these for a formula.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


class ReportQuery(Struct, forbid_unknown_fields=True):
    """`format` wins over the Accept header."""

    format: Literal["json", "csv", ""] = ""


class ReportRoutes:
    def __init__(self, box_office: BoxOffice) -> None:
        self._box_office = box_office

    def endpoints(self) -> list[Endpoint]:
        return [
            Endpoint(
                method="GET",
                path="/api/v1/events/{event_id}/reports/{by}",
                operation="getReport",
                tag="Reports",
                summary="Count places and takings by status, category or section",
                description="From tables that follow the sale within moments: `seq` says how far "
                "they are. For this very moment's counts ask the event's state.",
                access=Access.ORGANIZER,
                handle=self.get_report,
                answers=[
                    Answers(200, "The report.", {JSON_MEDIA_TYPE: Report, CSV_MEDIA_TYPE: str})
                ],
                problems=("not-found",),
                choices={"by": REPORTS},
                parameters={
                    "by": "status, category or section",
                    "format": "csv for a spreadsheet, json otherwise; wins over Accept",
                },
            )
        ]

    async def get_report(self, call: Call[Nothing, ReportQuery]) -> Response:
        row = await self._box_office.own_event(call.path["event_id"], call.organizer)
        by = call.path["by"]
        if by not in REPORTS:
            raise Problem("not-found", f"There is no report {by!r}; try {', '.join(REPORTS)}.")
        counted = await report(self._box_office.catalog, row.id, row.currency, by)
        if not call.wants_csv(call.query.format):
            return json_response(counted)
        return Response(
            report_csv(counted),
            media_type=CSV_MEDIA_TYPE,
            headers={
                "Cache-Control": "no-store",
                "Content-Disposition": f'attachment; filename="{row.id}-{by}.csv"',
            },
        )


def report_csv(counted: Report) -> str:
    """RFC 4180 with a header line. Text that a spreadsheet would run as a formula is quoted."""
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow(COLUMNS)
    for row in counted.rows:
        writer.writerow(_cell(value) for value in msgspec.structs.astuple(row))
    return file.getvalue()


def _cell(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA_STARTS) else value
