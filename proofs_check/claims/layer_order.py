"""Whether the layers of a statistic increase for all values of their letters: 1 <= j < k < l <= depth."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import sympy as sp

from proofs_check.claims.number_reader import layer_rank
from proofs_check.claims.random_numbers import Statistic


def is_ordered(statistic: Statistic, letters: Sequence[sp.Symbol], depth: sp.Expr) -> bool:
    """Whether the layers of a statistic, in the order of formulas, increase for all values of their letters.

    Parameters
    ----------
    statistic : Statistic
        The statistic.
    letters : sequence of Symbol
        The letters of layers, in the order of the layers.
    depth : sympy.Expr
        The depth.

    Examples
    --------
    >>> from proofs_check.claims.random_numbers import Activation, Moment
    >>> k, L = sp.symbols("k L", integer=True, positive=True)
    >>> pair = Moment(((Activation((k,)), 2), (Activation((L,)), 2)))
    >>> is_ordered(pair, [k], L), is_ordered(pair.at({L: L - 1}), [k], L)
    (True, False)
    """
    layers = sorted({x for number in statistic.numbers for x in number.layers}, key=lambda x: layer_rank(x, depth))
    return all(_least_gap(first, last, letters, depth) >= 0 for first, last in pairwise(layers))


def _least_gap(first: sp.Expr, last: sp.Expr, letters: Sequence[sp.Symbol], depth: sp.Expr) -> float:
    """Return the least value of last - first, given 1 <= j < k < l <= depth."""
    gap = sp.expand(last - first)
    if gap.is_Integer:
        return int(gap)
    places = {letter: place for place, letter in enumerate(letters, 1)}
    count = len(places)
    (above,) = last.free_symbols or (None,)
    (below,) = first.free_symbols or (None,)
    shift = int(gap.subs(dict.fromkeys(gap.free_symbols, 0)))
    if below is None:  # from a number to a letter
        return (places[above] if above in places else max(count, 1)) + shift if above is not None else -math.inf
    if above in places and below in places and places[above] > places[below]:
        return places[above] - places[below] + shift
    if above == depth and below in places:
        return count - places[below] + shift
    return -math.inf
