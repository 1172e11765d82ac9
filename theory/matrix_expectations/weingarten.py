r"""The orthogonal Weingarten function, by exact inversion of the Gram matrix of pairings.

For a Haar orthogonal matrix Q, :math:`E \prod_t Q_{i_t j_t}` is the sum of :math:`\mathrm{Wg}(p, q)` over all pairings
p and q of the 2k factors such that p pairs equal row indices and q pairs equal column indices. Wg is the inverse of the
matrix :math:`n^{\mathrm{loops}(p, q)}`, or its pseudo-inverse where it has no inverse. Both matrices depend on the
coset type of (p, q) alone, which lists the half lengths of the loops that the two pairings close. So it suffices to
solve a system with one unknown for each partition of k.
"""

from __future__ import annotations

from functools import cache

import sympy as sp
from sympy.polys.matrices import DomainMatrix

from theory.ensembles import InvalidArgument
from theory.matrix_expectations.partitions import Pairing, pairings

CosetType = tuple[int, ...]
"""A coset type has the half lengths of the loops in decreasing order: (1, ..., 1) if the pairings are equal."""

HIGHEST_ORDER = 8
"""A product may have up to this number of factors of one Haar matrix."""


def weingarten(coset_type: CosetType, dimension: sp.Expr) -> sp.Expr:
    """Derive the weight of two pairings of this coset type.

    Parameters
    ----------
    coset_type : tuple of int
        A partition of k, for products of 2k factors, in decreasing order.
    dimension : sympy.Expr
        n, a symbol or a number. For a positive integer the pseudo-inverse is taken, which is right for n < k as well.

    Returns
    -------
    sympy.Expr

    Raises
    ------
    InvalidArgument
        If the order 2k is not between 2 and 8, or the coset type is no partition in decreasing order.

    References
    ----------
    B. Collins and P. Sniady, arXiv:math-ph/0402073, sec. 3.

    Examples
    --------
    >>> weingarten((1, 1), sp.Symbol("n")).factor()
    (n + 1)/(n*(n - 1)*(n + 2))
    >>> weingarten((1, 1), sp.Integer(1))
    1/9
    """
    half = sum(coset_type)
    if not 0 < 2 * half <= HIGHEST_ORDER:
        raise InvalidArgument("coset_type", f"order {2 * half} is out of range", f"orders go from 2 to {HIGHEST_ORDER}")
    is_size = dimension.is_Integer and dimension.is_positive  # inverse Wishart matrices ask for other numbers
    weights = _weights_at(half, int(dimension)) if is_size else _weights(half)
    if coset_type not in weights:
        raise InvalidArgument("coset_type", f"{coset_type} is no partition in decreasing order", "such as (2, 1)")
    above, below = weights[coset_type]
    return above.as_expr().subs(_N, dimension) / sp.expand(below.as_expr().subs(_N, dimension))


def coset_type(left: Pairing, right: Pairing) -> CosetType:
    """Return the half lengths of the loops that two pairings close.

    Parameters
    ----------
    left, right : Pairing
        Two pairings of the same items.

    Examples
    --------
    >>> coset_type(((0, 1), (2, 3), (4, 5)), ((0, 2), (1, 3), (4, 5)))
    (2, 1)
    """
    across = {a: b for pair in left for a, b in (pair, pair[::-1])}
    back = {a: b for pair in right for a, b in (pair, pair[::-1])}
    lengths = []
    while across:
        start = at = next(iter(across))
        length = 0
        while True:
            other = across.pop(at)
            del across[other]
            at, length = back[other], length + 1
            if at == start:
                break
        lengths.append(length)
    return tuple(sorted(lengths, reverse=True))


def coset_types(half: int) -> tuple[CosetType, ...]:
    """Return the partitions of half the order, each of which is a coset type.

    Examples
    --------
    >>> coset_types(3)
    ((1, 1, 1), (2, 1), (3,))
    """
    return _scheme(half)[0]


_N = sp.Dummy("n")
_RING = sp.QQ[_N]


@cache
def _scheme(half: int) -> tuple[tuple[CosetType, ...], tuple[tuple[tuple[int, ...], ...], ...]]:
    """Return the coset types, and a table of numbers of pairings.

    Its entry [a][b][loops] is for a pairing p of type a with the identity: that many pairings q have the type b with p
    and close that many loops with the identity.
    """
    all_pairings = list(pairings(range(2 * half)))
    identity = all_pairings[0]
    loops = [len(coset_type(identity, q)) for q in all_pairings]
    representatives = {coset_type(identity, p): p for p in all_pairings}
    types = tuple(sorted(representatives))
    table = []
    for a in types:
        counts = {b: [0] * (half + 1) for b in types}
        for q, count in zip(all_pairings, loops, strict=True):
            counts[coset_type(q, representatives[a])][count] += 1
        table.append(tuple(tuple(counts[b]) for b in types))
    return types, tuple(table)


@cache
def _weights(half: int) -> dict[CosetType, tuple[sp.Poly, sp.Poly]]:
    """Return Wg's numerators and denominators for symbolic n, by one exact solution over Q[n]."""
    types, table = _scheme(half)
    gram = [[sp.Poly(row[::-1], _N).as_expr() for row in rows] for rows in table]
    unit = [[sp.S.One if set(a) == {1} else sp.S.Zero] for a in types]
    above, below = (
        DomainMatrix.from_list_sympy(len(types), len(types), gram)
        .convert_to(_RING)
        .solve_den(DomainMatrix.from_list_sympy(len(types), 1, unit).convert_to(_RING))
    )
    denominator = sp.Poly(_RING.to_sympy(below), _N)
    weights = {}
    for a, entry in zip(types, above.to_list(), strict=True):
        weights[a] = sp.Poly(_RING.to_sympy(entry[0]), _N).cancel(denominator, include=True)
    return weights


@cache
def _weights_at(half: int, n: int) -> dict[CosetType, tuple[sp.Poly, sp.Poly]]:
    """Return the same for a number n, by the pseudo-inverse of the Gram matrix.

    Matrices that depend on the coset type alone commute. So with g the Gram matrix on coset types and e the unit vector
    of the identity, the pseudo-inverse's column is g u for any solution u of g^3 u = g e.
    """
    types, table = _scheme(half)
    gram = sp.Matrix([[sum(count * n**loops for loops, count in enumerate(row)) for row in rows] for rows in table])
    unit = sp.Matrix([int(set(a) == {1}) for a in types])
    solution, parameters = (gram**3).gauss_jordan_solve(gram * unit)
    values = gram * solution.subs(dict.fromkeys(parameters, 0))
    return {a: (sp.Poly(value, _N), sp.Poly(1, _N)) for a, value in zip(types, values, strict=True)}
