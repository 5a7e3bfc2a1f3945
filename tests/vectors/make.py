"""The shared vectors: packed bytes and what they say, which Python and TypeScript both are held to.

`python -m tests.vectors.make` writes tile_forms.json and zone_forms.json anew; tests on either side
read them. test_tile_forms.py and test_zone_forms.py in tests/gateway/live fail when the files are
not what this makes.

tile_forms.json
    entries       [{name, sizes, counted, packed_hex, tiles}]; a tile is {tile, offsets, statuses}
                  or {tile, left}
    bad_entries   [{name, sizes, counted, packed_hex}]: to be refused as a whole
    tile_runs     [{name, tiles, runs_hex}]
    bad_tile_runs [{name, count, runs_hex}]: `count` is how many tiles there are
    tile_columns  [{name, tile_of, runs_hex}]: ChartView.tile
zone_forms.json
    zones         [{name, categories, packed_hex, zones}]; a zone is {zone, left, fit}
    bad_zones     [{name, categories, packed_hex}]
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Any, Final

import msgspec
import numpy as np

from gateway.live.chart_view import chart_view
from gateway.live.tile_forms import (
    BITMAP,
    LIST,
    RUNS,
    WHOLE,
    changed_entry,
    counted_entry,
    pack_statuses,
    smallest_entry,
    tile_runs,
    varint,
    whole_entry,
)
from gateway.live.zone_forms import ZoneLeft, pack_zones
from seatengine.chart import seat_table
from seatengine.chart.tiles import TileMap
from tests import venues

FOLDER: Final = Path(__file__).parent
Case = dict[str, Any]


def listed(offsets: Sequence[int], statuses: Sequence[int]) -> bytes:
    """The body of a LIST."""
    return bytes(o | s << 6 for o, s in zip(offsets, statuses, strict=True))


def head(tile: int, form: int, n: int = 1) -> bytes:
    return varint(tile) + bytes((form | n - 1 << 2,))


def array(statuses: Sequence[int]) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    return np.array(statuses, np.uint8)


def seats(tile: int, offsets: Sequence[int], statuses: Sequence[int]) -> Case:
    return {"tile": tile, "offsets": list(offsets), "statuses": list(statuses)}


def entries() -> list[Case]:
    """Every form, every size, and the bounds of each number."""
    rng = Random(41)
    cases: list[Case] = []

    def add(
        name: str, sizes: list[int], counted: list[int], told: list[tuple[bytes, Case]]
    ) -> None:
        cases.append(
            {
                "name": name,
                "sizes": sizes,
                "counted": [t in counted for t in range(len(sizes))],
                "packed_hex": b"".join(packed for packed, _ in told).hex(),
                "tiles": [tile for _, tile in told],
            }
        )

    every_size = list(range(1, 65))
    add("nothing", [4], [], [])
    for form in ("changed", "whole", "smallest"):
        for share in (0.02, 0.2, 0.9):
            told = []
            for tile, size in enumerate(every_size):
                statuses = [rng.randrange(4) if rng.random() < share else 0 for _ in range(size)]
                offsets = sorted(rng.sample(range(size), max(1, round(size * share))))
                changed = [statuses[o] for o in offsets]
                all_of_it = seats(tile, range(size), statuses)
                some = seats(tile, offsets, changed)
                body = listed(offsets, changed)
                if form == "changed":
                    told.append((changed_entry(tile, size, body), some))
                elif form == "whole":
                    told.append((whole_entry(tile, array(statuses)), all_of_it))
                else:
                    packed = smallest_entry(tile, array(statuses), body)
                    is_some = packed == changed_entry(tile, size, body)
                    told.append((packed, some if is_some else all_of_it))
            add(f"{form} of every size, {share:.0%}", every_size, [], told)
    for status in range(4):
        told = [
            (whole_entry(tile, array([status] * size)), seats(tile, range(size), [status] * size))
            for tile, size in enumerate(every_size)
        ]
        add(f"one run of {status} of every size", every_size, [], told)
    full = list(range(64))
    mixed = [o % 4 for o in full]
    add("list of one, the last", [64], [], [(head(0, LIST) + b"\xff", seats(0, [63], [3]))])
    add(
        "list of 64",
        [64],
        [],
        [(head(0, LIST, 64) + listed(full, mixed), seats(0, full, mixed))],
    )
    add(
        "runs of 64",
        [64],
        [],
        [(head(0, RUNS, 64) + listed([0] * 64, mixed), seats(0, full, mixed))],
    )
    add("bitmap of none", [9], [], [(head(0, BITMAP) + b"\0\0", seats(0, [], []))])
    add(
        "bitmap of all",
        [64],
        [],
        [(head(0, BITMAP) + b"\xff" * 8 + pack_statuses(array(mixed)), seats(0, full, mixed))],
    )
    add(
        "the other bits of a bitmap's and a whole's head say nothing",
        [5],
        [],
        [
            (head(0, BITMAP, 64) + b"\x11\x0d", seats(0, [0, 4], [1, 3])),
            (head(0, WHOLE, 64) + b"\xe4\x02", seats(0, range(5), [0, 1, 2, 3, 2])),
        ],
    )
    counts = [0, 1, 127, 128, 16_383, 16_384, 250_000, (1 << 31) - 1]
    add(
        "counts",
        [1] * len(counts),
        list(range(len(counts))),
        [(counted_entry(t, left), {"tile": t, "left": left}) for t, left in enumerate(counts)],
    )
    far = [0, 127, 128, 255, 299]
    add(
        "high numbers, areas among seats",
        [3 if t % 2 else 5_000 for t in range(300)],
        list(range(0, 300, 2)),
        [
            (changed_entry(t, 3, b"\x42"), seats(t, [2], [1]))
            if t % 2
            else (counted_entry(t, t), {"tile": t, "left": t})
            for t in far
        ],
    )
    return cases


def bad_entries() -> list[Case]:
    bad = {
        "a tile that is not there": ([4, 4], head(2, LIST) + b"\0"),
        "a number without its end": ([4], b"\x80"),
        "a number of six bytes": ([4], b"\x80" * 5 + b"\0"),
        "no head": ([4], b"\0"),
        "a list that ends early": ([4], head(0, LIST, 2) + b"\0"),
        "a list beyond the tile": ([4], head(0, LIST) + b"\4"),
        "runs that end early": ([4], head(0, RUNS, 2) + b"\1"),
        "runs too short": ([4], head(0, RUNS) + b"\2"),
        "runs too long": ([4], head(0, RUNS) + b"\4"),
        "a bitmap that ends early": ([9], head(0, BITMAP) + b"\1"),
        "a bitmap without its statuses": ([9], head(0, BITMAP) + b"\1\0"),
        "a bitmap beyond the tile": ([9], head(0, BITMAP) + b"\0\2\0"),
        "a whole that ends early": ([5], head(0, WHOLE) + b"\0"),
    }
    cases = [
        {"name": name, "sizes": sizes, "counted": [False] * len(sizes), "packed_hex": packed.hex()}
        for name, (sizes, packed) in bad.items()
    ]
    area: Case = {"sizes": [500], "counted": [True]}
    cases += [
        {"name": "a count that ends early", **area, "packed_hex": b"\0\x80".hex()},
        {"name": "an area without its count", **area, "packed_hex": b"\0".hex()},
    ]
    return cases


def runs() -> list[Case]:
    rng = Random(42)
    chosen = {
        "none": [],
        "the first": [0],
        "one far away": [20_000],
        "all of 64": list(range(64)),
        "all of 200": list(range(200)),
        "every second": list(range(0, 40, 2)),
        "two runs": [*range(5), *range(130, 300)],
        "any": sorted(rng.sample(range(400), 150)),
    }
    return [
        {"name": name, "tiles": tiles, "runs_hex": tile_runs(sum(1 << t for t in tiles)).hex()}
        for name, tiles in chosen.items()
    ]


def bad_runs() -> list[Case]:
    return [
        {"name": "one tile too many", "count": 8, "runs_hex": (varint(4) + varint(5)).hex()},
        {"name": "far too many", "count": 8, "runs_hex": (varint(0) + varint(1 << 34)).hex()},
        {"name": "left out beyond the end", "count": 8, "runs_hex": (varint(9) + b"\0").hex()},
        {"name": "half a run", "count": 8, "runs_hex": varint(4).hex()},
        {"name": "a number without its end", "count": 8, "runs_hex": "80"},
        {"name": "a number of six bytes", "count": 8, "runs_hex": "808080808000"},
    ]


def columns() -> list[Case]:
    charts = {
        "one of everything": venues.pocket_chart(),
        "a hall of three rows": venues.hall_chart(3, 70),
        "a hall of twelve rows": venues.hall_chart(12, 35),
    }
    cases = []
    for name, chart in charts.items():
        table = seat_table.build(chart)
        view = chart_view(chart, table)
        tile_of = TileMap(table).tile_of.tolist()
        cases.append({"name": name, "tile_of": tile_of, "runs_hex": view.tile.hex()})
    return cases


def zones() -> list[Case]:
    rng = Random(43)
    cases: list[Case] = []

    def add(name: str, categories: list[int], told: list[ZoneLeft]) -> None:
        cases.append(
            {
                "name": name,
                "categories": categories,
                "packed_hex": pack_zones(told).hex(),
                "zones": [msgspec.to_builtins(zone) for zone in told],
            }
        )

    none = [0] * 8
    add("nothing", [1, 2], [])
    add("sold out", [1], [ZoneLeft(0, [0], none)])
    add("a zone without categories among others", [1, 0, 2], [ZoneLeft(2, [4, 0], [4, *none[1:]])])
    bounds = [0, 1, 127, 128, 16_383, 16_384, 250_000]
    add("bounds of a count", [len(bounds)], [ZoneLeft(0, bounds, none)])
    add("fit of a thousand for all sizes", [1], [ZoneLeft(0, [8_000], [1_000] * 8)])
    add(
        "fit that falls at each step", [1], [ZoneLeft(0, [800], [800, 400, 200, 100, 50, 20, 5, 1])]
    )
    for k in range(8):
        fit = [300] * (k + 1) + [0] * (7 - k)
        add(f"room for parties up to {k + 1}", [1], [ZoneLeft(0, [2_400], fit)])
    categories = [rng.randrange(5) for _ in range(400)]
    for share in (0.05, 1.0):
        told = []
        for zone, count in enumerate(categories):
            if rng.random() < share:
                left = [rng.choice((0, 3, 70, 900)) for _ in range(count)]
                fit = sorted((rng.choice((0, 1, 5, 60, 200)) for _ in range(8)), reverse=True)
                told.append(ZoneLeft(zone, left, fit))
        add(f"{len(told)} zones of 400", categories, told)
    return cases


def bad_zones() -> list[Case]:
    bad: dict[str, tuple[list[int], bytes]] = {
        "a zone that is not there": ([1, 1], varint(2) + b"\0\0"),
        "a number without its end": ([1], b"\x80"),
        "a zone without its counts": ([2], varint(0) + b"\1"),
        "a zone without its fit": ([1], varint(0) + b"\1"),
        "a fit that ends early": ([1], varint(0) + b"\1\3\5"),
        "fewer than none": ([1], varint(0) + b"\1\3\5\6"),
    }
    return [
        {"name": name, "categories": categories, "packed_hex": packed.hex()}
        for name, (categories, packed) in bad.items()
    ]


def made() -> dict[str, str]:
    """File name -> text."""
    files: dict[str, dict[str, list[Case]]] = {
        "tile_forms.json": {
            "entries": entries(),
            "bad_entries": bad_entries(),
            "tile_runs": runs(),
            "bad_tile_runs": bad_runs(),
            "tile_columns": columns(),
        },
        "zone_forms.json": {"zones": zones(), "bad_zones": bad_zones()},
    }
    return {name: _text(groups) for name, groups in files.items()}


def _text(groups: dict[str, list[Case]]) -> str:
    """JSON with a case on each line."""
    parts = []
    for name, cases in groups.items():
        lines = ",\n".join("    " + json.dumps(case, separators=(",", ":")) for case in cases)
        parts.append(f"  {json.dumps(name)}: [\n{lines}\n  ]")
    return "{\n" + ",\n".join(parts) + "\n}\n"


if __name__ == "__main__":
    for file, text in made().items():
        (FOLDER / file).write_text(text)
