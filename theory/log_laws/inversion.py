r"""Enclosed inversion of a Mellin transform along the contour through the saddle point: tails and densities in balls.

For a law of Y = log R with :math:`\varphi(t) = E e^{tY}` and any c > 0,

.. math:: P(Y > y) = \frac1\pi\,\mathrm{Re}\int_0^\infty \varphi(c+iu)\frac{e^{-(c+iu)y}}{c+iu}\,du,

and c < 0 with the opposite sign gives :math:`P(Y \le y)`. Without the denominator it is the density. If c is where
:math:`\varphi(c)e^{-cy}/|c|` is smallest, nothing cancels, and a probability of 1e-300 comes with as many correct
digits as one of a half. Up to a height T the integral is enclosed by ball arithmetic, and beyond T it is bounded by the
decay of the Gamma functions. Where c lies matters for speed only, so floats choose it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import flint
import numpy as np

from theory.balls import Ball, ComplexBall, precision, require_digits
from theory.ensembles import InvalidArgument
from theory.log_laws.layer_factors import LayerFactor

Terms = Sequence[tuple[LayerFactor, int]]
"""The terms of a sum of logarithms are independent factors, each with the number of times that it occurs."""

_COMMON = 1e-3
"""A lower tail is computed from the upper one if its Chernoff bound exceeds this."""

_HIGHEST = 1e12
"""The saddle point is not looked for beyond this."""


def tail(terms: Terms, y: Ball, *, upper: bool, digits: int) -> Ball:
    r"""Enclose a tail of the sum Y of the factors' logarithms, given that all factors are positive.

    Parameters
    ----------
    terms : sequence of (LayerFactor, int)
        The factors and how often they occur; at least one must have a density.
    y : flint.arb
        The point where the tail begins.
    upper : bool
        Whether :math:`P(Y > y)` is meant, or else :math:`P(Y \le y)`.
    digits : int
        The number of significant digits that the answer must have.

    Returns
    -------
    flint.arb

    Raises
    ------
    InvalidArgument
        If the digits are out of range or cannot be met, or the law is discrete.

    References
    ----------
    H. E. Daniels, Ann. Math. Statist. 25 (1954) 631-650, has the contour. The integral is enclosed by F. Johansson's
    implementation of Petras' algorithm.

    Examples
    --------
    >>> import sympy as sp
    >>> from theory.log_laws.layer_factors import ChiSquares
    >>> chi_square_2 = ChiSquares(sp.Integer(2), sp.Integer(1), sp.Integer(1))
    >>> far = tail([(chi_square_2, 1)], flint.arb(7), upper=True, digits=20)
    >>> far.overlaps((-flint.arb(7).exp() / 2).exp()), far < 1e-238
    (True, True)
    """
    c = _saddle(terms, float(y.mid()), 1 if upper else -1)
    if not upper and _log_transform(terms, complex(c)) - c * float(y.mid()) > math.log(_COMMON):
        with precision(digits + 10):  # the left half plane has poles, and the upper tail is not small here
            return 1 - tail(terms, y, upper=True, digits=digits + 5)
    return _integral(terms, y, c, digits, over_t=True) * (1 if upper else -1)


def density(terms: Terms, y: Ball, *, digits: int) -> Ball:
    """Enclose the density of Y at y.

    Parameters and errors are those of :func:`tail`.

    Examples
    --------
    >>> import sympy as sp
    >>> from theory.log_laws.layer_factors import ChiSquares
    >>> chi_square_2 = ChiSquares(sp.Integer(2), sp.Integer(1), sp.Integer(1))
    >>> print(density([(chi_square_2, 1)], flint.arb(0), digits=10).str(10, radius=False))  # exp(-1/2)/2
    0.3032653299
    """
    return _integral(terms, y, _saddle(terms, float(y.mid()), 0), digits, over_t=False)


def log_chernoff(terms: Terms, y: float, *, upper: bool) -> float:
    """Bound the logarithm of a tail by Chernoff's inequality, in floats.

    Parameters
    ----------
    terms : sequence of (LayerFactor, int)
        As for :func:`tail`.
    y : float
        The point where the tail begins.
    upper : bool
        Whether log P(Y > y) is meant, or else log P(Y <= y).

    Examples
    --------
    >>> import sympy as sp
    >>> from theory.log_laws.layer_factors import ChiSquares
    >>> chi_square_2 = ChiSquares(sp.Integer(2), sp.Integer(1), sp.Integer(1))
    >>> log_chernoff([(chi_square_2, 1)], 8.0, upper=True) > -math.exp(8) / 2
    True
    """
    c = _saddle(terms, y, 1 if upper else -1)
    return _log_transform(terms, complex(c)) - c * y


def _integral(terms: Terms, y: Ball, c: float, digits: int, *, over_t: bool) -> Ball:
    require_digits(digits)
    if c > 0.99 * _HIGHEST:
        where = y.str(8, radius=False)
        raise InvalidArgument("digits", f"none can be had of a tail as far out as {where}", "go nearer to the median")
    for extra in (10, 20, 40, 80):
        with precision(digits + extra):
            value = _attempt(terms, y, flint.arb(c), over_t)
            if value.is_finite() and value.rel_accuracy_bits() > digits * math.log2(10):
                return value
    problem = f"{digits} digits cannot be met at {y.str(8, radius=False)}"
    raise InvalidArgument("digits", problem, "ask for fewer, or nearer to the median")


def _attempt(terms: Terms, y: Ball, c: Ball, over_t: bool) -> Ball:
    height = flint.arb(_height(terms, float(c)))
    peak = _transform(terms, flint.acb(c)).real * (-c * y).exp()

    accuracy = flint.arb(2) ** -flint.ctx.prec

    def integrand(u: ComplexBall, _: bool) -> ComplexBall:
        t = c + u * flint.acb(0, 1)
        value = _transform(terms, t) * (-t * y).exp() / peak
        if u.rad() ** 2 > accuracy:  # on a wide ball only a bound is needed, and the better of two is taken
            bound = _bound(terms, t.real, y) / peak
            if not value.is_finite() or bound.abs_upper() < value.abs_upper():
                value = bound
        return value / t if over_t else value

    inside = flint.acb.integral(integrand, 0, height, rel_tol=accuracy, abs_tol=accuracy).real
    value, rate = flint.arb(1), flint.arb(0)
    for factor, times in terms:
        at_height, slope = factor.decay(c, height)
        value *= at_height**times
        rate += times * slope
    beyond = value * (-c * y).exp() / peak / rate
    beyond = beyond / height if over_t else beyond
    return peak * (inside + flint.arb(0, beyond.abs_upper())) / flint.arb.pi()


def _bound(terms: Terms, real: Ball, y: Ball) -> ComplexBall:
    r"""Enclose :math:`\varphi(t)e^{-ty}` on a wide ball by its size at the ends of the real part.

    This is a bound because :math:`|\varphi(t)| \le \varphi(\mathrm{Re}\,t)`, and :math:`\varphi(x)e^{-xy}` is convex.
    An evaluation on the ball itself would be worse, as it forgets that the factors depend on the same t.
    """
    lowest = max(factor.lowest for factor, _ in terms)
    if not float(real.lower()) > lowest:
        return flint.acb("nan")
    ends = [flint.arb(0, (_transform(terms, flint.acb(x)).real * (-x * y).exp()).abs_upper()) for x in _ends(real)]
    size = ends[0].union(ends[1])
    return flint.acb(size, size)


def _ends(ball: Ball) -> tuple[Ball, Ball]:
    return ball.lower(), ball.upper()


def _transform(terms: Terms, t: ComplexBall) -> ComplexBall:
    product = flint.acb(1)
    for factor, times in terms:
        product *= factor.transform(t) ** times
    return product


def _height(terms: Terms, c: float) -> float:
    """Find a height above which the transform is smaller than the present precision."""
    goal = -(flint.ctx.prec + 10) * math.log(2) + _log_transform(terms, complex(c))
    height = 1.0
    while _log_transform(terms, complex(c, height)) > goal:
        height *= 1.25
        if height > 1e9:
            raise InvalidArgument("depth", "the law has no density to invert", "use a deeper network")
    return height


def _log_transform(terms: Terms, t: complex) -> float:
    """Return the logarithm of the transform's modulus in floats."""
    point = np.array([t])
    return float(sum(times * factor.log_transform(point)[0].real for factor, times in terms))


def _saddle(terms: Terms, y: float, side: int) -> float:
    """Return the real part c of the saddle point on a side, in floats.

    On side 1 it minimizes log phi(c) - c y - log|c| over c > 0, and on side -1 over lowest < c < 0. On side 0 it
    minimizes log phi(c) - c y over all c. All three functions are convex.
    """
    from scipy.optimize import minimize_scalar

    lowest = float(max(factor.lowest for factor, _ in terms))

    def place(s: float) -> float:  # maps the whole line to the allowed side
        if side < 0:
            return lowest / (1 + math.exp(-s))
        return math.exp(s) + (0 if side > 0 else lowest)

    def height(s: float) -> float:
        c = place(s)
        return _log_transform(terms, complex(c)) - c * y - (math.log(abs(c)) if side else 0)

    found = minimize_scalar(height, bounds=(-20.0, 25.0 if side < 0 else math.log(_HIGHEST)), method="bounded")
    return place(float(found.x))
