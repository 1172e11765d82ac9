r"""The unitary Weingarten function, by exact inversion of the Gram matrix of permutations.

For a Haar unitary matrix U, the mean of :math:`\prod_t U_{i_t j_t} \overline{U_{i'_t j'_t}}` over k factors is the sum
of :math:`\mathrm{Wg}(\sigma^{-1}\tau)` over all permutations with :math:`i_t = i'_{\sigma(t)}` and
:math:`j_t = j'_{\tau(t)}`. Wg is the inverse of the matrix :math:`n^{\mathrm{cycles}(\sigma^{-1}\tau)}`, or its
pseudo-inverse where it has no inverse. Both depend on cycle types alone, so it suffices to solve a system with one
unknown for each partition of k.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from itertools import permutations

import sympy as sp
from sympy.polys.matrices import DomainMatrix

from theory.ensembles import InvalidArgument
from theory.matrix_expectations.weingarten import HIGHEST_ORDER

CycleType = tuple[int, ...]
"""A cycle type has the lengths of the cycles in decreasing order: (1, ..., 1) for the identity."""

MOST_PAIRS = HIGHEST_ORDER // 2
"""A product may have up to this number of factors of one matrix, and as many conjugated ones."""


def unitary_weingarten(cycle_type: CycleType, dimension: sp.Expr) -> sp.Expr:
    """Derive the weight of two permutations that differ by one of this cycle type.

    Parameters
    ----------
    cycle_type : tuple of int
        A partition of k, in decreasing order.
    dimension : sympy.Expr
        n, a symbol or a positive integer. For a number the pseudo-inverse is taken, which is right for n < k as well.

    Returns
    -------
    sympy.Expr

    Raises
    ------
    InvalidArgument
        If k is not between 1 and 4, or the cycle type is no partition in decreasing order.

    References
    ----------
    B. Collins and P. Sniady, arXiv:math-ph/0402073, sec. 2.

    Examples
    --------
    >>> n = sp.Symbol("n")
    >>> unitary_weingarten((1, 1), n), unitary_weingarten((2,), n).factor()
    (1/(n**2 - 1), -1/(n*(n - 1)*(n + 1)))
    >>> unitary_weingarten((1, 1), sp.Integer(1))
    1/4
    """
    order = sum(cycle_type)
    if not 0 < order <= MOST_PAIRS:
        raise InvalidArgument("cycle_type", f"order {order} is out of range", f"orders go from 1 to {MOST_PAIRS}")
    weights = _weights_at(order, int(dimension)) if dimension.is_number else _weights(order)
    if cycle_type not in weights:
        raise InvalidArgument("cycle_type", f"{cycle_type} is no partition in decreasing order", "such as (2, 1)")
    return weights[cycle_type].xreplace({_N: dimension})


def cycle_type(one: Sequence[int], other: Sequence[int]) -> CycleType:
    """Return the lengths of the cycles of the first permutation's inverse after the second.

    Parameters
    ----------
    one, other : sequence of int
        Two permutations of 0, 1, ..., k - 1: the images of each.

    Examples
    --------
    >>> cycle_type((0, 1, 2), (1, 0, 2))
    (2, 1)
    """
    back = {image: place for place, image in enumerate(one)}
    left = set(range(len(one)))
    lengths = []
    while left:
        start = at = left.pop()
        length = 1
        while (at := back[other[at]]) != start:
            left.discard(at)
            length += 1
        lengths.append(length)
    return tuple(sorted(lengths, reverse=True))


def cycle_types(order: int) -> tuple[CycleType, ...]:
    """Return the partitions of a number, each of which is a cycle type.

    Examples
    --------
    >>> cycle_types(3)
    ((1, 1, 1), (2, 1), (3,))
    """
    identity = tuple(range(order))
    return tuple(sorted({cycle_type(identity, one) for one in permutations(identity)}))


_N = sp.Dummy("n")
_RING = sp.QQ[_N]


@cache
def _gram(order: int) -> tuple[tuple[CycleType, ...], sp.Matrix, sp.Matrix]:
    """Return the cycle types, the Gram matrix on functions of them, and the identity's indicator.

    The entry for types a and b is the sum of n^cycles(s) over the permutations t of type b, with s the permutation
    between t and one of type a.
    """
    identity = tuple(range(order))
    every = list(permutations(identity))
    representatives = {cycle_type(identity, one): one for one in every}
    types = tuple(sorted(representatives))
    rows = []
    for a in types:
        row = dict.fromkeys(types, sp.S.Zero)
        for one in every:
            row[cycle_type(identity, one)] += _N ** len(cycle_type(one, representatives[a]))
        rows.append([row[b] for b in types])
    return types, sp.Matrix(rows), sp.Matrix([int(set(a) == {1}) for a in types])


@cache
def _weights(order: int) -> dict[CycleType, sp.Expr]:
    types, gram, unit = _gram(order)
    left, right = (DomainMatrix.from_Matrix(side).convert_to(_RING) for side in (gram, unit))
    above, below = left.solve_den(right)
    weights = {}
    for a, (entry,) in zip(types, above.to_list(), strict=True):
        top, bottom = sp.Poly(_RING.to_sympy(entry), _N).cancel(sp.Poly(_RING.to_sympy(below), _N), include=True)
        weights[a] = top.as_expr() / bottom.as_expr()
    return weights


@cache
def _weights_at(order: int, n: int) -> dict[CycleType, sp.Expr]:
    """Return the same for a number n, by the pseudo-inverse; class functions commute, as for the orthogonal group."""
    types, gram, unit = _gram(order)
    numbers = gram.xreplace({_N: sp.Integer(n)})
    solution, parameters = (numbers**3).gauss_jordan_solve(numbers * unit)
    values = numbers * solution.subs(dict.fromkeys(parameters, 0))
    return dict(zip(types, values, strict=True))
