"""What viewers must see of a small house, counted place by place."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from gateway.live import wire
from gateway.live.chart_view import chart_view
from gateway.live.sight import Sight, TileIndex
from seatengine.chart.chart import (
    Area,
    Booth,
    Category,
    Chart,
    Ellipse,
    Floor,
    Point,
    Rectangle,
    Row,
    Section,
    Table,
)
from seatengine.chart.seat_table import ACCESSIBLE, COMPANION, GroupKind, SeatTable, build
from seatengine.chart.seat_table import RETIRED as GONE
from seatengine.chart.tiles import tiles_of
from seatengine.core.party_fit import PARTY_SIZES
from seatengine.core.policy import SalePolicy
from tests.gateway.live.pipe import server_frames
from tests.venues import seats

ROOMY = SalePolicy(max_per_hold=200, max_per_holder=1000, max_holds_per_holder=100)

EVERYWHERE = wire.Look(-1e6, -1e6, 1e6, 1e6, 1.0)
"""All of the chart from near by: tiles without zones."""
FAR_OUT = wire.Look(-1e6, -1e6, 1e6, 1e6, 0.01)
"""All of the chart from where a seat is less than a pixel: zones alone."""


@cache
def house_chart() -> Chart:
    """A house of 290 indexes: three sections on two floors, an area, tables, a booth of no section,
    an aisle, seats that are gone. Rows are long enough for several tiles a section."""
    wide = [10.0 * i for i in range(40)]
    aisle = [10.0 * i + (30.0 if i >= 8 else 0.0) for i in range(16)]
    rows = [
        Row(f"a{r}", "ABCD"[r], seats(40 * r, wide, 20.0 + 10 * r, "gold"), section="st")
        for r in range(3)
    ]
    rows += [
        Row(
            f"b{r}",
            "EFGHI"[r],
            seats(120 + 16 * r, aisle, 200.0 + 10 * r, "silver", accessible=(0,), companion=(1,)),
            section="ba",
        )
        for r in range(5)
    ]
    rows.append(Row("u", "U", seats(200, wide[:30], 400.0, "gold"), section="up"))
    return Chart(
        name="House",
        width=800.0,
        height=600.0,
        focal_point=Point(200.0, 0.0),
        next_index=290,
        categories=(
            Category("gold", "Gold", "#c90", 9_000),
            Category("silver", "Silver", "#999", 5_000),
            Category("standing", "Standing", "#369", 2_500),
        ),
        floors=(Floor("g", "Ground"), Floor("u", "Upper")),
        sections=(
            Section("st", "Stalls", floor="g"),
            Section("ba", "Balcony", floor="u"),
            Section("up", "Upper", floor="u"),
        ),
        rows=tuple(rows),
        tables=(
            Table(
                "t1",
                "Shared",
                Ellipse(Point(600.0, 30.0), 8.0, 8.0),
                seats(230, (592.0, 596.0, 604.0, 608.0), 30.0, "silver"),
                section="st",
            ),
            Table(
                "t2",
                "Round",
                Ellipse(Point(600.0, 60.0), 8.0, 8.0),
                seats(234, (592.0, 596.0, 604.0, 608.0), 60.0, "gold"),
                booking="whole",
                section="st",
            ),
        ),
        booths=(Booth("bo", 240, "Booth", Rectangle(Point(700.0, 60.0), 10.0, 10.0), "silver"),),
        areas=(
            Area(
                "ar",
                "Floor",
                Rectangle(Point(200.0, 300.0), 80.0, 30.0),
                "standing",
                40,
                ((245, 25), (270, 20)),
                section="st",
            ),
        ),
    )


@cache
def house() -> SeatTable:
    return build(house_chart())


def sight_of(chart: Chart, table: SeatTable) -> Sight:
    """A viewer who has the chart and nothing else."""
    return Sight(TileIndex(chart_view(chart, table)), table.size)


def messages(frames: bytes) -> list[wire.ServerMessage]:
    """What ready frames say."""
    found, rest = server_frames(frames)
    assert rest == b""
    return [wire.decode_server_message(payload) for _, payload in found]


def hear(sight: Sight, frames: bytes) -> list[wire.ServerMessage]:
    """Take in ready frames; the messages they were."""
    told = messages(frames)
    for message in told:
        sight.take(message)
    return told


def shown(statuses: Iterable[int]) -> list[int]:
    """Statuses as viewers are told them."""
    return [min(status, 3) for status in statuses]


def zone_truth(table: SeatTable, statuses: bytes) -> dict[int, tuple[list[int], list[int]]]:
    """(places left by category that the zone has, party fit), by zone with any place, counted with
    loops over places."""
    left: dict[int, dict[int, int]] = {}
    fit: dict[int, list[int]] = {}
    zones = [int(s) if s >= 0 else len(table.sections) for s in table.section]
    for place, status in enumerate(statuses):
        if table.flags[place] & GONE:
            continue
        counts = left.setdefault(zones[place], {})
        fit.setdefault(zones[place], [0] * PARTY_SIZES)
        category = int(table.category[place])
        counts[category] = counts.get(category, 0) + (status == 0)
    run = 0
    for place in range(table.size):
        run += _seats_a_party(table, statuses, place)
        if not run:
            continue
        ends = place + 1 == table.size or not (
            table.link[place] and _seats_a_party(table, statuses, place + 1)
        )
        if ends:
            for k in range(min(run, PARTY_SIZES)):
                fit[zones[place]][k] += 1
            run = 0
    return {
        zone: ([counts[category] for category in sorted(counts)], fit[zone])
        for zone, counts in left.items()
    }


def _seats_a_party(table: SeatTable, statuses: bytes, place: int) -> bool:
    group = table.groups[int(table.group[place])] if table.group[place] >= 0 else None
    return (
        group is not None
        and group.kind in (GroupKind.ROW, GroupKind.TABLE)
        and not group.whole
        and not table.flags[place] & (GONE | ACCESSIBLE | COMPANION)
        and statuses[place] == 0
    )


class Truth:
    """What is so, in the forms that viewers are told it."""

    def __init__(self, table: SeatTable, statuses: bytes) -> None:
        self.statuses = shown(statuses)
        self.zones = zone_truth(table, statuses)
        self.left = [0] * len(table.categories)
        for place, status in enumerate(statuses):
            if status == 0 and not table.flags[place] & GONE:
                self.left[table.category[place]] += 1


def wrong(sight: Sight, table: SeatTable, statuses: bytes) -> list[str]:
    """What a viewer sees amiss of all it watches."""
    return unlike(sight, Truth(table, statuses))


def unlike(sight: Sight, truth: Truth) -> list[str]:
    """Where what a viewer watches is not as it shows it."""
    amiss = []
    so = truth.statuses
    tiles = sight.tiles
    for tile in tiles_of(sight.mask):
        places = tiles.places[tiles.starts[tile] : tiles.starts[tile + 1]].tolist()
        if tiles.counted[tile]:
            left = sum(so[place] == 0 for place in places)
            if sight.areas.get(tile) != left:
                amiss.append(f"area {tile} shows {sight.areas.get(tile)} left, {left} are")
            continue
        amiss += [
            f"place {place} shows {sight.statuses[place]}, is {so[place]}"
            for place in places
            if sight.statuses[place] != so[place]
        ]
    if sight.zones_told:
        told = {number: (zone.left, zone.fit) for number, zone in sight.zones.items()}
        if told != truth.zones:
            amiss.append(f"zones show {told}, are {truth.zones}")
    elif sight.left != truth.left:
        amiss.append(f"totals show {sight.left}, are {truth.left}")
    return amiss


def overclaimed(sight: Sight, statuses: bytes, changed_seq: list[int]) -> list[str]:
    """What the viewer would claim to know as of its seq though it does not: places that have not
    changed since, so that nobody would ever tell it. `changed_seq` is by place."""
    amiss = []
    so = shown(statuses)
    tiles = sight.tiles
    for tile in tiles_of(sight.known):
        places = tiles.places[tiles.starts[tile] : tiles.starts[tile + 1]].tolist()
        settled = [place for place in places if changed_seq[place] <= sight.seq]
        if not tiles.counted[tile]:
            amiss += [
                f"place {place} is {so[place]}, not {sight.statuses[place]}, as of {sight.seq}"
                for place in settled
                if sight.statuses[place] != so[place]
            ]
        elif settled == places and sight.areas.get(tile) != sum(so[p] == 0 for p in places):
            amiss.append(f"area {tile} has not {sight.areas.get(tile)} left as of {sight.seq}")
    return amiss
