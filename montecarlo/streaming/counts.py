"""Streaming quantiles of log values: counts on a dyadic grid, with bounded memory and outward rounding."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce

import numpy as np
from numpy.typing import NDArray

from montecarlo.arguments import as_probability
from montecarlo.arrays import Array
from montecarlo.intervals import Estimate, order_statistic_ranks
from montecarlo.wording import counted

FINEST = 10
"""At the finest resolution cells are 2^-10 wide, which is a tenth of a percent of the quantity itself."""
CELLS = 2**17
"""All components together have about so many cells; where one spans more than its share, all cells double in width."""
_VALUES = 2**18
"""So many values are counted at a time, as counting needs several times their memory."""

Integers = NDArray[np.int64]
"""Numbers of cells or of samples."""


@dataclass(frozen=True, eq=False)
class LogCounts:
    r"""How many logarithms fall in each cell :math:`[j\,2^{-r}, (j+1)\,2^{-r})`, for several components.

    Attributes
    ----------
    count : int
        Number of samples.
    dead : ndarray of int, shape (components,)
        How many samples are -inf.
    resolution : int
        r.
    first : ndarray of int, shape (components,)
        j of each component's first cell.
    counts : ndarray of int, shape (components, cells)
        How many samples fall in each cell, from the component's first cell on.

    Notes
    -----
    An order statistic lies in the cell where the cumulated counts pass its rank, so an interval whose ends are rounded
    outward to cell edges contains the exact order-statistic interval, whose guarantee carries over. Merging adds
    counts. As the grid is dyadic, coarsening merges whole cells, so that nothing but resolution is lost.

    Examples
    --------
    >>> counts = LogCounts.of(np.array([[0.0], [0.001], [-np.inf]]))
    >>> counts.count, counts.dead, counts.counts
    (3, array([1]), array([[1, 1]]))
    """

    count: int
    dead: Integers
    resolution: int
    first: Integers
    counts: Integers

    def __repr__(self) -> str:
        of = f"{counted(self.count, 'sample')} of {counted(len(self.counts), 'component')}"
        return f"LogCounts({of}, in cells of {2.0**-self.resolution:g})"

    @classmethod
    def of(cls, logs: Array) -> LogCounts:
        """Return the counts of samples, shape (samples, components)."""
        components = logs.shape[1]
        alive = logs > -np.inf
        some = alive.any(axis=0)
        low = np.where(some, np.min(logs, axis=0, where=alive, initial=np.inf), 0.0)
        high = np.where(some, np.max(logs, axis=0, where=alive, initial=-np.inf), 0.0)
        resolution = FINEST
        while (cells := int((_cell(high, resolution) - _cell(low, resolution)).max()) + 1) > _share(components):
            resolution -= 1
        first = _cell(low, resolution)
        counts = np.zeros(components * cells, dtype=np.int64)
        for rows in range(0, len(logs), step := max(1, _VALUES // components)):
            piece = logs[rows : rows + step]
            where = _cell(np.where(alive[rows : rows + step], piece, low), resolution)
            where += cells * np.arange(components) - first
            counts += np.bincount(where.ravel(), minlength=len(counts))
        counts = counts.reshape(components, cells)
        dead = len(logs) - alive.sum(axis=0)
        counts[:, 0] -= dead  # -inf was counted in the cell of the least other value
        return cls(len(logs), dead, resolution, first, counts)

    def merge(self, other: LogCounts) -> LogCounts:
        """Return the counts of both samples together."""
        one, two = self, other
        for resolution in range(min(one.resolution, two.resolution), -(2**10), -1):
            one, two = one._coarsened(resolution), two._coarsened(resolution)
            # a component without samples spans nothing
            empty = [part.dead == part.count for part in (one, two)]
            first = np.minimum(np.where(empty[0], two.first, one.first), np.where(empty[1], one.first, two.first))
            spans = [
                np.where(no, 0, part.first + part.counts.shape[1] - first)
                for no, part in zip(empty, (one, two), strict=True)
            ]
            cells = max(1, int(np.maximum(*spans).max()))
            if cells <= _share(len(first)):
                break
        parts = [one, two]
        if (one.first == first).all() and one.counts.shape[1] == cells:
            counts = one.counts.copy()  # the first has more samples, and mostly spans the second
            parts = parts[1:]
        else:
            counts = np.zeros((len(first), cells), dtype=np.int64)
        for part in parts:
            rows, columns = np.nonzero(part.counts)  # a block of few samples fills few cells
            counts[rows, columns + (part.first - first)[rows]] += part.counts[rows, columns]
        return LogCounts(self.count + other.count, self.dead + other.dead, resolution, first, counts)

    @classmethod
    def fold(cls, parts: Iterable[LogCounts]) -> LogCounts:
        """Merge in order, from the left."""
        return reduce(cls.merge, parts)

    def _coarsened(self, resolution: int) -> LogCounts:
        """Return the counts at a coarser resolution."""
        times = self.resolution - resolution
        if times == 0:
            return self
        components, cells = self.counts.shape
        first = self.first >> times
        where = ((self.first[:, None] + np.arange(cells)) >> times) - first[:, None]
        wide = int(where.max()) + 1
        where += wide * np.arange(components)[:, None]
        counts = np.zeros(components * wide, dtype=np.int64)
        np.add.at(counts, where.ravel(), self.counts.ravel())
        return LogCounts(self.count, self.dead, resolution, first, counts.reshape(components, wide))

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

        Raises
        ------
        InvalidArgument
            If p or error lies outside (0, 1).
        """
        p, error = as_probability("p", p, example=0.5), as_probability("error", error)
        r, s = order_statistic_ranks(self.count, p, error)
        ranks = int(self.dead[c]) + np.cumsum(self.counts[c])
        width = math.ldexp(1.0, -self.resolution)

        def edge(rank: int, offset: float) -> float:
            if rank <= self.dead[c]:
                return -math.inf
            return float(self.first[c] + np.searchsorted(ranks, rank) + offset) * width

        lo = edge(r, 0) if r >= 1 else -math.inf
        hi = edge(s, 1) if s <= self.count else math.inf
        middle = edge(min(max(math.ceil(self.count * p), 1), self.count), 0.5)
        method = f"order statistics on a grid of {width:.2g}, rounded outward"
        return Estimate(value=middle, lo=lo, hi=hi, error=error, method=method, samples=self.count)


def _cell(logs: Array, resolution: int) -> Integers:
    """Return the cell of each log."""
    return np.floor(np.ldexp(logs, resolution)).astype(np.int64)


def _share(components: int) -> int:
    """Return how many cells a component may span."""
    return max(2**8, min(2**16, CELLS // components))
