"""Best available: n places together, nearest the focal point, by shift-and on packed bitmaps.

Bit i of a bitmap is place i, 64 places a word. With F the free places that fit the filter and L
the links (place i and i + 1 are neighbours), the runs of k + 1 are
`R(k+1)[i] = F[i] & L[i] & R(k)[i + 1]`, so all runs of 1 to n cost n passes over the words.
"""

from __future__ import annotations

from typing import Final

import msgspec
import numpy as np
import numpy.typing as npt

from seatengine.chart.seat_table import ACCESSIBLE, COMPANION, RETIRED, GroupKind, SeatTable
from seatengine.core.outputs import BestStep

Words = npt.NDArray[np.uint64]
Bools = npt.NDArray[np.bool_]
Indexes = npt.NDArray[np.int64]
Scores = npt.NDArray[np.float32]

# How many of the best-ranked starts are looked at one by one before ranking all candidates.
_PROBE: Final = 512
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


class Finder:
    """The search over one SeatTable; holds what can be computed once per table.

    Rows and tables that sell by the seat take part; areas, booths and whole tables do not.
    Accessible and companion places are given only to those who ask for accessible ones.
    """

    def __init__(self, table: SeatTable) -> None:
        self._table = table
        self._size = table.size
        self._padded = -(-max(table.size, 1) // 64) * 64
        by_seat = np.array(
            [g.kind in (GroupKind.ROW, GroupKind.TABLE) and not g.whole for g in table.groups]
            + [False],
            np.bool_,
        )
        seated = by_seat[table.group] & ((table.flags & RETIRED) == 0)
        self._seated = self._pack(seated)
        self._link = self._pack(table.link != 0)
        self._accessible = self._pack((table.flags & ACCESSIBLE) != 0)
        self._reserved = self._pack((table.flags & (ACCESSIBLE | COMPANION)) != 0)
        self._categories = [self._pack(table.category == c) for c in range(len(table.categories))]
        self._section_filters: dict[tuple[int, ...], Words] = {}
        self._scores: dict[int, Scores] = {}
        self._orders: dict[int, Indexes] = {}

    def find(self, status: npt.NDArray[np.uint8], wish: Wish) -> Found | None:
        """The best free places for `wish`, or None when even the worst allowed step finds none."""
        free = self._pack(status == 0) & self._seated
        fit = self._fitting(free, wish)
        ladder = self._runs(fit, wish.quantity)
        if len(ladder) == wish.quantity:
            runs = ladder[-1]
            if wish.accessible:
                runs = runs & self._with_accessible(wish.quantity, wish.accessible)
            found = self._together(runs, free, wish)
            if found is not None:
                return found
        if wish.worst_step < BestStep.NEARBY or not ladder:
            return None
        return self._split(fit, ladder, wish)

    def _fitting(self, free: Words, wish: Wish) -> Words:
        fit = free if wish.accessible else free & ~self._reserved
        if wish.categories:
            allowed = self._categories[wish.categories[0]].copy()
            for category in wish.categories[1:]:
                allowed |= self._categories[category]
            fit = fit & allowed
        if wish.sections:
            fit = fit & self._section_filter(wish.sections)
        return fit

    def _section_filter(self, sections: tuple[int, ...]) -> Words:
        known = self._section_filters.get(sections)
        if known is None:
            if len(self._section_filters) >= _SECTION_FILTERS:
                self._section_filters.clear()
            known = self._pack(np.isin(self._table.section, sections))
            self._section_filters[sections] = known
        return known

    def _runs(self, fit: Words, quantity: int) -> list[Words]:
        """[runs of 1, runs of 2, ...] by first place, up to `quantity` or the last not empty."""
        ladder: list[Words] = []
        runs = fit
        linked = fit & self._link
        while runs.any():
            ladder.append(runs)
            if len(ladder) == quantity:
                break
            runs = linked & _down(runs, 1)
        return ladder

    def _together(self, runs: Words, free: Words, wish: Wish) -> Found | None:
        quantity = wish.quantity
        neighbour_left = _up(free & self._link, 1)
        lone_left = neighbour_left & ~_up(free & self._link, 2)
        right = self._link & _down(free, 1)
        lone_right = _down(right, quantity - 1) & ~_down(right, quantity)
        start = self._best(runs & ~lone_left & ~lone_right, quantity)
        step = BestStep.TOGETHER
        if start is None and wish.worst_step >= BestStep.TOGETHER_LEAVES_ONE:
            start = self._best(runs, quantity)
            step = BestStep.TOGETHER_LEAVES_ONE
        if start is None:
            return None
        return Found(list(range(start, start + quantity)), step)

    def _best(self, starts: Words, quantity: int) -> int | None:
        """The start with the best mean rank, lowest index first among equals."""
        if not starts.any():
            return None
        octets = starts.view(np.uint8)
        probe = self._order(quantity)
        if len(probe):
            hits = (octets[probe >> 3] >> (probe & 7).astype(np.uint8)) & 1
            first = int(hits.argmax())
            if hits[first]:
                return int(probe[first])
        candidates = np.unpackbits(octets, bitorder="little")[: self._size].view(np.bool_)
        scores = np.where(candidates, self._score(quantity), np.float32(np.inf))
        best = int(scores.argmin())
        return best if candidates[best] else None

    def _score(self, quantity: int) -> Scores:
        """float32[size]: mean rank of the `quantity` places from each start on."""
        known = self._scores.get(quantity)
        if known is None:
            padded = np.concatenate(
                [self._table.rank.astype(np.float64), np.zeros(quantity, np.float64)]
            )
            sums = np.concatenate([[0.0], np.cumsum(padded)])
            known = ((sums[quantity:] - sums[:-quantity])[: self._size] / quantity).astype(
                np.float32
            )
            self._scores[quantity] = known
        return known

    def _order(self, quantity: int) -> Indexes:
        """The _PROBE best starts of an empty house for `quantity` places, best mean rank first."""
        known = self._orders.get(quantity)
        if known is None:
            ladder = self._runs(self._seated & ~self._reserved, quantity)
            possible = (
                self._indexes(ladder[-1]) if len(ladder) == quantity else np.zeros(0, np.int64)
            )
            by_score = self._score(quantity)[possible].argsort(kind="stable")
            known = possible[by_score][:_PROBE]
            self._orders[quantity] = known
        return known

    def _with_accessible(self, quantity: int, at_least: int) -> Words:
        flags = self._bools(self._accessible).astype(np.int32)
        sums = np.concatenate(
            [[0], np.cumsum(np.concatenate([flags, np.zeros(quantity, np.int32)]))]
        )
        return self._pack((sums[quantity:] - sums[:-quantity])[: self._size] >= at_least)

    def _split(self, fit: Words, ladder: list[Words], wish: Wish) -> Found | None:
        """Pieces near each other: the largest run first, the rest around it."""
        anchor = self._anchor(fit, ladder, wish)
        if anchor is None:
            return None
        chosen = anchor
        around = self._indexes_between(fit, anchor[0] - _NEARBY, anchor[-1] + _NEARBY)
        section = self._table.section
        around = around[section[around] == section[anchor[0]]]
        pieces = self._gather(around, chosen, wish.quantity)
        if pieces is not None and all(len(p) > 1 for p in pieces[:-1]):
            return Found(_flat(pieces), BestStep.NEARBY)
        if wish.worst_step < BestStep.SCATTERED:
            return None
        pieces = self._gather(self._indexes(fit), chosen, wish.quantity)
        return None if pieces is None else Found(_flat(pieces), BestStep.SCATTERED)

    def _anchor(self, fit: Words, ladder: list[Words], wish: Wish) -> list[int] | None:
        if wish.accessible:
            wanted = self._indexes(fit & self._accessible)
            if len(wanted) < wish.accessible:
                return None
            rank = self._table.rank[wanted]
            first = wanted[rank.argmin()]
            near = self._distance(wanted, [int(first)]).argsort(kind="stable")
            return sorted(int(p) for p in wanted[near[: wish.accessible]])
        length = min(len(ladder), wish.quantity)
        start = self._best(ladder[length - 1], length)
        return None if start is None else list(range(start, start + length))

    def _gather(self, pool: Indexes, anchor: list[int], quantity: int) -> list[list[int]] | None:
        """`anchor` and pieces from `pool` that make up `quantity`: longest first, then nearest."""
        pieces = [anchor]
        missing = quantity - len(anchor)
        pool = pool[~np.isin(pool, anchor)]
        if len(pool) < missing:
            return None
        while missing:
            broken = (np.diff(pool) != 1) | (self._table.link[pool[:-1]] == 0)
            starts = np.concatenate([[0], np.flatnonzero(broken) + 1])
            lengths = np.diff(np.concatenate([starts, [len(pool)]]))
            useful = np.minimum(lengths, missing)
            longest = starts[useful == useful.max()]
            at = longest[self._distance(pool[longest], anchor).argmin()]
            take = int(useful.max())
            pieces.append([int(p) for p in pool[at : at + take]])
            pool = np.concatenate([pool[:at], pool[at + take :]])
            missing -= take
        return pieces

    def _distance(self, places: Indexes, anchor: list[int]) -> Scores:
        x, y = self._table.x, self._table.y
        across: Scores = x[places] - x[anchor].mean()
        along: Scores = y[places] - y[anchor].mean()
        return np.sqrt(across * across + along * along)

    def _pack(self, bits: Bools) -> Words:
        packed = np.zeros(self._padded // 8, np.uint8)
        octets = np.packbits(bits, bitorder="little")
        packed[: len(octets)] = octets
        return packed.view(np.uint64)

    def _bools(self, words: Words) -> Bools:
        unpacked = np.unpackbits(words.view(np.uint8), bitorder="little")
        return unpacked[: self._size].view(np.bool_)

    def _indexes(self, words: Words) -> Indexes:
        return np.flatnonzero(self._bools(words))

    def _indexes_between(self, words: Words, low: int, high: int) -> Indexes:
        """Set bits of `words` between two indexes, unpacking only the octets that hold them."""
        first = max(low, 0) >> 3
        octets = words.view(np.uint8)[first : (high >> 3) + 1]
        return np.flatnonzero(np.unpackbits(octets, bitorder="little")) + (first << 3)


def _down(words: Words, by: int) -> Words:
    """Bit i of the result is bit i + by of `words`; 0 <= by < 64."""
    if by == 0:
        return words
    shifted = words >> np.uint64(by)
    shifted[:-1] |= words[1:] << np.uint64(64 - by)
    return shifted


def _up(words: Words, by: int) -> Words:
    """Bit i of the result is bit i - by of `words`; 0 < by < 64."""
    shifted = words << np.uint64(by)
    shifted[1:] |= words[:-1] >> np.uint64(64 - by)
    return shifted


def _flat(pieces: list[list[int]]) -> list[int]:
    return sorted(place for piece in pieces for place in piece)
