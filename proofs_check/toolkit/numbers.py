"""Numbers of claims: read exactly, and held between two others."""

from __future__ import annotations

from fractions import Fraction

import flint
import sympy as sp

from theory.balls import enclose, less


def rational(value: Fraction) -> sp.Rational:
    """Return a fraction as a SymPy number."""
    return sp.Rational(value.numerator, value.denominator)


def between(low: sp.Expr, count: int, high: sp.Expr) -> bool | None:
    """Whether low <= count <= high: None where a ball leaves it open."""
    number = flint.arb(count)
    answers = less(number, enclose(sp.sympify(low))), less(enclose(sp.sympify(high)), number)
    if True in answers:
        return False
    return None if None in answers else True
