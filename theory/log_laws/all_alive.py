"""The probability that no factor of a product is 0, as a formula, in floats and in balls.

Its logarithm is a sum over the factors, from which the probability and what is left of 1 both follow without
cancellation, be the one as small as 2^-1000 or the other.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import flint
import sympy as sp

from theory.balls import Ball
from theory.log_laws.layer_factors import ChiSquares
from theory.log_laws.masked_signs import Coins

Factors = Sequence[tuple[ChiSquares | Coins, sp.Expr]]
"""The independent factors, each with the number of times that it occurs."""

_LONGEST = 10_000
"""A probability of more bits than this stays a power."""


def survival(factors: Factors) -> sp.Expr:
    r"""Return the probability that no factor is 0.

    Examples
    --------
    >>> survival([(ChiSquares(sp.Integer(2), sp.Integer(1), sp.Integer(0)), sp.Symbol("L"))])
    (3/4)**L
    """
    return sp.Mul(*(_power(factor.survival(), times, factor.width) for factor, times in factors))


def log_survival(factors: Factors) -> float:
    """Return the logarithm of :func:`survival` in floats.

    Examples
    --------
    >>> log_survival([(ChiSquares(sp.Integer(64), sp.Integer(1), sp.Integer(0)), sp.Integer(1))]) == -(2.0**-64)
    True
    """
    return sum(times * math.log1p(-(2.0**-width)) for width, times in _dying(factors))


def log_survival_ball(factors: Factors) -> Ball:
    """Return the logarithm of :func:`survival` as a ball, at the present precision.

    Examples
    --------
    >>> ball = log_survival_ball([(ChiSquares(sp.Integer(64), sp.Integer(1), sp.Integer(0)), sp.Integer(1))])
    >>> print((-ball.expm1()).str(10, radius=False))  # 2^-64
    5.421010862e-20
    """
    return sum((times * (-(flint.arb(2) ** -width)).log1p() for width, times in _dying(factors)), flint.arb(0))


def _dying(factors: Factors) -> list[tuple[int, int]]:
    return [(int(factor.width), int(times)) for factor, times in factors if factor.slope == 0]


def _power(base: sp.Expr, times: sp.Expr, width: sp.Expr) -> sp.Expr:
    """Return base^times, which is not evaluated if it has too many digits to write down."""
    huge = base.is_Rational and times.is_Integer and width.is_Integer and int(width) * int(times) > _LONGEST
    return sp.Pow(base, times, evaluate=False) if huge else base**times
