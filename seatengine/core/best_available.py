"""Best available: n places together, nearest the focal point, by shift-and on packed bitmaps.

A bitmap is a Python integer, bit i for place i: on 100,000 bits its AND takes 0.5 µs and its shift
2 µs, a third of what numpy needs for the same words. With F the free places that fit the filter
and L the links (place i and i + 1 are neighbours), the runs of k + 1 places by their first are
`R(k+1) = F & L & (R(k) >> 1)`: all runs of 1 to n cost n passes.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Final

import msgspec
import numpy as np
import numpy.typing as npt

from seatengine.chart.seat_table import ACCESSIBLE, COMPANION, RETIRED, GroupKind, SeatTable
from seatengine.core.outputs import BestStep

Bools = npt.NDArray[np.bool_]
Indexes = npt.NDArray[np.int64]
Scores = npt.NDArray[np.float32]

# The best-ranked starts are probed in portions of these sizes: an early hit is cheap. After that,
# weighing all candidates at once costs less than to go on.
_PROBES: Final = (512, 4_096)
# How far by index the rest of a split party is looked for around its largest piece.
_NEARBY: Final = 1_500
# Filters by section are remembered up to this many; a filter is one bitmap.
_SECTION_FILTERS: Final = 256


class Wish(msgspec.Struct, frozen=True):
    """What is looked for. Empty tuples mean any."""

    quantity: int
    categories: tuple[int, ...] = ()
    sections: tuple[int, ...] = ()
    accessible: int = 0
    worst_step: int = BestStep.SCATTERED


class Found(msgspec.Struct, frozen=True):
    places: list[int]
    step: BestStep


class _Starts:
    """Where parties of one size can sit in an empty house: the `best` few places to start, best
    first, and by place a `weight`, the greater the better; 0 where none can."""

    __slots__ = ("best", "weight")

    def __init__(self, best: Indexes, weight: npt.NDArray[np.int32]) -> None:
        self.best = best
        self.weight = weight


class Finder:
    """The search over one SeatTable; holds what can be computed once per table.

    Rows and tables that sell by the seat take part; areas, booths and whole tables do not.
    Accessible and companion places are given only to those who ask for accessible ones.
    """

    def __init__(self, table: SeatTable) -> None:
        self._table = table
        self._size = table.size
        by_seat = np.array(
            [g.kind in (GroupKind.ROW, GroupKind.TABLE) and not g.whole for g in table.groups]
            + [False],
            np.bool_,
        )
        self._seated = _pack(by_seat[table.group] & ((table.flags & RETIRED) == 0))
        self._link = _pack(table.link != 0)
        self._accessible = _pack((table.flags & ACCESSIBLE) != 0)
        reserved = _pack((table.flags & (ACCESSIBLE | COMPANION)) != 0)
        self._unreserved = self._seated ^ (self._seated & reserved)
        self._categories = [_pack(table.category == c) for c in range(len(table.categories))]
        self._section_filters: dict[tuple[int, ...], int] = {}
        self._starts: dict[int, _Starts] = {}
        self._weighed: npt.NDArray[np.int32] = np.empty(table.size, np.int32)

    def find(self, status: npt.NDArray[np.uint8], wish: Wish) -> Found | None:
        """The best free places for `wish`, or None when even the worst allowed step finds none."""
        free = _pack(status == 0) & self._seated
        fit = self._fitting(free, wish)
        ladder = self._runs(fit, wish.quantity)
        if len(ladder) == wish.quantity:
            runs = ladder[-1]
            if wish.accessible:
                runs &= self._with_accessible(wish.quantity, wish.accessible)
            found = self._together(runs, free, wish)
            if found is not None:
                return found
        if wish.worst_step < BestStep.NEARBY or not ladder:
            return None
        return self._split(fit, ladder, wish)

    def _fitting(self, free: int, wish: Wish) -> int:
        fit = free if wish.accessible else free & self._unreserved
        if wish.categories:
            allowed = 0
            for category in wish.categories:
                allowed |= self._categories[category]
            fit &= allowed
        if wish.sections:
            fit &= self._section_filter(wish.sections)
        return fit

    def _section_filter(self, sections: tuple[int, ...]) -> int:
        known = self._section_filters.get(sections)
        if known is None:
            if len(self._section_filters) >= _SECTION_FILTERS:
                self._section_filters.clear()
            known = _pack(np.isin(self._table.section, sections))
            self._section_filters[sections] = known
        return known

    def _runs(self, fit: int, quantity: int) -> list[int]:
        """[runs of 1, runs of 2, ...] by first place, up to `quantity` or the last not empty."""
        ladder: list[int] = []
        linked = fit & self._link
        runs = fit
        while runs:
            ladder.append(runs)
            if len(ladder) == quantity:
                break
            runs = linked & (runs >> 1)
        return ladder

    def _together(self, runs: int, free: int, wish: Wish) -> Found | None:
        quantity = wish.quantity
        # Bit i: place i is free and linked to the next one, or the next one is free and linked.
        before = free & self._link
        after = self._link & (free >> 1)
        left = before << 1
        left ^= left & (before << 2)
        right = after >> (quantity - 1)
        right ^= right & (after >> quantity)
        leaves_one = runs & (left | right)
        start = self._best(runs ^ leaves_one, quantity)
        step = BestStep.TOGETHER
        if start is None and wish.worst_step >= BestStep.TOGETHER_LEAVES_ONE:
            start = self._best(leaves_one, quantity)
            step = BestStep.TOGETHER_LEAVES_ONE
        if start is None:
            return None
        return Found(list(range(start, start + quantity)), step)

    def _best(self, starts: int, quantity: int) -> int | None:
        """The start with the best mean rank, lowest index first among equals."""
        if not starts:
            return None
        candidates = self._bools(starts)
        known = self._ranked(quantity)
        at = 0
        for portion in _PROBES:
            hits = candidates.take(known.best[at : at + portion])
            first = int(hits.argmax()) if len(hits) else 0
            if len(hits) and hits[first]:
                return int(known.best[at + first])
            at += portion
        # Into an array that is there: to make one costs more than to fill it.
        return int(np.multiply(known.weight, candidates, out=self._weighed).argmax())

    def _ranked(self, quantity: int) -> _Starts:
        """Every start of `quantity` linked places in an empty house, by mean rank."""
        known = self._starts.get(quantity)
        if known is None:
            ladder = self._runs(self._seated, quantity)
            possible = self._indexes(ladder[-1] if len(ladder) == quantity else 0)
            padded = np.concatenate([self._table.rank.astype(np.float64), np.zeros(quantity)])
            sums = np.concatenate([[0.0], np.cumsum(padded)])
            means = ((sums[quantity:] - sums[:-quantity])[: self._size] / quantity)[possible]
            order = possible[means.astype(np.float32).argsort(kind="stable")]
            weight = np.zeros(self._size, np.int32)
            weight[order] = np.arange(len(order), 0, -1)
            known = _Starts(order[: sum(_PROBES)].copy(), weight)
            self._starts[quantity] = known
        return known

    def _with_accessible(self, quantity: int, at_least: int) -> int:
        flags = self._bools(self._accessible).astype(np.int32)
        padded = np.concatenate([[0], np.cumsum(np.concatenate([flags, np.zeros(quantity)]))])
        return _pack((padded[quantity:] - padded[:-quantity])[: self._size] >= at_least)

    def _split(self, fit: int, ladder: list[int], wish: Wish) -> Found | None:
        """Pieces near each other: the largest run first, the rest around it."""
        anchor = self._anchor(fit, ladder, wish)
        if anchor is None:
            return None
        low = max(0, anchor[0] - _NEARBY)
        window = (1 << (anchor[-1] + _NEARBY - low)) - 1
        around = self._indexes(fit >> low & window) + low
        section = self._table.section
        same = around[section[around] == section[anchor[0]]]
        pieces = self._gather(same, anchor, wish.quantity)
        if pieces is not None and self._is_nearby(_flat(pieces)):
            return Found(_flat(pieces), BestStep.NEARBY)
        if wish.worst_step < BestStep.SCATTERED:
            return None
        # Only when the surroundings cannot seat the party is the whole house looked through.
        pieces = pieces or self._gather(around, anchor, wish.quantity)
        pieces = pieces or self._gather(self._indexes(fit), anchor, wish.quantity)
        return None if pieces is None else Found(_flat(pieces), BestStep.SCATTERED)

    def _is_nearby(self, places: list[int]) -> bool:
        """Whether sorted `places` are in one section with at most one person sitting alone."""
        section, link = self._table.section, self._table.link
        if any(section[p] != section[places[0]] for p in places):
            return False
        joined = [b == a + 1 and bool(link[a]) for a, b in pairwise(places)]
        alone = sum(
            not before and not after
            for before, after in zip([False, *joined], [*joined, False], strict=True)
        )
        return alone <= 1

    def _anchor(self, fit: int, ladder: list[int], wish: Wish) -> list[int] | None:
        if wish.accessible:
            wanted = self._indexes(fit & self._accessible)
            if len(wanted) < wish.accessible:
                return None
            first = int(wanted[self._table.rank[wanted].argmin()])
            near = self._distance(wanted, [first]).argsort(kind="stable")
            return sorted(int(p) for p in wanted[near[: wish.accessible]])
        length = min(len(ladder), wish.quantity)
        start = self._best(ladder[length - 1], length)
        return None if start is None else list(range(start, start + length))

    def _gather(self, pool: Indexes, anchor: list[int], quantity: int) -> list[list[int]] | None:
        """`anchor` and pieces from `pool` that make up `quantity`: longest first, then nearest."""
        pieces = [anchor]
        missing = quantity - len(anchor)
        if not missing:
            return pieces
        pool = pool[~_member(pool, anchor)]
        if len(pool) < missing:
            return None
        broken = (pool[1:] - pool[:-1] != 1) | (self._table.link[pool[:-1]] == 0)
        cuts = np.flatnonzero(broken) + 1
        starts = np.concatenate([[0], cuts])
        lengths = np.concatenate([cuts, [len(pool)]]) - starts
        away = self._distance(pool[starts], anchor)
        while missing:
            longest = min(int(lengths.max()), missing)
            at = int(np.where(lengths >= longest, away, np.float32(np.inf)).argmin())
            begin = int(starts[at])
            pieces.append([int(p) for p in pool[begin : begin + longest]])
            starts[at] += longest
            lengths[at] -= longest
            missing -= longest
        return pieces

    def _distance(self, places: Indexes, anchor: list[int]) -> Scores:
        x, y = self._table.x, self._table.y
        count = np.float32(len(anchor))
        across: Scores = x[places] - x[anchor].sum() / count
        along: Scores = y[places] - y[anchor].sum() / count
        return np.sqrt(across * across + along * along)

    def _bools(self, bits: int) -> Bools:
        return _unpack(bits, self._size)

    def _indexes(self, bits: int) -> Indexes:
        return np.flatnonzero(_unpack(bits, bits.bit_length()))


def _pack(bits: Bools) -> int:
    return int.from_bytes(np.packbits(bits, bitorder="little").tobytes(), "little")


def _unpack(bits: int, size: int) -> Bools:
    octets = np.frombuffer(bits.to_bytes(size // 8 + 1, "little"), np.uint8)
    return np.unpackbits(octets, bitorder="little")[:size].view(np.bool_)


def _member(pool: Indexes, few: list[int]) -> Bools:
    """Which of the sorted `pool` are among `few`."""
    found = np.zeros(len(pool), np.bool_)
    at = np.searchsorted(pool, few)
    for place, position in zip(few, at, strict=True):
        if position < len(pool) and pool[position] == place:
            found[position] = True
    return found


def _flat(pieces: list[list[int]]) -> list[int]:
    return sorted(place for piece in pieces for place in piece)
