"""The SeatTable: a chart as dense numpy columns by SeatIndex, which is all the core ever sees.

A *group* is the thing a place belongs to: a row, a table, a booth or an area. Places of a group
that sit side by side have consecutive indexes wherever a chart came from an importer or the
generator; `link[i]` says that place i and place i + 1 are neighbours with no aisle between them.
"""

from __future__ import annotations

import enum
from typing import Final

import msgspec
import numpy as np
import numpy.typing as npt

from seatengine.chart.chart import (
    Area,
    Booth,
    Chart,
    Point,
    Polygon,
    Row,
    Seat,
    Shape,
    Table,
    chart_hash,
    seats_of,
)
from seatengine.errors import BadChart
from seatengine.ids import ChartHash
from seatengine.limits import MAX_CATEGORIES, MAX_PLACES

U8 = npt.NDArray[np.uint8]
I32 = npt.NDArray[np.int32]
F32 = npt.NDArray[np.float32]

ACCESSIBLE: Final = 1
COMPANION: Final = 2
SEMI_AMBULATORY: Final = 4
RESTRICTED_VIEW: Final = 8
RETIRED: Final = 128

# An aisle parts two seats whose distance is more than this many times the row's usual spacing.
_AISLE_FACTOR: Final = 1.9
# A seat with a restricted view ranks as if it stood this many times further away.
_RESTRICTED_FACTOR: Final = 1.5
# A polygon with less than this area, in square chart units, is a line.
_FLAT: Final = 1e-9
_NO_RANK: Final = np.float32(3.4e38)


class GroupKind(enum.IntEnum):
    ROW = 0
    TABLE = 1
    BOOTH = 2
    AREA = 3


class Group(msgspec.Struct, frozen=True, array_like=True):
    """A row, table, booth or area. `first` and `count` span its places' indexes.

    `whole` groups are held and booked all at once. `section` is an index into
    `SeatTable.sections`, -1 for none. `runs` are the (first, count) index runs of an area.
    """

    id: str
    kind: GroupKind
    label: str
    section: int
    first: int
    count: int
    whole: bool
    runs: tuple[tuple[int, int], ...] = ()


class SectionName(msgspec.Struct, frozen=True, array_like=True):
    id: str
    label: str
    zone: str
    floor: str


class CategoryName(msgspec.Struct, frozen=True, array_like=True):
    key: str
    label: str
    color: str
    price: int


class _Packed(msgspec.Struct, array_like=True):
    chart_hash: str
    size: int
    groups: tuple[Group, ...]
    sections: tuple[SectionName, ...]
    categories: tuple[CategoryName, ...]
    seat_labels: str
    columns: dict[str, bytes]


class SeatTable:
    """Columns over `size` places.

    x, y: float32 chart units · section: int32, -1 for none · group: int32 index into `groups` ·
    category: uint8 index into `categories` · flags: uint8 of the constants above ·
    link: uint8 0/1 · rank: float32, distance to the focal point with penalties, lower is better.
    """

    __slots__ = (
        "categories",
        "category",
        "chart_hash",
        "flags",
        "group",
        "groups",
        "has_whole",
        "link",
        "rank",
        "seat_labels",
        "section",
        "sections",
        "size",
        "x",
        "y",
    )

    def __init__(
        self,
        *,
        chart_hash: ChartHash,
        size: int,
        groups: tuple[Group, ...],
        sections: tuple[SectionName, ...],
        categories: tuple[CategoryName, ...],
        seat_labels: list[str],
        columns: dict[str, npt.NDArray[np.generic]],
    ) -> None:
        self.chart_hash = chart_hash
        self.size = size
        self.groups = groups
        self.sections = sections
        self.categories = categories
        self.seat_labels = seat_labels
        self.x: F32 = columns["x"].astype(np.float32, copy=False)
        self.y: F32 = columns["y"].astype(np.float32, copy=False)
        self.section: I32 = columns["section"].astype(np.int32, copy=False)
        self.group: I32 = columns["group"].astype(np.int32, copy=False)
        self.category: U8 = columns["category"].astype(np.uint8, copy=False)
        self.flags: U8 = columns["flags"].astype(np.uint8, copy=False)
        self.link: U8 = columns["link"].astype(np.uint8, copy=False)
        self.rank: F32 = columns["rank"].astype(np.float32, copy=False)
        self.has_whole = any(g.whole for g in groups)

    def label(self, place: int) -> str:
        """The full label, "Stalls-B-12": unique in a valid chart."""
        group = self.groups[int(self.group[place])]
        section = self.sections[group.section].label if group.section >= 0 else ""
        seated = group.kind in (GroupKind.ROW, GroupKind.TABLE)
        parts = (section, group.label, self.seat_labels[place] if seated else "")
        return "-".join(filter(None, parts))

    def group_places(self, group_index: int) -> list[int]:
        """Every place of a group in order, retired ones left out."""
        group = self.groups[group_index]
        runs = group.runs or ((group.first, group.count),)
        flags = self.flags
        return [
            i
            for first, count in runs
            for i in range(first, first + count)
            if self.group[i] == group_index and not flags[i] & RETIRED
        ]

    def pack(self) -> bytes:
        """Bytes that `unpack` turns back into this table without touching the chart."""
        names = ("x", "y", "section", "group", "category", "flags", "link", "rank")
        return msgspec.msgpack.encode(
            _Packed(
                chart_hash=self.chart_hash,
                size=self.size,
                groups=self.groups,
                sections=self.sections,
                categories=self.categories,
                seat_labels="\n".join(self.seat_labels),
                columns={name: getattr(self, name).tobytes() for name in names},
            )
        )


_DTYPES: Final = {
    "x": np.float32,
    "y": np.float32,
    "section": np.int32,
    "group": np.int32,
    "category": np.uint8,
    "flags": np.uint8,
    "link": np.uint8,
    "rank": np.float32,
}


def unpack(data: bytes) -> SeatTable:
    """The table of `SeatTable.pack`. Raises msgspec.DecodeError on anything else."""
    packed = msgspec.msgpack.decode(data, type=_Packed)
    return SeatTable(
        chart_hash=ChartHash(packed.chart_hash),
        size=packed.size,
        groups=packed.groups,
        sections=packed.sections,
        categories=packed.categories,
        seat_labels=packed.seat_labels.split("\n") if packed.size else [],
        columns={k: np.frombuffer(v, _DTYPES[k]) for k, v in packed.columns.items()},
    )


def build(chart: Chart) -> SeatTable:
    """The dense columns of `chart`.

    Raises BadChart where an index is missing, shared or too high, a name is unknown, or there is
    too much of something; `checks.validate` finds all of that and more.
    """
    return _Builder(chart).build()


class _Builder:
    def __init__(self, chart: Chart) -> None:
        size = chart.next_index
        if not 0 <= size <= MAX_PLACES:
            raise BadChart("chart", f"{size} places are not between 0 and the {MAX_PLACES} allowed")
        if len(chart.categories) > MAX_CATEGORIES:
            raise BadChart("chart", f"more than {MAX_CATEGORIES} categories")
        self.chart = chart
        self.size = size
        self.categories = {c.key: i for i, c in enumerate(chart.categories)}
        self.sections = {s.id: i for i, s in enumerate(chart.sections)}
        self.groups: list[Group] = []
        self.x = np.zeros(size, np.float32)
        self.y = np.zeros(size, np.float32)
        self.section = np.full(size, -1, np.int32)
        self.group = np.full(size, -1, np.int32)
        self.category = np.zeros(size, np.uint8)
        self.flags = np.full(size, RETIRED, np.uint8)
        self.link = np.zeros(size, np.uint8)
        self.labels = [""] * size

    def build(self) -> SeatTable:
        self._add_seated()
        for booth in self.chart.booths:
            self._add_booth(booth)
        for area in self.chart.areas:
            self._add_area(area)
        return SeatTable(
            chart_hash=chart_hash(self.chart),
            size=self.size,
            groups=tuple(self.groups),
            sections=tuple(
                SectionName(s.id, s.label, s.zone, s.floor) for s in self.chart.sections
            ),
            categories=tuple(
                CategoryName(c.key, c.label, c.color, c.price) for c in self.chart.categories
            ),
            seat_labels=self.labels,
            columns={
                "x": self.x,
                "y": self.y,
                "section": self.section,
                "group": self.group,
                "category": self.category,
                "flags": self.flags,
                "link": self.link,
                "rank": self._rank(),
            },
        )

    def _section_of(self, section_id: str, owner: str) -> int:
        if not section_id:
            return -1
        if section_id not in self.sections:
            raise BadChart(owner, f"its section {section_id!r} does not exist")
        return self.sections[section_id]

    def _category_of(self, key: str, owner: str) -> int:
        if key not in self.categories:
            raise BadChart(owner, f"its category {key!r} does not exist")
        return self.categories[key]

    def _add_seated(self) -> None:
        """All rows and tables at once: a column at a time is several times faster than a seat."""
        owners: list[Row | Table] = [*self.chart.rows, *self.chart.tables]
        if not owners:
            return
        seats = list(seats_of(self.chart))
        total = len(seats)
        counts = np.fromiter((len(o.seats) for o in owners), np.int64, len(owners))
        owner = np.repeat(np.arange(len(owners)), counts)
        index = self._indexes(seats, owners, owner)
        x = np.fromiter((s.x for s in seats), np.float64, total)
        y = np.fromiter((s.y for s in seats), np.float64, total)
        sections = [self._section_of(o.section, _name(o)) for o in owners]
        known = self.categories
        category = np.fromiter((known.get(s.category, -1) for s in seats), np.int64, total)
        if total and category.min() < 0:
            at = int(category.argmin())
            place = f"{_name(owners[owner[at]])} seat {seats[at].label!r}"
            raise BadChart(place, f"its category {seats[at].category!r} does not exist")
        self.x[index] = x
        self.y[index] = y
        self.section[index] = np.repeat(np.array(sections, np.int32), counts)
        self.group[index] = owner
        self.category[index] = category
        self.flags[index] = np.fromiter(map(_flags, seats), np.uint8, total)
        for seat in seats:
            self.labels[seat.index] = seat.label
        self.link[_first_of_neighbours(index, owner, x, y)] = 1
        self._add_groups(owners, sections, counts, index)

    def _indexes(
        self, seats: list[Seat], owners: list[Row | Table], owner: npt.NDArray[np.int64]
    ) -> npt.NDArray[np.int64]:
        """The seats' indexes, all of them in range and different."""
        for at, seat in enumerate(seats):
            if not 0 <= seat.index < self.size:
                raise BadChart(
                    _name(owners[owner[at]]),
                    f"place index {seat.index} is outside 0..{self.size - 1}",
                )
        index = np.fromiter((s.index for s in seats), np.int64, len(seats))
        uses = np.bincount(index, minlength=1)
        if uses.max() > 1:
            first, second = np.flatnonzero(index == uses.argmax())[:2]
            place = _name(owners[owner[second]])
            other = _name(owners[owner[first]])
            raise BadChart(place, f"place index {index[second]} is used twice, first in {other}")
        return index

    def _add_groups(
        self,
        owners: list[Row | Table],
        sections: list[int],
        counts: npt.NDArray[np.int64],
        index: npt.NDArray[np.int64],
    ) -> None:
        ends = np.cumsum(counts)
        for o, section, start, end in zip(owners, sections, ends - counts, ends, strict=True):
            own = index[start:end]
            first, last = (int(own.min()), int(own.max())) if len(own) else (0, -1)
            table = isinstance(o, Table)
            kind = GroupKind.TABLE if table else GroupKind.ROW
            whole = isinstance(o, Table) and o.booking != "seats"
            self.groups.append(Group(o.id, kind, o.label, section, first, last - first + 1, whole))

    def _claim(self, index: int, owner: str) -> None:
        if not 0 <= index < self.size:
            raise BadChart(owner, f"place index {index} is outside 0..{self.size - 1}")
        if self.group[index] != -1:
            raise BadChart(owner, f"place index {index} is used twice")

    def _add_booth(self, booth: Booth) -> None:
        name = f"booth {booth.label!r}"
        self._claim(booth.index, name)
        center = shape_center(booth.shape)
        i = booth.index
        self.x[i], self.y[i] = center.x, center.y
        self.section[i] = self._section_of(booth.section, name)
        self.group[i] = len(self.groups)
        self.category[i] = self._category_of(booth.category, name)
        self.flags[i] = 0
        self.groups.append(
            Group(booth.id, GroupKind.BOOTH, booth.label, int(self.section[i]), i, 1, False)
        )

    def _add_area(self, area: Area) -> None:
        name = f"area {area.label!r}"
        section = self._section_of(area.section, name)
        category = self._category_of(area.category, name)
        center = shape_center(area.shape)
        left = area.capacity
        if left < 0:
            raise BadChart(name, f"its capacity {left} is less than nothing")
        for first, count in area.indexes:
            if first < 0 or count < 0 or first + count > self.size:
                raise BadChart(name, f"its places {first}+{count} are outside the chart")
            span = slice(first, first + count)
            if not (self.group[span] == -1).all():
                raise BadChart(name, "one of its place indexes is used twice")
            self.x[span], self.y[span] = center.x, center.y
            self.section[span] = section
            self.group[span] = len(self.groups)
            self.category[span] = category
            used = min(left, count)
            self.flags[first : first + used] = 0
            left -= used
        if left:
            raise BadChart(name, f"it has {left} places fewer than its capacity {area.capacity}")
        start = min((f for f, _ in area.indexes), default=0)
        end = max((f + c for f, c in area.indexes), default=0)
        self.groups.append(
            Group(
                area.id,
                GroupKind.AREA,
                area.label,
                section,
                start,
                end - start,
                area.booking != "places",
                area.indexes,
            )
        )

    def _rank(self) -> F32:
        rank = self._distance(focal_point(self.chart))
        for zone in self.chart.zones:
            if zone.focal_point is None:
                continue
            own = [i for i, s in enumerate(self.chart.sections) if s.zone == zone.id]
            inside = np.isin(self.section, own)
            rank = np.where(inside, self._distance(zone.focal_point), rank)
        rank = np.where(self.flags & RESTRICTED_VIEW, rank * np.float32(_RESTRICTED_FACTOR), rank)
        return np.where(self.flags & RETIRED, _NO_RANK, rank).astype(np.float32)

    def _distance(self, point: Point) -> F32:
        away: F32 = np.hypot(self.x - np.float32(point.x), self.y - np.float32(point.y))
        return away


def _name(owner: Row | Table) -> str:
    return f"{'table' if isinstance(owner, Table) else 'row'} {owner.label!r}"


def _first_of_neighbours(
    index: npt.NDArray[np.int64],
    owner: npt.NDArray[np.int64],
    x: npt.NDArray[np.float64],
    y: npt.NDArray[np.float64],
) -> npt.NDArray[np.int64]:
    """The indexes i whose seat has the seat with index i + 1 beside it and no aisle between.

    All columns are by seat, rows one after the other. A row's usual spacing is the lower quartile
    of its gaps: the median would be an aisle's width in a row of pairs.
    """
    beside = np.flatnonzero(owner[1:] == owner[:-1])
    gaps = np.hypot(x[beside + 1] - x[beside], y[beside + 1] - y[beside])
    row = owner[beside]
    real = gaps > 0
    by_row = np.lexsort((gaps[real], row[real]))
    sorted_rows, sorted_gaps = row[real][by_row], gaps[real][by_row]
    rows, starts, counts = np.unique(sorted_rows, return_index=True, return_counts=True)
    usual = np.zeros(int(owner[-1]) + 1 if len(owner) else 0)
    usual[rows] = sorted_gaps[starts + (counts - 1) // 4]
    near = gaps <= usual[row] * _AISLE_FACTOR
    left, right = index[beside], index[beside + 1]
    first: npt.NDArray[np.int64] = np.minimum(left, right)[near & (np.abs(right - left) == 1)]
    return first


def _flags(seat: Seat) -> int:
    return (
        (ACCESSIBLE if seat.accessible else 0)
        | (COMPANION if seat.companion else 0)
        | (SEMI_AMBULATORY if seat.semi_ambulatory else 0)
        | (RESTRICTED_VIEW if seat.restricted_view else 0)
    )


def shape_center(shape: Shape) -> Point:
    """The middle of a shape: its centre, or a polygon's centroid."""
    if not isinstance(shape, Polygon):
        return shape.center
    points = shape.points
    if not points:
        return Point(0.0, 0.0)
    origin = points[0]
    area = x = y = 0.0
    for p, q in zip(points, (*points[1:], origin), strict=True):
        ax, ay, bx, by = p.x - origin.x, p.y - origin.y, q.x - origin.x, q.y - origin.y
        cross = ax * by - bx * ay
        area += cross
        x += (ax + bx) * cross
        y += (ay + by) * cross
    if abs(area) < _FLAT:
        return Point(sum(p.x for p in points) / len(points), sum(p.y for p in points) / len(points))
    return Point(origin.x + x / (3 * area), origin.y + y / (3 * area))


def focal_point(chart: Chart) -> Point:
    """What everybody looks at: the chart's focal point, else its stage, else the top middle."""
    if chart.focal_point is not None:
        return chart.focal_point
    for decoration in chart.decorations:
        if decoration.kind == "stage":
            return shape_center(decoration.shape)
    return Point(chart.width / 2, 0.0)
