"""Numbers of claims: read exactly, and held between two others."""

from __future__ import annotations

from fractions import Fraction

import flint
import sympy as sp

from theory.balls import enclose, less


def rational(value: Fraction) -> sp.Rational:
    """Return a fraction as a SymPy number.

    Examples
    --------
    >>> rational(Fraction(5, 2))
    5/2
    """
    return sp.Rational(value.numerator, value.denominator)


def between(low: sp.Expr, count: int, high: sp.Expr) -> bool | None:
    """Whether low <= count <= high; None where a ball leaves it open.

    Parameters
    ----------
    low, high : sympy.Expr
        The claimed ends, without free symbols.
    count : int
        The number that was counted.

    Examples
    --------
    >>> between(sp.sqrt(2), 2, sp.pi), between(sp.pi, 3, sp.E**2)
    (True, False)
    """
    number = flint.arb(count)
    answers = (
        less(number, enclose(sp.sympify(low, strict=True))),
        less(enclose(sp.sympify(high, strict=True)), number),
    )
    if True in answers:
        return False
    return None if None in answers else True
