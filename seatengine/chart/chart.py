"""The Chart: a venue's bookable places and what is drawn around them, as frozen plain data.

Objects stand in flat tuples and name each other by id, so that one edit touches one object.
Coordinates are absolute within their floor, in chart units: x to the right, y down; angles are
degrees, clockwise. Money is integer minor units. Every place carries its SeatIndex for life: a
chart that drops a place never gives its index to another (`Chart.next_index` only grows).
"""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import blake2b
from typing import Literal

import msgspec

from seatengine.ids import ChartHash


class Point(msgspec.Struct, frozen=True, array_like=True):
    x: float
    y: float


class Polygon(msgspec.Struct, frozen=True, tag="polygon"):
    """A closed outline; the last point joins the first."""

    points: tuple[Point, ...]


class Rectangle(msgspec.Struct, frozen=True, tag="rectangle"):
    center: Point
    width: float
    height: float
    rotation: float = 0.0
    corner_radius: float = 0.0


class Ellipse(msgspec.Struct, frozen=True, tag="ellipse"):
    center: Point
    radius_x: float
    radius_y: float
    rotation: float = 0.0


Shape = Polygon | Rectangle | Ellipse


class Category(msgspec.Struct, frozen=True):
    """What a place costs and how it is coloured. `price` is the list price in minor units."""

    key: str
    label: str
    color: str
    price: int = 0
    accessible: bool = False


class Zone(msgspec.Struct, frozen=True):
    """A part of a venue with a focal point of its own, such as one stand of a race track."""

    id: str
    label: str
    focal_point: Point | None = None


class Floor(msgspec.Struct, frozen=True):
    id: str
    label: str


class Section(msgspec.Struct, frozen=True):
    """A named block of rows. `outline` is what the far view draws; None derives it from seats."""

    id: str
    label: str
    outline: Polygon | None = None
    zone: str = ""
    floor: str = ""
    category: str = ""
    entrance: str = ""
    label_rotation: float = 0.0
    label_size: float = 0.0


class Seat(msgspec.Struct, frozen=True):
    """One chair. `label` is its own part of the full label: "12" in "Stalls-B-12"."""

    id: str
    index: int
    label: str
    x: float
    y: float
    category: str
    accessible: bool = False
    companion: bool = False
    semi_ambulatory: bool = False
    restricted_view: bool = False
    entrance: str = ""
    display_label: str = ""
    radius: float = 0.0


class Row(msgspec.Struct, frozen=True):
    """Seats side by side, in order; neighbours sit together unless an aisle parts them."""

    id: str
    label: str
    seats: tuple[Seat, ...]
    section: str = ""
    floor: str = ""
    display_label: str = ""
    curve: float = 0.0


class Table(msgspec.Struct, frozen=True):
    """Seats around a table, booked by seat, only as a whole, or whole by a party of min to max."""

    id: str
    label: str
    shape: Ellipse | Rectangle
    seats: tuple[Seat, ...]
    booking: Literal["seats", "whole", "variable"] = "seats"
    min_occupancy: int = 0
    max_occupancy: int = 0
    section: str = ""
    floor: str = ""
    open_spaces: int = 0


class Booth(msgspec.Struct, frozen=True):
    """A stand or box sold as one place."""

    id: str
    index: int
    label: str
    shape: Shape
    category: str
    section: str = ""
    floor: str = ""


class Area(msgspec.Struct, frozen=True):
    """General admission: `capacity` interchangeable places.

    `indexes` are (first, count) runs of SeatIndex; their counts add up to at least `capacity`
    (an area that was made smaller keeps its indexes; the surplus ones are retired).
    """

    id: str
    label: str
    shape: Shape
    category: str
    capacity: int
    indexes: tuple[tuple[int, int], ...]
    booking: Literal["places", "whole", "variable"] = "places"
    min_occupancy: int = 0
    max_occupancy: int = 0
    section: str = ""
    floor: str = ""


class Decoration(msgspec.Struct, frozen=True):
    """Drawn, never sold: the stage, a bar, an exit, a text, a wall."""

    id: str
    kind: Literal[
        "stage", "shape", "text", "icon", "line", "screen", "exit", "bar", "stairs", "toilets"
    ]
    shape: Shape
    text: str = ""
    fill: str = ""
    stroke: str = ""
    text_size: float = 0.0
    icon: str = ""
    section: str = ""
    floor: str = ""
    foreground: bool = False


class Chart(msgspec.Struct, frozen=True):
    """A whole venue. `next_index` is one above the highest SeatIndex ever given."""

    name: str
    width: float
    height: float
    categories: tuple[Category, ...]
    next_index: int
    zones: tuple[Zone, ...] = ()
    floors: tuple[Floor, ...] = ()
    sections: tuple[Section, ...] = ()
    rows: tuple[Row, ...] = ()
    tables: tuple[Table, ...] = ()
    booths: tuple[Booth, ...] = ()
    areas: tuple[Area, ...] = ()
    decorations: tuple[Decoration, ...] = ()
    focal_point: Point | None = None


def seats_of(chart: Chart) -> Iterator[Seat]:
    """Every chair of the chart, rows first and then tables. Booths and areas have none."""
    for row in chart.rows:
        yield from row.seats
    for table in chart.tables:
        yield from table.seats


_encoder = msgspec.msgpack.Encoder(order="deterministic")
_decoder = msgspec.msgpack.Decoder(Chart)


def encode_chart(chart: Chart) -> bytes:
    """The chart's canonical bytes (msgpack); equal charts give equal bytes."""
    # A whole number in a float field is written as an integer, and read back as a float: only
    # what was read once is canonical.
    return _encoder.encode(_decoder.decode(_encoder.encode(chart)))


def decode_chart(data: bytes) -> Chart:
    """The chart of `encode_chart`. Raises msgspec.DecodeError on anything else."""
    return _decoder.decode(data)


def chart_hash(chart: Chart) -> ChartHash:
    """The chart's content address."""
    return ChartHash(blake2b(encode_chart(chart), digest_size=16).hexdigest())
