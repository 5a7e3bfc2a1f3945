"""`seatengine import`, `export` and `generate`: charts in, out, and made up."""

from __future__ import annotations

import asyncio
import secrets
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, TextIO

from cyclopts import Parameter

from gateway.cli.options import StoreOptions
from gateway.cli.store import open_catalog
from seatengine.chart.chart import Chart
from seatengine.chart.exporters import write_chart
from seatengine.chart.importers import Finding, Imported, read_chart
from seatengine.chart.seat_table import RETIRED, SeatTable, build
from seatengine.errors import SeatEngineError

if TYPE_CHECKING:
    from collections.abc import Sequence

DEFAULT_ORGANIZER = "house"


class FileTrouble(SeatEngineError):
    """A file cannot be read or written."""

    code = "file-trouble"


class UnknownChart(SeatEngineError):
    """No such chart in this installation."""

    code = "unknown-chart"


def import_(
    file: Path,
    /,
    *,
    dry_run: bool = False,
    name: str = "",
    organizer: str = DEFAULT_ORGANIZER,
    store: StoreOptions | None = None,
) -> int:
    """Read a seat plan, report what it holds, and keep it as a chart.

    Known are seats.io drawings, pretix seating plans and Seat Engine's own format. A file is kept
    whole or not at all; what it says and a chart cannot is named in the report.

    For example:

        seatengine import hall.json --dry-run
        seatengine import hall.json --name "Great hall"

    Parameters
    ----------
    file
        The seat plan.
    dry_run
        Only report; keep nothing.
    name
        The chart's name, if not the file's own.
    organizer
        Whose chart it is.
    """
    imported = read_chart(_read(file))
    table = build(imported.chart)
    _print_report(file, imported, table)
    if dry_run:
        print("A dry run: nothing was kept.")
        return 0
    chart_id = asyncio.run(_keep(imported, table, name, organizer, store or StoreOptions()))
    print(f"Kept as chart {chart_id}. Put it on sale with:")
    print(
        f'    seatengine event create {chart_id} "Opening night" --starts-at 2027-03-01T19:30+01:00'
    )
    return 0


async def _keep(
    imported: Imported, table: SeatTable, name: str, organizer: str, options: StoreOptions
) -> str:
    async with open_catalog(options.settings()) as catalog:
        await catalog.add_organizer(organizer, organizer)
        chart_id = f"ch_{secrets.token_hex(8)}"
        kept = name or imported.chart.name or "Untitled"
        await catalog.add_chart(chart_id, organizer, kept, imported.chart, table)
    return chart_id


def export(
    chart: str,
    /,
    *,
    to: Annotated[Literal["native", "seatsio", "pretix"], Parameter(name="--format")] = "native",
    output: Annotated[Path | None, Parameter(name=["--output", "-o"])] = None,
    store: StoreOptions | None = None,
) -> int:
    """Write a chart as a file, in any format that import reads.

    For example:

        seatengine export ch_5b1e0c2a -o hall.json
        seatengine export ch_5b1e0c2a --format seatsio -o drawing.json

    Parameters
    ----------
    chart
        A chart's id, as import printed it.
    to
        Only Seat Engine's own format, native, can say everything.
    output
        The file to write; standard output if not given.
    """
    data, report = write_chart(asyncio.run(_chart(chart, store or StoreOptions())), to)
    _write(output, data)
    _print_findings(report, sys.stderr if output is None else sys.stdout)
    return 0


async def _chart(chart_id: str, options: StoreOptions) -> Chart:
    async with open_catalog(options.settings()) as catalog:
        row = await catalog.chart(chart_id)
        chart = await catalog.chart_content(row.hash) if row else None
    if chart is None:
        raise UnknownChart(
            f"there is no chart {chart_id!r} here; `seatengine import` prints a chart's id"
        )
    return chart


def generate(
    kind: Literal["theatre", "arena", "stadium"],
    /,
    *,
    seats: int,
    output: Annotated[Path | None, Parameter(name=["--output", "-o"])] = None,
) -> int:
    """Make up a venue and write it as a file that import reads.

    Tiers, curved sections, aisles, and rows that follow the bowl; up to 120,000 seats.

    For example:

        seatengine generate theatre --seats 900 -o hall.json
        seatengine generate stadium --seats 60000 -o bowl.json

    Parameters
    ----------
    kind
        What to build.
    seats
        How many seats, about: the geometry decides the last few.
    output
        The file to write; standard output if not given.
    """
    from seatengine.chart.generate import generate as build_venue

    chart = build_venue(kind, seats)
    data, _ = write_chart(chart, "native")
    _write(output, data)
    if output is not None:
        print(f"{output}: {chart.name}, {chart.next_index:,} places.")
    return 0


def _print_report(file: Path, imported: Imported, table: SeatTable) -> None:
    chart = imported.chart
    places = int(((table.flags & RETIRED) == 0).sum())
    print(f"{file}: {chart.name or 'no name'} ({imported.format}), {places:,} places")
    print(
        f"    {len(chart.sections)} sections, {len(chart.rows)} rows, {len(chart.tables)} tables,"
        f" {len(chart.booths)} booths, {len(chart.areas)} areas, {len(chart.categories)} categories"
    )
    _print_findings(imported.report, sys.stdout)


def _print_findings(report: Sequence[Finding], to: TextIO) -> None:
    for finding in report:
        times = f" ({finding.count} times)" if finding.count > 1 else ""
        print(f"    {finding.code}: {finding.text}{times}, first at {finding.place}", file=to)


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise FileTrouble(f"cannot read {file}: {error.strerror}") from error


def _write(output: Path | None, data: bytes) -> None:
    if output is None:
        sys.stdout.buffer.write(data)
        return
    try:
        output.write_bytes(data)
    except OSError as error:
        raise FileTrouble(f"cannot write {output}: {error.strerror}") from error
