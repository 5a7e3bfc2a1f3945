"""The parts of generated venues: arcs, wedges, ovals, trimming, labels and colours."""

from __future__ import annotations

import itertools
import math

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seatengine.chart.chart import Point
from seatengine.chart.parametric import palette
from seatengine.chart.parametric.oval import oval
from seatengine.chart.parametric.plan import row_label, wheelchair_row
from seatengine.chart.parametric.wedge import (
    AISLE,
    CROSS_AISLE,
    ROW_PITCH,
    SEAT_PITCH,
    Arc,
    Wedge,
    aligned_parts,
    smallest_fit,
    split,
    trimmed,
)

Floats = npt.NDArray[np.float64]
QUARTER = Arc(Point(0, 0), 500, 0, math.pi / 2)


def test_rows_follow_the_arc_and_keep_clear_of_the_aisles() -> None:
    wedge = Wedge(QUARTER, 5)
    counts = wedge.counts()
    assert counts == sorted(counts)
    for row, count in enumerate(counts):
        x, y = wedge.seats(row, count)
        radius = 500 + row * ROW_PITCH
        assert np.allclose(np.hypot(x, y), radius)
        gaps = np.hypot(np.diff(x), np.diff(y))
        assert np.allclose(gaps, gaps[0])
        assert abs(gaps[0] - SEAT_PITCH) < SEAT_PITCH / count
        # The aisle is as wide at the back as in front.
        assert y[0] - SEAT_PITCH / 2 == pytest.approx(AISLE / 2, abs=1)


def test_an_aisle_across_parts_the_rows() -> None:
    wedge = Wedge(QUARTER, 6, cross=3)
    offsets = [wedge.offset(row) for row in range(6)]
    gaps = np.diff(offsets)
    assert gaps.tolist() == [ROW_PITCH, ROW_PITCH, ROW_PITCH + CROSS_AISLE, ROW_PITCH, ROW_PITCH]


def test_an_outline_goes_around_all_seats() -> None:
    wedge = Wedge(QUARTER, 4)
    points = wedge.outline().points
    radii = [math.hypot(p.x, p.y) for p in points]
    assert min(radii) < 500 - SEAT_PITCH / 2
    assert max(radii) > 500 + 3 * ROW_PITCH + SEAT_PITCH / 2


def test_split_arcs_join_end_to_end() -> None:
    parts = split(QUARTER, 4)
    assert parts[0].start == 0
    assert parts[-1].end == pytest.approx(math.pi / 2)
    for left, right in itertools.pairwise(parts):
        assert left.end == pytest.approx(right.start)


def test_a_tier_has_a_multiple_of_the_sections_below() -> None:
    for below in (1, 2, 3):
        assert aligned_parts(QUARTER.further(400), 10, 12, below) % below == 0


@pytest.mark.parametrize(("bends", "corner"), [((9, 9), 150), ((8, 7), 200), ((5, 15), 60)])
def test_the_arcs_of_an_oval_meet_without_a_kink(bends: tuple[int, int], corner: float) -> None:
    shape = oval(
        600, 400, corner, top_bend=math.radians(bends[0]), side_bend=math.radians(bends[1])
    )
    arcs = shape.arcs()
    for arc, following in zip(arcs, (*arcs[1:], arcs[0]), strict=True):
        end, start = arc.point(1), following.point(0)
        assert (end.x, end.y) == pytest.approx((start.x, start.y))
        turn = (following.start - arc.end) % (2 * math.pi)
        assert min(turn, 2 * math.pi - turn) == pytest.approx(0, abs=1e-9)
    assert shape.right.point(0.5).x == pytest.approx(600)
    assert shape.bottom.point(0.5).y == pytest.approx(400)


@given(
    blocks=st.lists(st.lists(st.integers(1, 30), min_size=1, max_size=6), min_size=1, max_size=6),
    share=st.floats(0, 1),
)
def test_trimming_takes_exactly_what_is_asked(blocks: list[list[int]], share: float) -> None:
    total = sum(map(sum, blocks))
    surplus = int(total * share)
    left = trimmed(blocks, surplus)
    assert sum(map(sum, left)) == total - surplus
    assert all(
        0 <= new <= old
        for b, c in zip(left, blocks, strict=True)
        for new, old in zip(b, c, strict=True)
    )


def test_trimming_begins_at_the_back_and_spreads() -> None:
    assert trimmed([[9, 9], [9, 9], [9, 9], [9, 9]], 2) == [[9, 8], [9, 9], [9, 8], [9, 9]]
    assert trimmed([[9, 9], [9, 9]], 3) == [[8, 8], [9, 8]]


def test_the_smallest_fit_is_found() -> None:
    assert smallest_fit(lambda size: size >= 17.3, 0, 100) == pytest.approx(17.3, abs=1e-4)


def test_rows_are_lettered_without_i_and_o() -> None:
    labels = [row_label(n) for n in range(24 * 25)]
    assert labels[:9] == list("ABCDEFGHJ")
    assert labels[23:26] == ["Z", "AA", "AB"]
    assert len(set(labels)) == len(labels)
    assert not any("I" in label or "O" in label for label in labels)


@pytest.mark.parametrize("count", [1, 3, 4, 11, 12, 40])
def test_wheelchair_spaces_and_companions_are_not_the_same_seats(count: int) -> None:
    marks = wheelchair_row(count)
    assert not marks.accessible & marks.companion
    assert all(0 <= seat < count for seat in marks.accessible | marks.companion)
    assert len(marks.accessible) == len(marks.companion)


def test_colours_stay_apart_for_all_kinds_of_sight() -> None:
    categories = [
        palette.PLATINUM,
        palette.GOLD,
        palette.SILVER,
        palette.BRONZE,
        palette.VALUE,
        palette.STANDING,
        palette.TABLES,
    ]
    assert [c.price for c in categories[:5]] == sorted(
        (c.price for c in categories[:5]), reverse=True
    )
    for one, other in itertools.combinations(categories, 2):
        for sight in SIGHTS:
            distance = np.linalg.norm(
                lab(sight @ linear(one.color)) - lab(sight @ linear(other.color))
            )
            assert distance > 20, (one.label, other.label)


# Machado, Oliveira and Fernandes 2009, severity 1.0: deuteranopia and protanopia.
SIGHTS: tuple[Floats, ...] = (
    np.eye(3),
    np.array(
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ]
    ),
    np.array(
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ]
    ),
)


def linear(color: str) -> Floats:
    """sRGB hex to linear light (IEC 61966-2-1)."""
    c = np.array([int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    return np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)


def lab(light: Floats) -> Floats:
    """Linear sRGB to CIELAB, D65."""
    to_xyz = np.array(
        [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    )
    xyz = to_xyz @ np.clip(light, 0, 1) / np.array([0.9505, 1.0, 1.089])
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])
