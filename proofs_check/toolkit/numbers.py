"""Numbers of claims: read exactly, held between two others, and compared with a law."""

from __future__ import annotations

from fractions import Fraction
from functools import cache

import flint
import sympy as sp

from theory import LogNormLaw
from theory.balls import enclose, less
from theory.ensembles import Ensemble


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


def ends(ball: flint.arb) -> tuple[sp.Rational, sp.Rational]:
    """Return both ends of a ball, exactly.

    Examples
    --------
    >>> [round(float(end), 6) for end in ends(flint.arb(3, 1))]
    [2.0, 4.0]
    """
    return _exact(ball.lower().mid()), _exact(ball.upper().mid())


def _exact(number: flint.arb) -> sp.Rational:
    mantissa, exponent = number.man_exp()
    return sp.Integer(int(mantissa)) * sp.Integer(2) ** int(exponent)


@cache
def chance_to_exceed(net: Ensemble, log: sp.Expr, digits: int = 12) -> tuple[sp.Rational, sp.Rational]:
    """Return numbers between which the probability of log|a_L|^2 >= log lies.

    Parameters
    ----------
    net : Ensemble
        A network with normal weights and numbers for all sizes.
    log : sympy.Expr
        A real constant.
    digits : int
        To how many digits they agree.

    Examples
    --------
    >>> net = Ensemble(width=2, depth=1, activation="linear", init=1, input="e1")
    >>> [round(float(end), 9) for end in chance_to_exceed(net, sp.log(2))]  # 1/e
    [0.367879441, 0.367879441]
    """
    return ends(LogNormLaw(net).enclosed_exceedance(enclose(sp.sympify(log, strict=True), digits + 90), digits))
