"""Joint cumulants of powers of one random variable, from its moments."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations
from typing import Any


class PowerCumulants:
    """The joint cumulants of X^a, X^b, ...

    The entries of a matrix are independent, so the joint cumulant of powers of some of them vanishes unless they are
    all the same entry. This is why sums over all values of indices are weighted by cumulants, and not by moments.

    Parameters
    ----------
    moment : callable
        Gives E X^order for an order from 1 on, in any ring.

    Examples
    --------
    >>> normal = PowerCumulants({1: 0, 2: 1, 3: 0, 4: 3}.__getitem__)
    >>> normal((1, 1)), normal((1, 1, 1, 1)), normal((2, 2))
    (1, 0, 2)
    """

    def __init__(self, moment: Callable[[int], Any]) -> None:
        self._moment = moment
        self._known: dict[tuple[int, ...], Any] = {}

    def __call__(self, powers: tuple[int, ...]) -> Any:
        """Return the joint cumulant: the joint moment less the terms of all partitions of two or more blocks.

        The terms are grouped by the block that contains the first power. This block contributes its joint cumulant, and
        the powers outside of it their joint moment.
        """
        powers = tuple(sorted(powers))
        if powers not in self._known:
            first, *rest = powers
            value = self._moment(sum(powers))
            for size in range(len(rest)):
                for chosen in combinations(range(len(rest)), size):
                    block = (first, *(rest[i] for i in chosen))
                    value = value - self(block) * self._moment(sum(powers) - sum(block))
            self._known[powers] = value
        return self._known[powers]
