"""Reading chart files: from bytes to a checked chart and its seat table."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated, Final

import msgspec
from cyclopts import Parameter
from cyclopts.validators import Number

from benchmarks import venue
from benchmarks.process import served_like
from benchmarks.report import finish, median, say
from seatengine.chart.exporters import write_chart
from seatengine.chart.importers import read_chart
from seatengine.chart.seat_table import build

SAMPLES: Final = Path(__file__).parents[2] / "shared" / "data" / "charts"
"""Real plans, where a checkout has them beside it."""


class ImportedFile(msgspec.Struct, frozen=True):
    file: str
    bytes: int
    seats: int
    s: float


class ImportResult(msgspec.Struct, frozen=True):
    """`seats` and `s` are those of the largest file; seconds are medians over the rounds."""

    seats: int
    s: float
    files: list[ImportedFile]


def import_chart(
    *,
    seats: Annotated[int, Parameter(validator=Number(gte=100, lte=120_000))] = venue.SEATS,
    rounds: Annotated[int, Parameter(validator=Number(gte=1, lte=100))] = 5,
    json: bool = False,
) -> ImportResult:
    """Reading the largest chart files, from bytes to a checked chart and its seat table.

    The files are a generated stadium in Seat Engine's own format and as a seats.io drawing, and the
    largest real plan where the sample charts lie beside this checkout.

    Parameters
    ----------
    seats
        Size of the generated stadium.
    rounds
        How often each file is read.
    json
        Print the result as one JSON object on the last line.
    """
    files = {
        f"stadium, {form}": write_chart(venue.chart(seats), form)[0]
        for form in ("native", "seatsio")
    }
    largest = max(SAMPLES.glob("*/*.json"), key=_size, default=None)
    if largest is not None:
        files[largest.name] = largest.read_bytes()
    times_s: dict[str, list[float]] = {name: [] for name in files}
    sizes: dict[str, int] = {}
    for number in range(1, rounds + 1):
        for name, data in files.items():
            with served_like():
                begun_s = time.perf_counter()
                sizes[name] = build(read_chart(data).chart).size
                times_s[name].append(time.perf_counter() - begun_s)
        said = ", ".join(f"{name} {found[-1]:.3f} s" for name, found in times_s.items())
        say(f"round {number} of {rounds}: {said}")
    read = [
        ImportedFile(name, len(data), sizes[name], round(median(times_s[name]), 3))
        for name, data in files.items()
    ]
    most = max(read, key=lambda file: (file.seats, file.bytes))
    result = ImportResult(most.seats, most.s, read)
    finish(result, json=json)
    return result


def _size(path: Path) -> int:
    return path.stat().st_size
