"""Streaming quantiles of log values: counts on a dyadic grid, with bounded memory and outward rounding."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce

import numpy as np
from numpy.typing import NDArray

from montecarlo.intervals import Estimate, order_statistic_ranks
from montecarlo.weights import Array
from theory.ensembles import InvalidArgument

FINEST = 10
"""Cells of the grid are 2^-10 wide at most resolution: a tenth of a percent of the quantity itself."""
CELLS = 2**20
"""Cells for all components together; where one spans more than its share, its cells become twice as wide."""

Integers = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class LogCounts:
    r"""How many logarithms fall in each cell :math:`[j\,2^{-r}, (j+1)\,2^{-r})`, for several components.

    Attributes
    ----------
    count : int
        Number of samples.
    dead : ndarray of int, shape (components,)
        How many are -inf.
    resolution : ndarray of int, shape (components,)
        r.
    first : ndarray of int, shape (components,)
        j of each component's first cell.
    counts : ndarray of int
        How many fall in each cell, from each component's first to its last, one component after the other.
    offsets : ndarray of int, shape (components + 1,)
        Where each component's counts begin.

    Notes
    -----
    An order statistic lies in the cell where the cumulated counts pass its rank, so an interval whose ends are rounded
    outward to cell edges contains the exact order-statistic interval: its guarantee carries over. Merging adds counts
    and, on a dyadic grid, coarsening merges whole cells: nothing is lost but resolution.

    Examples
    --------
    >>> counts = LogCounts.of(np.array([[0.0], [0.001], [-np.inf]]))
    >>> counts.count, counts.dead, counts.counts
    (3, array([1]), array([1, 1]))
    """

    count: int
    dead: Integers
    resolution: Integers
    first: Integers
    counts: Integers
    offsets: Integers

    @classmethod
    def of(cls, logs: Array) -> LogCounts:
        """Return the counts of samples, shape (samples, components)."""
        components = logs.shape[1]
        alive = logs > -np.inf
        low = np.min(logs, axis=0, where=alive, initial=np.inf)
        high = np.max(logs, axis=0, where=alive, initial=-np.inf)
        low, high = np.where(alive.any(axis=0), [low, high], 0.0)
        resolution = np.full(components, FINEST)
        first, last = _cell(low, resolution), _cell(high, resolution)
        while (wide := last - first >= _share(components)).any():
            resolution -= wide
            first, last = first >> wide, last >> wide
        offsets = np.concatenate([[0], np.cumsum(last - first + 1)])
        where = _cell(np.where(alive, logs, low), resolution) - first + offsets[:-1]
        counts = np.bincount(where.ravel(), minlength=offsets[-1])
        dead = len(logs) - alive.sum(axis=0)
        counts[offsets[:-1]] -= dead  # they were counted where the least of the others is
        return cls(len(logs), dead, resolution, first, counts, offsets)

    def merge(self, other: LogCounts) -> LogCounts:
        """Return the counts of both samples together."""
        components = len(self.dead)
        resolution, firsts, all_counts = [], [], []
        for c in range(components):
            pieces = [part.component(c) for part in (self, other) if part.dead[c] < part.count]
            if not pieces:
                pieces = [self.component(c)]
            r = min(r for r, _, _ in pieces)
            while True:
                coarse = [_coarsened(first, counts, own - r) for own, first, counts in pieces]
                first = min(first for first, _ in coarse)
                last = max(first + len(counts) for first, counts in coarse)
                if last - first <= _share(components):
                    break
                r -= 1
            total = np.zeros(last - first, dtype=np.int64)
            for start, counts in coarse:
                total[start - first : start - first + len(counts)] += counts
            resolution.append(r)
            firsts.append(first)
            all_counts.append(total)
        return LogCounts(
            self.count + other.count,
            self.dead + other.dead,
            np.array(resolution),
            np.array(firsts),
            np.concatenate(all_counts),
            np.concatenate([[0], np.cumsum([len(counts) for counts in all_counts])]),
        )

    @classmethod
    def fold(cls, parts: Iterable[LogCounts]) -> LogCounts:
        """Merge in order, from the left."""
        return reduce(cls.merge, parts)

    def component(self, c: int) -> tuple[int, int, Integers]:
        """Return the resolution of a component, its first cell, and the counts from there on."""
        counts = self.counts[self.offsets[c] : self.offsets[c + 1]]
        return int(self.resolution[c]), int(self.first[c]), counts

    def quantile(self, p: float, c: int, error: float) -> Estimate:
        """Enclose the p-quantile of a component, dead networks included at -inf.

        Parameters
        ----------
        p : float
            Between 0 and 1, exclusive.
        c : int
            Number of the component.
        error : float
            Probability that the interval may miss, both sides together.

        Returns
        -------
        Estimate
            Its value is the middle of the cell of the order statistic of rank ceil(N p).
        """
        for argument, number in (("p", p), ("error", error)):
            if not 0 < number < 1:
                raise InvalidArgument(argument, f"must lie between 0 and 1, exclusive, got {number!r}", "use e.g. 0.5")
        r, s = order_statistic_ranks(self.count, p, error)
        resolution, first, counts = self.component(c)
        ranks = int(self.dead[c]) + np.cumsum(counts)
        width = math.ldexp(1.0, -resolution)

        def edge(rank: int, offset: float) -> float:
            if rank <= self.dead[c]:
                return -math.inf
            return float(first + np.searchsorted(ranks, rank) + offset) * width

        lo = edge(r, 0) if r >= 1 else -math.inf
        hi = edge(s, 1) if s <= self.count else math.inf
        middle = edge(min(max(math.ceil(self.count * p), 1), self.count), 0.5)
        method = f"order statistics on a grid of {width:.2g}, rounded outward"
        return Estimate(middle, lo, hi, error, method, self.count)


def _cell(logs: Array, resolution: Integers) -> Integers:
    """Return the cell of each log."""
    return np.floor(np.ldexp(logs, resolution.astype(np.int32))).astype(np.int64)


def _share(components: int) -> int:
    """Return how many cells a component may span."""
    return max(2**9, min(2**16, CELLS // components))


def _coarsened(first: int, counts: Integers, times: int) -> tuple[int, Integers]:
    """Double the width of cells so many times."""
    start = first >> times
    cells = (np.arange(first, first + len(counts)) >> times) - start
    return start, np.bincount(cells, counts, minlength=1).astype(np.int64) if times else counts
