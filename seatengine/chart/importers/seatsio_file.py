"""The objects of a seats.io drawing as they stand in its JSON, as far as a Chart can use them.

Nearly every field may be missing or null: the format grew over years and older files lack much.
"""

from __future__ import annotations

from typing import Any

import msgspec

Key = int | str | None
Text = str | int | float | None


class _File(msgspec.Struct, rename="camel"):
    """What all objects of the format share in how they are read: camelCase names, unknown ones
    ignored."""


class XY(_File):
    x: float
    y: float


class SeatFile(_File):
    x: float
    y: float
    label: Text = None
    display_label: Text = None
    uuid: Text = None
    category_key: Key = None
    category_label: Text = None
    accessible: bool | None = None
    companion_seat: bool | None = None
    semi_ambulatory_seat: bool | None = None
    restricted_view: bool | None = None
    entrance: Text = None
    view_from_your_seat_image: Any = None
    disabled_by_social_distancing_rules: bool | None = None


class RowFile(_File):
    seats: list[SeatFile]
    label: Text = None
    display_label: Text = None
    uuid: Text = None
    section_label: Text = None
    curve: float | None = None
    points: list[XY] | None = None


class Placed(_File):
    """The many ways in which an object says where it is and how large."""

    type: str | None = None
    center: XY | None = None
    x: float | None = None
    y: float | None = None
    width: float | None = None
    height: float | None = None
    radius: float | None = None
    radius1: float | None = None
    radius2: float | None = None
    points: list[XY] | None = None
    rotation_angle: float | None = None
    corner_radius: float | None = None
    label: Text = None
    uuid: Text = None
    section_label: Text = None


class TableFile(Placed):
    seats: list[SeatFile] = []
    open_spaces: int | None = None
    book_as_a_whole: bool | None = None
    variable_occupancy: bool | None = None
    min_occupancy: int | None = None
    max_occupancy: int | None = None


class BoothFile(Placed):
    category_key: Key = None
    category_label: Text = None


class AreaFile(Placed):
    capacity: int | None = None
    category_key: Key = None
    category_label: Text = None
    book_as_a_whole: bool | None = None
    variable_occupancy: bool | None = None
    min_occupancy: int | None = None
    max_occupancy: int | None = None


class ShapeFile(Placed):
    smart_type: str | None = None
    fill_color: str | None = None
    stroke_color: str | None = None
    label_size: float | None = None
    icon: Text = None
    foreground: bool | None = None


class TextFile(Placed):
    text: Text = None
    text_color: str | None = None
    color: str | None = None
    font_size: float | None = None
    label_size: float | None = None
    foreground: bool | None = None


class IconFile(Placed):
    icon: Text = None
    icon_type: Text = None
    color: str | None = None
    size: float | None = None
    foreground: bool | None = None


class SectionFile(_File):
    sub_chart: DrawingFile
    points: list[XY] = []
    top_left: XY | None = None
    label: Text = None
    uuid: Text = None
    zone: Text = None
    category_key: Key = None
    category_label: Text = None
    entrance: Text = None
    label_rotation_angle: float | None = None
    label_size: float | None = None
    label_horizontal_offset: float | None = None
    label_vertical_offset: float | None = None
    view_from_your_seat_image: Any = None


class DrawingFile(_File):
    """A `subChart`: of the root, of a floor, or of a section."""

    width: float | None = None
    height: float | None = None
    rows: list[RowFile] = []
    tables: list[TableFile] = []
    general_admission_areas: list[AreaFile] = []
    booths: list[BoothFile] = []
    sections: list[SectionFile] = []
    shapes: list[ShapeFile] = []
    texts: list[TextFile] = []
    icons: list[IconFile] = []
    image_objects: list[Any] = []
    focal_point: XY | None = None
    background_image: Any = None
    reference_chart: Any = None
    floor_name: Text = None
    floor_display_name: Text = None


class CategoryFile(_File):
    key: int | str
    label: Text = None
    color: str | None = None
    accessible: bool | None = None


class CategoriesFile(_File):
    entries: list[CategoryFile] = msgspec.field(name="list", default_factory=list)


class ZoneFile(_File):
    key: int | str
    label: Text = None
    focal_point: XY | None = None


class ZonesFile(_File):
    entries: list[ZoneFile] = msgspec.field(name="list", default_factory=list)


class ChartFile(_File):
    name: Text = None
    categories: CategoriesFile | None = None
    zones: ZonesFile | None = None
    sub_chart: DrawingFile | None = None
    sub_chart_floors: list[DrawingFile] | None = None
