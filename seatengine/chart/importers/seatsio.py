"""Reads seats.io chart drawings (JSON, versions 17 to 22 seen; the format has no public schema).

A section holds a drawing of its own whose coordinates count from the section's `topLeft`. A place
without a category has its section's. Seats that stand next to each other in `seats` are
neighbours.
"""

from __future__ import annotations

from typing import Final, Literal

from seatengine.chart.chart import (
    Area,
    Booth,
    Category,
    Decoration,
    Ellipse,
    Floor,
    Point,
    Polygon,
    Rectangle,
    Row,
    Seat,
    Section,
    Shape,
    Table,
    Zone,
)
from seatengine.chart.checks import UNLABELLED
from seatengine.chart.importers.decode import decode_json
from seatengine.chart.importers.draft import Draft
from seatengine.chart.importers.report import Imported, Report
from seatengine.chart.importers.seatsio_file import (
    XY,
    AreaFile,
    BoothFile,
    ChartFile,
    DrawingFile,
    IconFile,
    Key,
    Placed,
    RowFile,
    SeatFile,
    SectionFile,
    ShapeFile,
    TableFile,
    Text,
    TextFile,
)
from seatengine.chart.importers.unread import unread_members
from seatengine.errors import BadChart
from seatengine.limits import MAX_FLOORS, MAX_PLACES, MAX_ZONES

Kind = Literal["stage", "shape", "line", "screen", "exit", "bar", "stairs", "toilets"]

_KINDS: Final[dict[str, Kind]] = {
    "stage": "stage",
    "screen": "screen",
    "line": "line",
    "exit": "exit",
    "entrance": "exit",
    "bar": "bar",
    "stairs": "stairs",
    "toilets": "toilets",
    "restroom": "toilets",
    "restrooms": "toilets",
}
# What the drawing tool remembers about how labels and positions came about and are shown. Labels
# and positions are written out in the file, so nothing that can be sold is lost with these.
_TOOL_SETTINGS: Final = frozenset(
    {
        "autoRadius",
        "categoryAccessible",
        "chairSpacing",
        "colorScheme",
        "cutoffAngle",
        "displayObjectType",
        "labelHorizontalOffset",
        "labelShown",
        "labelSize",
        "labelVerticalOffset",
        "maxCategoryKey",
        "multiFloorView",
        "objectLabeling",
        "objectType",
        "published",
        "referenceChartVisible",
        "rowChairSpacing",
        "rowLabelPosition",
        "rowSpacing",
        "seatLabeling",
        "sectionScaleFactor",
        "showAllButtons",
        "smooth",
        "smoothness",
        "snapOffset",
        "tablesLabelCounter",
        "uuidCounter",
        "venueType",
        "version",
        "verticalRowLabelDirection",
    }
)
_LETTER_WIDTH: Final = 0.6
_DEFAULT_TEXT_SIZE: Final = 16.0
_DEFAULT_ICON_SIZE: Final = 24.0
_SEAT_PADDING: Final = 10.0


def read_seatsio(data: bytes) -> Imported:
    """The chart in a seats.io drawing. Raises BadChart with the JSON path of what is broken."""
    file = decode_json(data, ChartFile)
    report = Report()
    for name, (place, count) in unread_members(data, ChartFile).items():
        if name in _TOOL_SETTINGS:
            text = "settings of the drawing tool, such as spacings and label sizes"
            report.add("drawing-settings", text, place, count)
        else:
            text = f"members named {name!r}, which mean nothing here"
            report.add(f"unread-{name}", text, place, count)
    return _Reader(file, report).read()


def legacy_section_id(label: str, floor: str) -> str:
    """The id of a section that is known only because rows of old files name it."""
    return f"label:{floor}/{label}" if floor else f"label:{label}"


class _Reader:
    def __init__(self, file: ChartFile, report: Report) -> None:
        self.file = file
        self.report = report
        self.draft = Draft(report)
        self.legacy_sections: dict[str, str] = {}
        self.floor = ""

    def read(self) -> Imported:
        file, draft = self.file, self.draft
        draft.name = draft.text(file.name, "$.name")
        self._categories()
        self._zones()
        if file.sub_chart_floors is not None:
            if len(file.sub_chart_floors) > MAX_FLOORS:
                reason = f"more than {MAX_FLOORS} floors are not allowed"
                raise BadChart("$.subChartFloors", reason)
            for at, floor in enumerate(file.sub_chart_floors):
                where = f"$.subChartFloors[{at}]"
                self.floor = draft.text(floor.floor_name, where) or str(at + 1)
                if any(f.id == self.floor for f in draft.floors):
                    raise BadChart(where, f"there are two floors named {self.floor!r}")
                label = draft.text(floor.floor_display_name, where) or self.floor
                draft.floors.append(Floor(self.floor, label))
                self._root(floor, where)
        elif file.sub_chart is not None:
            self._root(file.sub_chart, "$.subChart")
        else:
            raise BadChart("$", "it has neither a subChart nor subChartFloors")
        return Imported(draft.finish(), "seatsio", self.report.findings())

    def _categories(self) -> None:
        for at, c in enumerate(self.file.categories.entries if self.file.categories else ()):
            where = f"$.categories.list[{at}]"
            key = self.draft.text(c.key, where)
            if not key:
                raise BadChart(where, "a category's key is empty")
            if key in self.draft.categories:
                raise BadChart(where, f"there are two categories with the key {key!r}")
            self.draft.categories[key] = Category(
                key=key,
                label=self.draft.text(c.label, where) or key,
                color=self.draft.color(c.color, where) or "#7A8087",
                accessible=bool(c.accessible),
            )

    def _zones(self) -> None:
        zones = self.file.zones.entries if self.file.zones else []
        if len(zones) > MAX_ZONES:
            raise BadChart("$.zones.list", f"more than {MAX_ZONES} zones are not allowed")
        for at, z in enumerate(zones):
            where = f"$.zones.list[{at}]"
            key = self.draft.text(z.key, where)
            if not key or any(known.id == key for known in self.draft.zones):
                raise BadChart(where, f"the zone key {key!r} is empty or used twice")
            focus = self._point(z.focal_point, _ORIGIN, where) if z.focal_point else None
            self.draft.zones.append(Zone(key, self.draft.text(z.label, where) or key, focus))

    def _root(self, drawing: DrawingFile, where: str) -> None:
        draft = self.draft
        draft.width = max(draft.width, draft.length(drawing.width or 0.0, f"{where}.width"))
        draft.height = max(draft.height, draft.length(drawing.height or 0.0, f"{where}.height"))
        if drawing.focal_point is not None:
            focus = self._point(drawing.focal_point, _ORIGIN, f"{where}.focalPoint")
            if draft.focal_point is None:
                draft.focal_point = focus
            elif focus != draft.focal_point:
                self.report.add("floor-focal-point", "focal points of further floors", where)
        if drawing.background_image is not None:
            self.report.add("background-image", "background images", f"{where}.backgroundImage")
        if drawing.reference_chart is not None:
            self.report.add("reference-chart", "reference images to trace", where)
        self._drawing(drawing, where, _ORIGIN, "", "")
        for at, section in enumerate(drawing.sections):
            self._section(section, f"{where}.sections[{at}]")

    def _section(self, s: SectionFile, where: str) -> None:
        draft = self.draft
        section_id = draft.section_id(draft.text(s.uuid, where), where)
        zone = draft.text(s.zone, where)
        if zone and all(known.id != zone for known in draft.zones):
            self.report.add("unknown-zone", "zones that sections use and nobody defined", where)
            draft.zones.append(Zone(zone, zone))
        if s.view_from_your_seat_image is not None:
            self.report.add("seat-view-image", "photographs of the view from seats", where)
        if s.label_horizontal_offset or s.label_vertical_offset:
            self.report.add("label-placement", "section labels moved from the middle", where)
        category = ""
        if s.category_key is not None:
            category = self._category(s.category_key, s.category_label, where)
        points = tuple(
            self._point(p, _ORIGIN, f"{where}.points[{at}]") for at, p in enumerate(s.points)
        )
        draft.sections.append(
            Section(
                id=section_id,
                label=draft.text(s.label, where),
                outline=Polygon(points) if len(points) >= 3 else None,
                zone=zone,
                floor=self.floor,
                category=category,
                entrance=draft.text(s.entrance, where),
                label_rotation=draft.coordinate(s.label_rotation_angle or 0.0, where),
                label_size=draft.length(s.label_size or 0.0, where),
            )
        )
        if s.sub_chart.sections:
            raise BadChart(f"{where}.subChart.sections", "sections cannot stand in sections")
        origin = self._point(s.top_left, _ORIGIN, f"{where}.topLeft") if s.top_left else _ORIGIN
        self._drawing(s.sub_chart, f"{where}.subChart", origin, section_id, category)

    def _drawing(
        self, d: DrawingFile, where: str, origin: Point, section: str, category: str
    ) -> None:
        """The objects of one drawing, in a section or outside all of them."""
        for at, row in enumerate(d.rows):
            self._row(row, f"{where}.rows[{at}]", origin, section, category)
        for at, table in enumerate(d.tables):
            self._table(table, f"{where}.tables[{at}]", origin, section, category)
        for at, booth in enumerate(d.booths):
            self._booth(booth, f"{where}.booths[{at}]", origin, section, category)
        for at, area in enumerate(d.general_admission_areas):
            place = f"{where}.generalAdmissionAreas[{at}]"
            self._area(area, place, origin, section, category)
        for at, shape in enumerate(d.shapes):
            self._shape(shape, f"{where}.shapes[{at}]", origin, section)
        for at, text in enumerate(d.texts):
            self._text(text, f"{where}.texts[{at}]", origin, section)
        for at, icon in enumerate(d.icons):
            self._icon(icon, f"{where}.icons[{at}]", origin, section)
        self.report.add("image", "free images", f"{where}.imageObjects", len(d.image_objects))

    def _row(self, row: RowFile, where: str, origin: Point, section: str, category: str) -> None:
        text = self.draft.text
        if row.points:
            self.report.add(
                "segmented-row", "rows drawn along points; seats keep their spots", where
            )
        self.draft.rows.append(
            Row(
                id=text(row.uuid, where),
                label=text(row.label, where),
                seats=self._seats(row.seats, where, origin, category),
                section=section or self._legacy_section(row.section_label, where),
                floor=self.floor,
                display_label=text(row.display_label, where),
                curve=self.draft.coordinate(row.curve or 0.0, f"{where}.curve"),
            )
        )

    def _seats(
        self, seats: list[SeatFile], where: str, origin: Point, category: str
    ) -> tuple[Seat, ...]:
        text = self.draft.text
        result = []
        for at, s in enumerate(seats):
            place = f"{where}.seats[{at}]"
            if s.view_from_your_seat_image is not None:
                self.report.add("seat-view-image", "photographs of the view from seats", place)
            if s.disabled_by_social_distancing_rules:
                self.report.add("distancing", "seats closed by distancing rules", place)
            if s.category_key is not None or not category:
                key = self._category(s.category_key, s.category_label, place)
            else:
                key = category
            result.append(
                Seat(
                    id=text(s.uuid, place),
                    index=0,
                    label=text(s.label, place) or UNLABELLED,
                    x=self.draft.coordinate(origin.x + s.x, f"{place}.x"),
                    y=self.draft.coordinate(origin.y + s.y, f"{place}.y"),
                    category=key,
                    accessible=bool(s.accessible),
                    companion=bool(s.companion_seat),
                    semi_ambulatory=bool(s.semi_ambulatory_seat),
                    restricted_view=bool(s.restricted_view),
                    entrance=text(s.entrance, place),
                    display_label=text(s.display_label, place),
                )
            )
        return tuple(result)

    def _table(self, t: TableFile, where: str, origin: Point, section: str, category: str) -> None:
        seats = self._seats(t.seats, where, origin, category)
        if t.type == "round" or (t.width is None and t.points is None):
            kind = "circle"
        else:
            kind = "rectangle"
        shape = self._placed(t, kind, where, origin) or _around(seats)
        if isinstance(shape, Polygon):
            shape = _around(seats)
        booking: Literal["seats", "whole", "variable"] = "seats"
        if t.book_as_a_whole:
            booking = "variable" if t.variable_occupancy else "whole"
        self.draft.tables.append(
            Table(
                id=self.draft.text(t.uuid, where),
                label=self.draft.text(t.label, where) or UNLABELLED,
                shape=shape,
                seats=seats,
                booking=booking,
                min_occupancy=self._occupancy(t.min_occupancy, booking, where),
                max_occupancy=self._occupancy(t.max_occupancy, booking, where),
                section=section or self._legacy_section(t.section_label, where),
                floor=self.floor,
                open_spaces=self._count(t.open_spaces, f"{where}.openSpaces"),
            )
        )

    def _booth(self, b: BoothFile, where: str, origin: Point, section: str, category: str) -> None:
        shape = self._placed(b, b.type or "rectangle", where, origin)
        if shape is None or _is_line(shape):
            raise BadChart(where, "the booth has neither a center nor three points")
        key = self._category(b.category_key, b.category_label, where, category)
        self.draft.booths.append(
            Booth(
                id=self.draft.text(b.uuid, where),
                index=0,
                label=self.draft.text(b.label, where) or UNLABELLED,
                shape=shape,
                category=key,
                section=section or self._legacy_section(b.section_label, where),
                floor=self.floor,
            )
        )

    def _area(self, a: AreaFile, where: str, origin: Point, section: str, category: str) -> None:
        shape = self._placed(a, a.type or "rectangle", where, origin)
        if shape is None or _is_line(shape):
            raise BadChart(where, "the area has neither a center nor three points")
        booking: Literal["places", "whole", "variable"] = "places"
        if a.book_as_a_whole:
            booking = "variable" if a.variable_occupancy else "whole"
        capacity = self._count(a.capacity, f"{where}.capacity")
        if not capacity:
            self.report.add("no-capacity", "areas without a capacity, which sell nothing", where)
        self.draft.areas.append(
            Area(
                id=self.draft.text(a.uuid, where),
                label=self.draft.text(a.label, where) or UNLABELLED,
                shape=shape,
                category=self._category(a.category_key, a.category_label, where, category),
                capacity=capacity,
                indexes=(),
                booking=booking,
                min_occupancy=self._occupancy(a.min_occupancy, booking, where),
                max_occupancy=self._occupancy(a.max_occupancy, booking, where),
                section=section or self._legacy_section(a.section_label, where),
                floor=self.floor,
            )
        )

    def _shape(self, s: ShapeFile, where: str, origin: Point, section: str) -> None:
        shape = self._placed(s, s.type or "rectangle", where, origin)
        if shape is None:
            self.report.add("unknown-shape", "shapes that say no place of their own", where)
            return
        smart = (s.smart_type or "").lower()
        kind = _KINDS.get(smart, "line" if s.type in ("line", "polyline") else "shape")
        if smart and smart not in _KINDS:
            self.report.add("unknown-smart-type", "shapes of a special kind, kept plain", where)
        draft = self.draft
        draft.decorations.append(
            Decoration(
                id=draft.text(s.uuid, where),
                kind=kind,
                shape=shape,
                text=draft.text(s.label, where),
                fill=draft.color(s.fill_color, where),
                stroke=draft.color(s.stroke_color, where),
                text_size=draft.length(s.label_size or 0.0, where),
                icon=draft.text(s.icon, where),
                section=section,
                floor=self.floor,
                foreground=bool(s.foreground),
            )
        )

    def _text(self, t: TextFile, where: str, origin: Point, section: str) -> None:
        draft = self.draft
        text = draft.text(t.text if t.text is not None else t.label, where)
        size = draft.length(t.font_size or t.label_size or _DEFAULT_TEXT_SIZE, where)
        if t.width is None:
            t.width = size * _LETTER_WIDTH * max(len(text), 1)
        if t.height is None:
            t.height = size * 1.25
        shape = self._placed(t, "rectangle", where, origin)
        if shape is None:
            self.report.add("unknown-text", "texts that say no place of their own", where)
            return
        draft.decorations.append(
            Decoration(
                id=draft.text(t.uuid, where),
                kind="text",
                shape=shape,
                text=text,
                fill=draft.color(t.text_color or t.color, where),
                text_size=size,
                section=section,
                floor=self.floor,
                foreground=bool(t.foreground),
            )
        )

    def _icon(self, i: IconFile, where: str, origin: Point, section: str) -> None:
        draft = self.draft
        size = i.size or _DEFAULT_ICON_SIZE
        i.width, i.height = i.width or size, i.height or size
        shape = self._placed(i, "rectangle", where, origin)
        if shape is None:
            self.report.add("unknown-icon", "icons that say no place of their own", where)
            return
        draft.decorations.append(
            Decoration(
                id=draft.text(i.uuid, where),
                kind="icon",
                shape=shape,
                text=draft.text(i.label, where),
                fill=draft.color(i.color, where),
                icon=draft.text(i.icon or i.icon_type, where),
                section=section,
                floor=self.floor,
                foreground=bool(i.foreground),
            )
        )

    def _placed(self, p: Placed, kind: str, where: str, origin: Point) -> Shape | None:
        """The shape of an object, or None if it does not say where it is."""
        length = self.draft.length
        if p.points and len(p.points) >= 2 and (kind not in _ROUND or p.center is None):
            points = enumerate(p.points)
            return Polygon(
                tuple(self._point(q, origin, f"{where}.points[{at}]") for at, q in points)
            )
        at = p.center
        if at is None and p.x is not None and p.y is not None:
            at = XY(p.x, p.y)
        if at is None:
            return None
        center = self._point(at, origin, f"{where}.center")
        rotation = self.draft.coordinate(p.rotation_angle or 0.0, f"{where}.rotationAngle")
        if kind in _ROUND:
            across = p.radius1 if p.radius1 is not None else p.radius
            if across is None:
                across = (p.width or 0.0) / 2
            down = p.radius2 if p.radius2 is not None else p.radius
            if down is None:
                down = p.height / 2 if p.height is not None else across
            return Ellipse(center, length(across, where), length(down, where), rotation)
        return Rectangle(
            center,
            length(p.width or 0.0, f"{where}.width"),
            length(p.height or 0.0, f"{where}.height"),
            rotation,
            length(p.corner_radius or 0.0, f"{where}.cornerRadius"),
        )

    def _point(self, p: XY, origin: Point, where: str) -> Point:
        coordinate = self.draft.coordinate
        return Point(coordinate(origin.x + p.x, where), coordinate(origin.y + p.y, where))

    def _category(self, key: Key, label: Text, where: str, inherited: str = "") -> str:
        if key is None and inherited:
            return inherited
        text = self.draft.text
        return self.draft.category(text(key, where), text(label, where), "", where)

    def _legacy_section(self, label: Text, where: str) -> str:
        """Rows of old files name a section that is not drawn; it gets no outline."""
        name = self.draft.text(label, where)
        if not name:
            return ""
        key = f"{self.floor}/{name}"
        if key not in self.legacy_sections:
            section_id = self.draft.section_id(legacy_section_id(name, self.floor), where)
            self.legacy_sections[key] = section_id
            self.draft.sections.append(Section(section_id, name, floor=self.floor))
        return self.legacy_sections[key]

    def _count(self, value: int | None, where: str) -> int:
        if value is not None and not 0 <= value <= MAX_PLACES:
            raise BadChart(where, f"{value} is not between 0 and {MAX_PLACES}")
        return value or 0

    def _occupancy(self, value: int | None, booking: str, where: str) -> int:
        return self._count(value, where) if booking == "variable" else 0


_ORIGIN: Final = Point(0.0, 0.0)
_ROUND: Final = frozenset({"circle", "ellipse", "round"})


def _is_line(shape: Shape) -> bool:
    return isinstance(shape, Polygon) and len(shape.points) < 3


def _around(seats: tuple[Seat, ...]) -> Ellipse:
    """A round top for a table that does not say its size: what its seats leave free."""
    if not seats:
        return Ellipse(_ORIGIN, 0.0, 0.0)
    xs, ys = [s.x for s in seats], [s.y for s in seats]
    center = Point(round((min(xs) + max(xs)) / 2, 4), round((min(ys) + max(ys)) / 2, 4))
    reach = max(max(xs) - min(xs), max(ys) - min(ys)) / 2
    radius = round(max(reach - _SEAT_PADDING, 1.0), 4)
    return Ellipse(center, radius, radius)
