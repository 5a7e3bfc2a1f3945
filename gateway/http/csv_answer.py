"""CSV for spreadsheets: RFC 4180, UTF-8, and nothing in it that a spreadsheet would run."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Final

from starlette.responses import Response

CSV_MEDIA_TYPE: Final = "text/csv"

# Spreadsheets take a cell that begins with one of these for a formula.
_FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r")


def csv_response(
    columns: Sequence[str], rows: Iterable[Iterable[object]], file_name: str
) -> Response:
    """A file to download. `file_name` must be plain ASCII without quotes."""
    return Response(
        csv_text(columns, rows),
        media_type=CSV_MEDIA_TYPE,
        headers={
            "Cache-Control": "no-store",
            "Content-Disposition": f'attachment; filename="{file_name}"',
        },
    )


def csv_text(columns: Sequence[str], rows: Iterable[Iterable[object]]) -> str:
    """A header line and a line for each row."""
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow(columns)
    for row in rows:
        writer.writerow(_cell(value) for value in row)
    return file.getvalue()


def _cell(value: object) -> object:
    """A quote before text keeps it text; it is what spreadsheets themselves write."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA_STARTS) else value
