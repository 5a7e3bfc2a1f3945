"""Places, groups, sections and categories of a chart by the names people use. Pure.

The engine speaks indexes; organizers speak labels. A directory is built once per chart and kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property

import numpy as np

from seatengine.chart.seat_table import RETIRED, GroupKind, SeatTable


class UnknownName(LookupError):
    """Nothing in the chart has this name. `name` is what was asked for, `kind` what of."""

    def __init__(self, kind: str, name: str) -> None:
        super().__init__(f"There is no {kind} {name!r} in this event.")
        self.kind = kind
        self.name = name


class PlaceDirectory:
    """The names in one SeatTable."""

    def __init__(self, table: SeatTable) -> None:
        self.table = table
        self._categories = {c.key: i for i, c in enumerate(table.categories)}

    def place(self, ref: int | str) -> int:
        """The SeatIndex of an index or a full label. Raises UnknownName."""
        if isinstance(ref, int):
            if not 0 <= ref < self.table.size or self.table.flags[ref] & RETIRED:
                raise UnknownName("place", str(ref))
            return ref
        for end in range(len(ref), -1, -1):
            if end == len(ref) or end == 0 or ref[end] == "-":
                place = self._seat(ref[:end], ref[end + 1 :] if end else ref)
                if place is not None:
                    return place
        raise UnknownName("place", ref)

    def places(self, refs: Iterable[int | str]) -> list[int]:
        """The SeatIndexes of `refs`, in order. Raises UnknownName for the first unknown one."""
        return [self.place(ref) for ref in refs]

    def group(self, full_label: str, kinds: Sequence[GroupKind]) -> int:
        """The group of one of `kinds` with this full label. Raises UnknownName."""
        for kind in kinds:
            group = self._groups.get((kind, full_label))
            if group is not None:
                return group
        raise UnknownName(", ".join(k.name.lower() for k in kinds), full_label)

    def sections(self, labels: Iterable[str]) -> list[int]:
        """Section indexes; a label shared by several means all of them. Raises UnknownName."""
        found: list[int] = []
        for label in labels:
            same = self._sections.get(label)
            if same is None:
                raise UnknownName("section", label)
            found += same
        return found

    def categories(self, keys: Iterable[str]) -> list[int]:
        """Category indexes by key. Raises UnknownName."""
        try:
            return [self._categories[key] for key in keys]
        except KeyError as error:
            raise UnknownName("category", str(error.args[0])) from None

    def labels(self, places: Iterable[int]) -> list[str]:
        """Full labels of places; an unknown index is told as "#12"."""
        size = self.table.size
        return [
            self.table.label(p) if 0 <= p < size and self.table.group[p] >= 0 else f"#{p}"
            for p in places
        ]

    def category_key(self, place: int) -> str:
        return self.table.categories[int(self.table.category[place])].key

    def places_per_category(self) -> list[int]:
        """How many places each category has, retired ones left out."""
        live = (self.table.flags & RETIRED) == 0
        counts = np.bincount(self.table.category[live], minlength=len(self.table.categories))
        return [int(n) for n in counts]

    def _seat(self, group_label: str, seat_label: str) -> int | None:
        """The seat of this label in a group of that full label; a booth has no seat label. The
        places of an area share its label, so it names none of them."""
        table = self.table
        for number in self._by_label.get(group_label, ()):
            group = table.groups[number]
            if group.kind is GroupKind.BOOTH and not seat_label:
                return group.first if not table.flags[group.first] & RETIRED else None
            if group.kind in (GroupKind.ROW, GroupKind.TABLE) and seat_label:
                for place in table.group_places(number):
                    if table.seat_labels[place] == seat_label:
                        return place
        return None

    @cached_property
    def _by_label(self) -> dict[str, list[int]]:
        """Groups by full label. Looking further from here is a matter of one row, so there is no
        need to keep every seat's label in memory twice."""
        named: dict[str, list[int]] = {}
        for number in range(len(self.table.groups)):
            named.setdefault(self._prefix(number), []).append(number)
        return named

    @cached_property
    def _groups(self) -> dict[tuple[GroupKind, str], int]:
        return {(g.kind, self._prefix(i)): i for i, g in enumerate(self.table.groups)}

    @cached_property
    def _sections(self) -> dict[str, list[int]]:
        named: dict[str, list[int]] = {}
        for i, section in enumerate(self.table.sections):
            named.setdefault(section.label, []).append(i)
        return named

    def _prefix(self, group_index: int) -> str:
        """A group's full label: its section's and its own."""
        group = self.table.groups[group_index]
        section = self.table.sections[group.section].label + "-" if group.section >= 0 else ""
        return section + group.label if group.label else section.removesuffix("-")
