r"""Moments of every real order: E|a|^t for a norm whose logarithm is a sum of independent terms, in closed form.

By independence :math:`E|a|^t = C^{t/2}\prod E R^{t/2}` over the layers' factors R and the constant C = |x|^2. For a
linear layer, ReLU with B ~ Binomial(n, 1/2) units on, and leaky ReLU of slope alpha,

.. math::

    E R^{t/2} &= (2s^2)^{t/2}\frac{\Gamma(\frac{n+t}2)}{\Gamma(\frac n2)}, \qquad
    E[R^{t/2};R>0] = (2s^2)^{t/2}\,2^{-n}\sum_{b=1}^n\binom nb\frac{\Gamma(\frac{b+t}2)}{\Gamma(\frac b2)},\\
    E R^{t/2} &= (2s^2)^{t/2}\frac{\Gamma(\frac{n+t}2)}{\Gamma(\frac n2)}\,2^{-n}\sum_{b=0}^n\binom nb\,
    {}_2F_1\bigl(-\tfrac t2,\tfrac{n-b}2;\tfrac n2;1-\alpha^2\bigr).

A dead network has norm 0: it adds 0 to moments of positive order, and makes those of negative order infinite, so these
are given survival. A chi-square with b degrees of freedom has moments of the orders above -b/2, so |a| has them above
-n for linear and leaky layers, and above -1 for ReLU, where a single unit may be on. Derived here.
"""

from __future__ import annotations

from fractions import Fraction
from math import comb

import flint
import sympy as sp
from sympy.functions.combinatorial.numbers import stirling

from theory.balls import Ball, enclose, precision, require_digits
from theory.ensembles import InvalidArgument
from theory.ensembles.arguments import exact_fraction
from theory.log_laws.all_alive import log_survival_ball
from theory.log_laws.layer_factors import ChiSquares
from theory.log_laws.log_sums import LogSumLaw
from theory.log_laws.masked_signs import Coins

_WRITTEN_OUT = 64
"""Up to this width a ReLU layer's sum is written with two rational numbers."""

_WIDEST = 100
"""The gamma functions of a wider layer are no formula to read."""

_HIGHEST = 200
"""Of a higher order, up or down, they are none either."""

_LARGEST = 10**6
"""No order is beyond this."""

_LONGEST = 64
"""A power of numbers with a larger exponent is not multiplied out."""


def norm_moment(law: LogSumLaw, order: int | str | Fraction | sp.Rational, *, given_survival: bool = False) -> sp.Expr:
    r"""Derive :math:`E|a|^t`, where the law is that of :math:`\log|a|^2`, for any rational order t but 0.

    Parameters
    ----------
    law : LogSumLaw
        The law of the logarithm of a squared norm, such as ``LogNormLaw(net)``; it may have symbols.
    order : int, Fraction or str
        t, exact: 1, 3, -1, ``"1/2"``.
    given_survival : bool
        Whether networks of norm 0 are left out. Negative orders need it where a network can die.

    Returns
    -------
    sympy.Expr
        A product over the layers of gamma functions (linear), of a finite sum of them (ReLU) or of hypergeometric
        functions (leaky). While a width n is a symbol, a negative order t is meant for n > -t.

    Raises
    ------
    InvalidArgument
        If the order is 0 or no exact number, the moment is infinite, a width is a number above 100, or the order
        is beyond 200.

    References
    ----------
    B. Hanin, R. Jeong and D. Rolnick, arXiv:2102.10492, bound order 1 for ReLU, the expected distortion of lengths. The
    formulas are derived in the docstring of this module.

    Examples
    --------
    >>> from theory import Ensemble, LogNormLaw
    >>> norm_moment(LogNormLaw(Ensemble(width="n", depth="L")), 1)
    norm_x*(sqrt(2)*gamma(n/2 + 1/2)/(sqrt(n)*gamma(n/2)))**L
    >>> norm_moment(LogNormLaw(Ensemble(width=2, depth="L", activation="relu", init="he", input="e1")), 1)
    (sqrt(2)*(sqrt(pi)/8 + 1/(2*sqrt(pi))))**L
    >>> norm_moment(LogNormLaw(Ensemble(width=3, depth=1, init=1, input="e1")), -1)
    sqrt(2)/sqrt(pi)
    """
    exact = require_finite(law, order, given_survival=given_survival)
    if not has_formula(law, exact):
        argument = "order" if abs(exact) > _HIGHEST else "width"
        problem = "is so large a number that gamma functions are no formula to read"
        raise InvalidArgument(argument, problem, "give numbers for all sizes, which has an enclosure")
    out = law.constant ** (exact / 2)
    for factor, times in law.terms:
        moment = power_mean(factor, exact / 2)
        if given_survival:
            moment /= factor.survival()
        out *= _power(moment, times)
    return out


def enclosed_norm_moment(
    law: LogSumLaw,
    order: int | str | Fraction | sp.Rational,
    digits: int = 30,
    *,
    given_survival: bool = False,
) -> Ball:
    """Return :func:`norm_moment` as a ball, which no exponent makes too large.

    Parameters
    ----------
    law, order, given_survival
        As for :func:`norm_moment`; no symbols may remain.
    digits : int
        The number of decimal digits of the answer.

    Returns
    -------
    flint.arb

    Raises
    ------
    InvalidArgument
        As :func:`norm_moment`; if symbols remain, or the digits are out of range.

    Examples
    --------
    >>> from theory import Ensemble, LogNormLaw
    >>> law = LogNormLaw(Ensemble(width=1, depth=2, activation="relu", init="he"))
    >>> print(enclosed_norm_moment(law, 1, 15).str(15, radius=False))  # 1/pi
    0.318309886183791
    """
    exact = require_finite(law, order, given_survival=given_survival)
    law.net.require_numbers("the enclosure")
    symbolic = [times for _, times in law.terms if not times.is_Integer]
    if symbolic:
        raise InvalidArgument("layer", f"the enclosure needs a number, got {symbolic[0]}", "use e.g. layer=3")
    require_digits(digits)
    for work in (digits + 15, 2 * digits + 60, 4 * digits + 240):
        with precision(work):
            half = flint.arb(flint.fmpq(int(exact.p), 2 * int(exact.q)))
            total = (half * enclose(law.constant, work).log()).exp()
            if not given_survival:
                total *= log_survival_ball(law.terms).exp()
            for factor, times in law.terms:
                total *= factor.transform(flint.acb(half)).real ** int(times)
        if total.is_finite() and total.rel_accuracy_bits() > digits * 3.33:
            break
    return total


def require_finite(
    law: LogSumLaw, order: int | str | Fraction | sp.Rational, *, given_survival: bool = False
) -> sp.Rational:
    """Return the order of a moment in SymPy, and refuse one at which the moment is infinite.

    Parameters
    ----------
    law, order, given_survival
        As for :func:`norm_moment`.

    Raises
    ------
    InvalidArgument
        If the order is 0, not exact, or so far below 0 that the moment is infinite; the message says from where on it
        is finite.

    Examples
    --------
    >>> from theory import Ensemble, LogNormLaw
    >>> require_finite(LogNormLaw(Ensemble(width=4, depth=2)), "-7/2")
    -7/2
    >>> require_finite(LogNormLaw(Ensemble(width=4, depth=2)), -4)
    Traceback (most recent call last):
    theory.ensembles.arguments.InvalidArgument: order: the moment of order -4 is infinite; use one above -4
    """
    read = exact_fraction("order", str(order) if isinstance(order, sp.Rational) else order)
    exact = sp.Rational(read.numerator, read.denominator)
    if abs(exact) > _LARGEST:
        raise InvalidArgument("order", f"must be at most {_LARGEST} in size, got {exact}", "use e.g. order=1")
    if exact == 0:
        raise InvalidArgument("order", "0 gives the probability that the norm is not 0", "use e.g. order=1")
    if exact > 0:
        return exact
    if law.can_die and not given_survival:
        problem = f"the moment of order {exact} is infinite, as a dead network has norm 0"
        raise InvalidArgument("order", problem, "use a positive order, or ask for it given survival")
    least = least_order(law)
    if (exact - least).is_nonpositive:
        given = " even given survival" if law.can_die else ""
        raise InvalidArgument("order", f"the moment of order {exact} is infinite{given}", f"use one above {least}")
    return exact


def least_order(law: LogSumLaw) -> sp.Expr:
    """Return the order above which all moments of the norm are finite, given survival.

    Parameters
    ----------
    law : LogSumLaw
        The law of the logarithm of the squared norm.

    Examples
    --------
    >>> from theory import Ensemble, LogNormLaw
    >>> least_order(LogNormLaw(Ensemble(width="n", depth="L")))
    -n
    >>> least_order(LogNormLaw(Ensemble(width="n", depth="L", activation="relu")))
    -1
    """
    chi_squares = [factor for factor, times in law.terms if isinstance(factor, ChiSquares) and times != 0]
    degrees = [sp.S.One if factor.slope == 0 else factor.width for factor in chi_squares]
    return -sp.Min(*degrees)


def has_formula(law: LogSumLaw, order: sp.Rational | Fraction | int) -> bool:
    """Whether the moment of that order has a formula to read: no width or order in it is too large a number.

    Parameters
    ----------
    law, order
        As for :func:`norm_moment`.

    Examples
    --------
    >>> from theory import Ensemble, LogNormLaw
    >>> [has_formula(LogNormLaw(Ensemble(width=width, depth=2)), 1) for width in (10**6, "n")]
    [False, True]
    """
    wide = any(factor.width.is_Integer and factor.width > _WIDEST for factor, _ in law.terms)
    return not wide and abs(order) <= _HIGHEST


def power_mean(factor: ChiSquares | Coins, s: sp.Expr) -> sp.Expr:
    """Derive E R^s of one factor, where R = 0, a dead layer, adds nothing.

    Parameters
    ----------
    factor : ChiSquares or Coins
        The factor of a layer, or of a masked readout of signs.
    s : sympy.Expr
        The power, a number or a letter.

    Returns
    -------
    sympy.Expr
        Its closed form. Up to width 64 the sum over the number of ReLU units that are on is written out.

    Examples
    --------
    >>> power_mean(ChiSquares(sp.Integer(2), sp.Rational(1, 2), sp.Integer(1)), sp.Symbol("t", positive=True))
    gamma(t + 1)
    >>> power_mean(ChiSquares(sp.Integer(2), sp.Integer(1), sp.Integer(0)), sp.Integer(1))
    1
    """
    if isinstance(factor, Coins):
        return coins_moment(factor, s)
    n, scale = factor.width, (2 * factor.scale) ** s
    if factor.slope == 1:
        return scale * gamma_ratio(n / 2, s)
    b = sp.Symbol(_free_letter(factor, s), integer=True, positive=True)
    if factor.slope == 0:
        if n.is_Integer and n <= _WRITTEN_OUT:
            return scale * _two_gammas(int(n), s)
        total = sp.Sum(sp.binomial(n, b) * sp.gamma(b / 2 + s) / sp.gamma(b / 2), (b, 1, n))
        return scale * total / 2**n
    b = sp.Symbol(b.name, integer=True, nonnegative=True)
    share = sp.hyper((-s, (n - b) / 2), (n / 2,), 1 - factor.slope**2)
    return scale * gamma_ratio(n / 2, s) * sp.Sum(sp.binomial(n, b) * share, (b, 0, n)) / 2**n


def gamma_ratio(half: sp.Expr, s: sp.Expr) -> sp.Expr:
    """Return Gamma(half + s)/Gamma(half); of numbers the gamma function is left at most at two small arguments.

    Examples
    --------
    >>> gamma_ratio(sp.Rational(7, 2), sp.Rational(1, 2)), gamma_ratio(sp.Integer(5), sp.Rational(1, 4))
    (16/(5*sqrt(pi)), 3315*gamma(1/4)/8192)
    >>> gamma_ratio(sp.Symbol("n") / 2, sp.Integer(-1))
    2/(n - 2)
    """
    if s.is_Integer and s < 0:  # Gamma(h) is (h - 1)...(h + s) Gamma(h + s)
        return sp.factor(1 / sp.Mul(*(half + s + i for i in range(-int(s)))))
    ratio = sp.gamma(half + s) / sp.gamma(half)
    return sp.expand_func(ratio) if (half + s).is_number else ratio


def _two_gammas(n: int, s: sp.Expr) -> sp.Expr:
    """Return 2^-n sum_b C(n, b) Gamma(b/2 + s)/Gamma(b/2): two gamma ratios, b odd and even, times rational numbers."""
    shares = []
    for first in (1, 2):
        total, ratio = sp.S.Zero, sp.S.One
        for b in range(first, n + 1, 2):
            total += comb(n, b) * ratio
            ratio *= (sp.Rational(b, 2) + s) / sp.Rational(b, 2)
        shares.append(total / 2**n * gamma_ratio(sp.Rational(first, 2), s))
    return sp.Add(*shares)


def coins_moment(factor: Coins, s: sp.Expr) -> sp.Expr:
    """Return E[R^s; R > 0] of masked signs; whole orders by the factorial moments of the units that are on.

    Parameters
    ----------
    factor : Coins
        The factor R.
    s : sympy.Expr
        The power of R.

    Examples
    --------
    >>> n = sp.Symbol("n", integer=True, positive=True)
    >>> coins_moment(Coins(n, 1 / n, sp.Integer(0)), sp.Integer(2))
    (n + 1)/(4*n)
    """
    n, slope = factor.width, factor.slope
    if slope == 1:
        return (factor.scale * n) ** s
    if s.is_Integer and s > 0:
        whole = int(s)
        on = [sp.Add(*(stirling(m, j) * sp.ff(n, j) / 2**j for j in range(m + 1))) for m in range(whole + 1)]
        rest = (slope**2 * n, 1 - slope**2)
        terms = (comb(whole, m) * rest[0] ** (whole - m) * rest[1] ** m * on[m] for m in range(whole + 1))
        return factor.scale**s * sp.factor(sp.expand_func(sp.Add(*terms)))
    b = sp.Symbol(_free_letter(factor, s), integer=True, positive=True)
    first = 1 if slope == 0 else 0
    total = sp.Sum(sp.binomial(n, b) * (b + slope**2 * (n - b)) ** s, (b, first, n))
    written_out = n.is_Integer and n <= _WRITTEN_OUT
    return factor.scale**s * (total.doit() if written_out else total) / 2**n


def _power(base: sp.Expr, times: sp.Expr) -> sp.Expr:
    """Return a power, which is not evaluated if its digits would fill pages."""
    huge = not base.free_symbols and times.is_Integer and times > _LONGEST
    return sp.Pow(base, times, evaluate=False) if huge else base**times


def _free_letter(factor: ChiSquares | Coins, s: sp.Expr) -> str:
    taken = {str(symbol) for part in (factor.width, factor.scale, factor.slope, s) for symbol in part.free_symbols}
    return next(name for name in ("b", "j", "i", "m", "h") if name not in taken)
