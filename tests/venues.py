"""Small venues that have one of everything, for tests that must be readable and fast."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from seatengine.chart.chart import (
    Area,
    Booth,
    Category,
    Chart,
    Ellipse,
    Point,
    Rectangle,
    Row,
    Seat,
    Section,
    Table,
)
from seatengine.chart.seat_table import SeatTable, build
from seatengine.core.policy import Tariff

STALLS, BALCONY = 0, 1
GOLD, SILVER, STANDING = 0, 1, 2
TARIFF = Tariff("EUR", (9_000, 5_000, 2_500))

# Groups of `pocket`, in the order of its SeatTable.
ROW_A, ROW_B, ROW_C, ROW_D, ROUND, SHARED, BOOTH, FLOOR, LOUNGE = range(9)

A = range(0, 8)
"""Row A, an aisle between A4 and A5."""
B = range(8, 16)
"""Row B, no aisle."""
C = range(16, 22)
"""Balcony row C: C1 and C2 accessible, C3 a companion seat."""
D = range(22, 28)
"""Balcony row D, cheaper."""
ROUND_SEATS = range(28, 32)
"""A table sold only as a whole."""
SHARED_SEATS = range(32, 36)
"""A table sold by the seat."""
GONE = 36
"""An index whose seat was removed from the chart."""
BOOTH_PLACE = 37
FLOOR_PLACES = range(38, 44)
"""General admission for six; indexes 44 and 45 were taken away from it."""
LOUNGE_PLACES = range(46, 49)
"""An area sold only as a whole."""
POCKET_SIZE = 49


def seats(
    first: int, xs: Sequence[float], y: float, category: str, **marks: Sequence[int]
) -> tuple[Seat, ...]:
    """Seats labelled 1, 2, ... at `xs`; `accessible=(0,)` marks the first one so."""
    return tuple(
        Seat(
            id=f"s{first + i}",
            index=first + i,
            label=str(i + 1),
            x=x,
            y=y,
            category=category,
            accessible=i in marks.get("accessible", ()),
            companion=i in marks.get("companion", ()),
            restricted_view=i in marks.get("restricted_view", ()),
        )
        for i, x in enumerate(xs)
    )


@cache
def pocket_chart() -> Chart:
    """49 indexes with one of everything; a stage at the top middle."""
    aisle = (0.0, 10.0, 20.0, 30.0, 60.0, 70.0, 80.0, 90.0)
    even = tuple(10.0 * i for i in range(8))
    six = tuple(10.0 * i for i in range(6))
    return Chart(
        name="Pocket",
        width=200.0,
        height=200.0,
        focal_point=Point(45.0, 0.0),
        next_index=POCKET_SIZE,
        categories=(
            Category("gold", "Gold", "#c90", 9_000),
            Category("silver", "Silver", "#999", 5_000),
            Category("standing", "Standing", "#369", 2_500),
        ),
        sections=(Section("st", "Stalls"), Section("ba", "Balcony")),
        rows=(
            Row("ra", "A", seats(0, aisle, 20.0, "gold"), section="st"),
            Row("rb", "B", seats(8, even, 30.0, "gold", restricted_view=(7,)), section="st"),
            Row(
                "rc",
                "C",
                seats(16, six, 60.0, "silver", accessible=(0, 1), companion=(2,)),
                section="ba",
            ),
            Row("rd", "D", seats(22, six, 70.0, "silver"), section="ba"),
        ),
        tables=(
            Table(
                "tr",
                "Round",
                Ellipse(Point(120.0, 30.0), 8.0, 8.0),
                seats(28, (112.0, 120.0, 128.0, 120.0), 30.0, "gold"),
                booking="whole",
                section="st",
            ),
            Table(
                "ts",
                "Shared",
                Ellipse(Point(120.0, 60.0), 8.0, 8.0),
                seats(32, (112.0, 116.0, 124.0, 128.0), 60.0, "silver"),
                section="st",
            ),
        ),
        booths=(
            Booth("b1", BOOTH_PLACE, "Booth", Rectangle(Point(150.0, 60.0), 10.0, 10.0), "silver"),
        ),
        areas=(
            Area(
                "af",
                "Floor",
                Rectangle(Point(45.0, 120.0), 80.0, 30.0),
                "standing",
                6,
                ((38, 8),),
            ),
            Area(
                "al",
                "Lounge",
                Rectangle(Point(150.0, 120.0), 30.0, 30.0),
                "standing",
                3,
                ((46, 3),),
                booking="whole",
            ),
        ),
    )


@cache
def pocket() -> SeatTable:
    return build(pocket_chart())


def hall_chart(rows: int, width: int, *, accessible: Sequence[int] = ()) -> Chart:
    """A plain hall: `rows` rows of `width` seats without aisles, front rows nearest the stage."""
    return Chart(
        name=f"Hall {rows} x {width}",
        width=10.0 * width,
        height=10.0 * rows + 30.0,
        focal_point=Point(5.0 * width, 0.0),
        next_index=rows * width,
        categories=(Category("gold", "Gold", "#c90", 9_000), Category("silver", "Silver", "#999")),
        sections=(Section("st", "Stalls"), Section("ba", "Balcony")),
        rows=tuple(
            Row(
                f"r{r}",
                chr(ord("A") + r),
                seats(
                    r * width,
                    [10.0 * i for i in range(width)],
                    20.0 + 10.0 * r,
                    "gold" if r < rows // 2 else "silver",
                    accessible=[i - r * width for i in accessible],
                ),
                section="st" if r < rows // 2 else "ba",
            )
            for r in range(rows)
        ),
    )
