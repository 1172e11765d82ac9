"""What haarpy answers. It integrates over Haar matrices, so a Gaussian matrix needs one of two detours.

- pairings: Wick's theorem by hand, on haarpy's pair partitions. E of four copies of W is the sum over pairings of (the
  pairing of rows) times (the same of columns), so a product of matrices is a power of haarpy's Gram matrix, and a trace
  a sum over pairings of n to the number of joined blocks.
- integrals: its own integrals, since sqrt(N) times entries of an orthogonal N x N matrix become normal as N grows.
  Indices are summed over n = 2 values.
"""

from __future__ import annotations

from itertools import product

import haarpy
import sympy as sp

from benchmarks.cases import DEPTH, NORM, WIDTH, Cannot, Case

_LARGE = sp.Symbol("N", integer=True, positive=True)
_VALUES = range(2)


def solve(case: Case, route: str) -> sp.Expr:
    """Return the answer by one of the routes."""
    if case.law != "normal":
        raise Cannot("Haar and Gaussian only")
    if case.activation != "linear":
        raise Cannot("polynomials only")
    if route == "pairings":
        return _trace_from_pairings() if case.depth is None else _chain_from_pairings(case.depth)
    if case.depth == "L":
        raise Cannot("one layer at a time")
    return _trace_from_integrals() if case.depth is None else _chain_from_integrals(int(case.depth))


def read(result: sp.Expr) -> sp.Expr:
    """Return the result: it is SymPy already."""
    return result


def _chain_from_pairings(depth: int | str) -> sp.Expr:
    gram = haarpy.gram_matrix(tuple(haarpy.pair_partitions((1, 2, 3, 4))), WIDTH)
    power = gram ** (DEPTH if depth == "L" else depth)  # of what was tried, the fastest: SymPy's own power
    return NORM**4 * sp.Add(*power[0, :])


def _trace_from_pairings() -> sp.Expr:
    rows, columns = ((1, 6), (2, 3), (4, 5)), ((1, 2), (3, 4), (5, 6))
    return sp.Add(
        *(
            WIDTH ** (len(haarpy.join_operation(pairing, rows)) + len(haarpy.join_operation(pairing, columns)))
            for pairing in haarpy.pair_partitions((1, 2, 3, 4, 5, 6))
        )
    )


def _normal_moment(rows: tuple[int, ...], columns: tuple[int, ...]) -> sp.Expr:
    """Return E of a product of normal entries as the limit of the Haar integral; Gorin's way is the faster here."""
    integral = haarpy.haar_integral_orthogonal((rows, columns), _LARGE, "gorin")
    return sp.limit(integral * _LARGE ** (len(rows) // 2), _LARGE, sp.oo) if integral != 0 else sp.S.Zero


def _chain_from_integrals(depth: int) -> sp.Expr:
    indices = list(product(_VALUES, repeat=4))
    layer = sp.Matrix([[_normal_moment(rows, columns) for columns in indices] for rows in indices])
    vector = sp.Matrix([1] + [0] * (len(indices) - 1))  # four copies of x = e1
    for _ in range(depth):
        vector = layer * vector
    return sp.Add(*(vector[indices.index((i, i, j, j))] for i, j in product(_VALUES, repeat=2)))


def _trace_from_integrals() -> sp.Expr:
    return sp.Add(
        *(_normal_moment((i, j, j, k, k, i), (a, a, b, b, c, c)) for i, j, k, a, b, c in product(_VALUES, repeat=6))
    )
