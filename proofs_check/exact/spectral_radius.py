"""Whether all eigenvalues of a rational matrix lie inside the unit circle, by Schur's and Cohn's recursion."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import flint


def is_contracting(rows: Sequence[Sequence[Any]]) -> bool:
    """Return whether the spectral radius of a rational matrix is below 1, exactly.

    Parameters
    ----------
    rows : sequence of sequences of Fraction or SymPy rationals
        The matrix.

    Examples
    --------
    >>> is_contracting([[Fraction(1, 2), 7], [0, Fraction(-9, 10)]]), is_contracting([[0, 1], [-1, 0]])
    (True, False)
    """
    size = len(rows)
    entries = [_rational(entry) for row in rows for entry in row]
    return has_roots_inside(flint.fmpq_mat(size, size, entries).charpoly().coeffs())


def has_roots_inside(coefficients: Sequence[Any]) -> bool:
    """Return whether all roots of a polynomial lie inside the unit circle, exactly.

    Parameters
    ----------
    coefficients : sequence of numbers
        From the constant one to the leading one, which is not 0.

    Notes
    -----
    All roots of p lie inside if and only if |p_0| < |p_n| and those of (p_n p(z) - p_0 z^n p(1/z))/z do.

    Examples
    --------
    >>> has_roots_inside([Fraction(-1, 2), 1]), has_roots_inside([2, -3, 1])
    (True, False)
    """
    p = list(coefficients)
    while len(p) > 1:
        first, last = p[0], p[-1]
        if first * first >= last * last:
            return False
        p = [last * x - first * y for x, y in zip(p, reversed(p), strict=True)][1:]
    return True


def _rational(value: Any) -> Any:
    exact = Fraction(int(value.p), int(value.q)) if hasattr(value, "p") else Fraction(value)
    return flint.fmpq(exact.numerator, exact.denominator)
