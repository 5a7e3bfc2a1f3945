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

from seatengine.chart.chart import Area, Booth, Chart, Point, Row, Seat, Table, chart_hash
from seatengine.errors import BadChart
from seatengine.ids import ChartHash
from seatengine.limits import MAX_PLACES

U8 = npt.NDArray[np.uint8]
I32 = npt.NDArray[np.int32]
F32 = npt.NDArray[np.float32]

ACCESSIBLE: Final = 1
COMPANION: Final = 2
SEMI_AMBULATORY: Final = 4
RESTRICTED_VIEW: Final = 8
RETIRED: Final = 128

# An aisle parts two seats whose distance is more than this many times the row's median spacing.
_AISLE_FACTOR: Final = 1.9
# A seat with a restricted view ranks as if it stood this many times further away.
_RESTRICTED_FACTOR: Final = 1.5
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
        prefix = self.sections[group.section].label + "-" if group.section >= 0 else ""
        if group.kind in (GroupKind.AREA, GroupKind.BOOTH):
            return prefix + group.label
        if group.label:
            prefix += group.label + "-"
        return prefix + self.seat_labels[place]

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
    """The dense columns of `chart`. Raises BadChart where an index is missing, shared or too high."""
    return _Builder(chart).build()


class _Builder:
    def __init__(self, chart: Chart) -> None:
        size = chart.next_index
        if size > MAX_PLACES:
            raise BadChart("chart", f"{size} places are more than the {MAX_PLACES} allowed")
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
        for row in self.chart.rows:
            self._add_seated(row, GroupKind.ROW, whole=False)
        for table in self.chart.tables:
            self._add_seated(table, GroupKind.TABLE, whole=table.booking != "seats")
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

    def _claim(self, index: int, owner: str) -> None:
        if not 0 <= index < self.size:
            raise BadChart(owner, f"place index {index} is outside 0..{self.size - 1}")
        if not self.flags[index] & RETIRED:
            raise BadChart(owner, f"place index {index} is used twice")

    def _add_seated(self, owner: Row | Table, kind: GroupKind, *, whole: bool) -> None:
        name = f"{kind.name.lower()} {owner.label!r}"
        section = self._section_of(owner.section, name)
        number = len(self.groups)
        seats = owner.seats
        for seat in seats:
            self._claim(seat.index, name)
            i = seat.index
            self.x[i], self.y[i] = seat.x, seat.y
            self.section[i] = section
            self.group[i] = number
            self.category[i] = self._category_of(seat.category, f"{name} seat {seat.label!r}")
            self.flags[i] = _flags(seat)
            self.labels[i] = seat.label
        self._link(seats)
        first = min((s.index for s in seats), default=0)
        last = max((s.index for s in seats), default=-1)
        self.groups.append(
            Group(owner.id, kind, owner.label, section, first, last - first + 1, whole)
        )

    def _link(self, seats: tuple[Seat, ...]) -> None:
        if len(seats) < 2:
            return
        at = np.array([(s.x, s.y) for s in seats])
        gaps = np.hypot(*(at[1:] - at[:-1]).T)
        widest = float(np.median(gaps)) * _AISLE_FACTOR
        for left, right, gap in zip(seats, seats[1:], gaps, strict=False):
            if right.index == left.index + 1 and gap <= widest:
                self.link[left.index] = 1

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
        focus = focal_point(self.chart)
        rank = np.hypot(self.x - np.float32(focus.x), self.y - np.float32(focus.y))
        for zone in self.chart.zones:
            if zone.focal_point is None:
                continue
            inside = np.isin(
                self.section,
                [i for i, s in enumerate(self.chart.sections) if s.zone == zone.id],
            )
            own = np.hypot(self.x - np.float32(zone.focal_point.x), self.y - np.float32(zone.focal_point.y))
            rank = np.where(inside, own, rank)
        rank = np.where(self.flags & RESTRICTED_VIEW, rank * np.float32(_RESTRICTED_FACTOR), rank)
        return np.where(self.flags & RETIRED, _NO_RANK, rank).astype(np.float32)


def _flags(seat: Seat) -> int:
    return (
        (ACCESSIBLE if seat.accessible else 0)
        | (COMPANION if seat.companion else 0)
        | (SEMI_AMBULATORY if seat.semi_ambulatory else 0)
        | (RESTRICTED_VIEW if seat.restricted_view else 0)
    )


def shape_center(shape: object) -> Point:
    """The middle of a shape: its centre, or the mean of a polygon's corners."""
    center = getattr(shape, "center", None)
    if isinstance(center, Point):
        return center
    points: tuple[Point, ...] = getattr(shape, "points", ())
    if not points:
        return Point(0.0, 0.0)
    return Point(sum(p.x for p in points) / len(points), sum(p.y for p in points) / len(points))


def focal_point(chart: Chart) -> Point:
    """What everybody looks at: the chart's focal point, else its stage, else the top middle."""
    if chart.focal_point is not None:
        return chart.focal_point
    for decoration in chart.decorations:
        if decoration.kind == "stage":
            return shape_center(decoration.shape)
    return Point(chart.width / 2, 0.0)
