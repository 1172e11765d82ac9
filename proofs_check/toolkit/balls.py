"""The same formula for balls and for SymPy's numbers, and inequalities between balls that may be equalities."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from typing import Any

import flint
import sympy as sp

from theory.balls import Ball

Number = Any
"""A ball, or a number or an expression of SymPy."""


def above_zero(x: Number) -> Number:
    """Return the positive part of a number.

    Examples
    --------
    >>> above_zero(flint.arb(-1)), above_zero(sp.sqrt(2))
    (0, sqrt(2))
    """
    return larger(x, flint.arb(0) if isinstance(x, flint.arb) else sp.S.Zero)


def larger(x: Number, y: Number) -> Number:
    """Return the larger of two numbers of one kind.

    Examples
    --------
    >>> larger(sp.sqrt(2), sp.S.One)
    sqrt(2)
    """
    return x.max(y) if isinstance(x, flint.arb) else sp.Max(x, y)


def root(x: Number) -> Number:
    """Return the square root of a number that is not negative, though its ball may be in part.

    Examples
    --------
    >>> root(flint.arb(4)), root(sp.Integer(4))
    (2.00000000000000, 2)
    """
    if not isinstance(x, flint.arb):
        return sp.sqrt(x)
    return x.sqrt() if x >= 0 else flint.arb(0).union(above_zero(x).upper().sqrt())


def ball(value: Number) -> Ball:
    """Return a rational number as a ball, and a ball as it is.

    Examples
    --------
    >>> ball(Fraction(1, 4))
    0.250000000000000
    """
    if isinstance(value, flint.arb):
        return value
    exact = Fraction(value)
    return flint.arb(flint.fmpq(exact.numerator, exact.denominator))


def not_above(left: Ball, right: Ball) -> bool | None:
    """Whether left <= right; None where the balls leave it open.

    Examples
    --------
    >>> not_above(flint.arb(1), flint.arb(1)), not_above(flint.arb(1, 1), flint.arb(1))
    (True, None)
    """
    gap = right - left
    return True if gap >= 0 else False if gap < 0 else None


def all_of(answers: Iterable[bool | None]) -> bool | None:
    """Return False if one answer is, else None if one is, else True.

    Examples
    --------
    >>> all_of([True, None]), all_of([None, False])
    (None, False)
    """
    answers = tuple(answers)
    return False if False in answers else None if None in answers else True
