"""Reports: how an event sells, as JSON for programs and CSV for spreadsheets."""

from __future__ import annotations

from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta, Struct
from starlette.responses import Response

from gateway.http.box_office import BoxOffice
from gateway.http.csv_answer import CSV_MEDIA_TYPE, csv_response
from gateway.http.endpoints import (
    JSON_MEDIA_TYPE,
    Access,
    Answers,
    Call,
    Endpoint,
    Nothing,
    json_response,
)
from gateway.http.problems import Problem
from gateway.http.reports import COLUMNS, REPORTS, bookings, report
from gateway.http.resources import BookingRow, Bookings, Id, Report
from seatengine.limits import MAX_PAGE_BOOKINGS

_BOOKING_COLUMNS: Final = BookingRow.__struct_fields__


class ReportQuery(Struct, forbid_unknown_fields=True):
    """`format` wins over the Accept header."""

    format: Literal["json", "csv", ""] = ""


class BookingsQuery(Struct, forbid_unknown_fields=True):
    """`format` wins over the Accept header."""

    after: Id | None = None
    limit: Annotated[int, Meta(ge=1, le=MAX_PAGE_BOOKINGS)] = MAX_PAGE_BOOKINGS
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
            ),
            Endpoint(
                method="GET",
                path="/api/v1/events/{event_id}/bookings",
                operation="listBookings",
                tag="Reports",
                summary="List the bookings, for the door",
                description="In the order they were made, from tables that follow the sale within "
                "moments. A CSV that has more behind it says so in its Link header.",
                access=Access.ORGANIZER,
                handle=self.list_bookings,
                answers=[
                    Answers(
                        200,
                        "One page of bookings.",
                        {JSON_MEDIA_TYPE: Bookings, CSV_MEDIA_TYPE: str},
                    )
                ],
                parameters={
                    "after": "The `next` of the page before",
                    "limit": "How many bookings at most",
                    "format": "csv for a spreadsheet, json otherwise; wins over Accept",
                },
            ),
        ]

    async def get_report(self, call: Call[Nothing, ReportQuery]) -> Response:
        row = await self._box_office.own_event(call.path["event_id"], call.organizer)
        by = call.path["by"]
        if by not in REPORTS:
            raise Problem("not-found", f"There is no report {by!r}; try {', '.join(REPORTS)}.")
        counted = await report(self._box_office.catalog, row.id, row.currency, by)
        if not call.wants_csv(call.query.format):
            return json_response(counted)
        rows = map(msgspec.structs.astuple, counted.rows)
        return csv_response(COLUMNS, rows, f"{row.id}-{by}.csv")

    async def list_bookings(self, call: Call[Nothing, BookingsQuery]) -> Response:
        row = await self._box_office.own_event(call.path["event_id"], call.organizer)
        query = call.query
        found = await bookings(
            self._box_office.catalog, row.id, after=query.after, most=query.limit + 1
        )
        page = found[: query.limit]
        more = page[-1].booking if len(found) > query.limit else None
        if not call.wants_csv(query.format):
            return json_response(Bookings(page, more))
        answer = csv_response(_BOOKING_COLUMNS, map(_booking_cells, page), f"{row.id}-bookings.csv")
        if more is not None:
            answer.headers["Link"] = f'<?format=csv&limit={query.limit}&after={more}>; rel="next"'
        return answer


def _booking_cells(row: BookingRow) -> tuple[object, ...]:
    booked_at = row.booked_at.isoformat(timespec="seconds")
    places = ", ".join(row.places)
    return row.booking, row.name, row.email, places, row.total, row.currency, booked_at
