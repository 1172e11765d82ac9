r"""Bounds that hold with high probability: how unlikely it is that a network keeps its signal.

By Markov's inequality for the power t >= 0 of the squared norm, and as the factors :math:`R_k` of the layers are
independent (:mod:`theory.log_laws.log_norms`),

.. math:: P(|a_L|^2 \ge c|x|^2) \le c^{-t}\prod_{k=1}^L E R_k^t .

Dead networks count as 0. The logarithm of the right-hand side is convex in t, so it has one minimum. At t = 1/2 it
has closed bounds (:mod:`theory.log_laws.closed_bounds`). Gradients have the same factors, and one of the readout
(:mod:`theory.log_laws.log_gradients`).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import flint
import numpy as np
import sympy as sp

from theory import symbols
from theory.balls import Ball, enclose_number, precision, require_digits
from theory.ensembles import Ensemble, InvalidArgument
from theory.ensembles.arguments import exact_fraction
from theory.log_laws.layer_factors import ChiSquares
from theory.log_laws.log_gradients import LogGradientLaw
from theory.log_laws.log_norms import LogNormLaw
from theory.log_laws.masked_signs import Coins
from theory.log_laws.norm_moments import power_mean
from theory.requirements import require_free_name


@dataclass(frozen=True)
class TailBound:
    """The least of the bounds on a probability.

    Parameters
    ----------
    power : Fraction
        The power t of the squared norm that was used.
    log_bound : flint.arb
        The logarithm of the bound at this power. The logarithm of the probability is below its upper end.
    log_least : flint.arb
        A ball that contains the logarithm of the infimum of the bounds over all t >= 0.
    """

    power: Fraction
    log_bound: Ball
    log_least: Ball

    @property
    def bound(self) -> float:
        """The bound on the probability, rounded up.

        Examples
        --------
        >>> from theory import Ensemble
        >>> one_layer = LogNormLaw(Ensemble(width=2, depth=1, init=1, input="e1"))
        >>> bound = least_tail_bound(one_layer, 20).bound
        >>> round(bound, 7), bound > math.exp(-10)  # the squared norm is a chi-square with two degrees
        (0.0003584, True)
        """
        with precision(30):
            return min(1.0, math.nextafter(float(self.log_bound.upper().exp().upper()), math.inf))


def tail_bound(law: LogNormLaw | LogGradientLaw, c: symbols.Scalar, t: symbols.Scalar = "1/2") -> sp.Expr:
    r"""Derive the bound :math:`c^{-t}E(|a_k|^2/|x|^2)^t` on :math:`P(|a_k|^2 \ge c|x|^2)`, or that for a gradient.

    Parameters
    ----------
    law : LogNormLaw or LogGradientLaw
        The law of log|a_k|^2, or of log|df/dW_k|^2. Its network may have symbols.
    c, t : number, str or sympy.Expr
        The factor and the power, positive: exact numbers, names, or expressions.

    Returns
    -------
    sympy.Expr

    Raises
    ------
    InvalidArgument
        If c or t is not positive, or the network has letters of the same names.

    Examples
    --------
    >>> from theory import Ensemble
    >>> tail_bound(LogNormLaw(Ensemble(width="n", depth="L")), "c")
    (sqrt(2)*gamma(n/2 + 1/2)/(sqrt(n)*gamma(n/2)))**L/sqrt(c)
    >>> one_layer = LogNormLaw(Ensemble(width=2, depth=1, activation="relu", init="he"))
    >>> tail_bound(one_layer, "1/4", 1), tail_bound(one_layer, "1/4", 2)  # Markov's and a second-moment bound
    (4, 56)
    """
    factor, power = argument(law.net, "c", c), argument(law.net, "t", t)
    start = law.constant / symbols.input_power_sum(law.net, 2)
    return (start / factor) ** power * sp.Mul(*(power_mean(one, power) ** times for one, times in law.terms))


def argument(net: Ensemble, name: str, value: symbols.Scalar) -> sp.Expr:
    """Read a positive argument of a formula, and refuse a letter that the network has.

    Parameters
    ----------
    net : Ensemble
        The network.
    name : str
        The argument's name.
    value : number, str or sympy.Expr
        Its value.

    Raises
    ------
    InvalidArgument
        If the value is not positive, or a letter of it names a part of the network.

    Examples
    --------
    >>> argument(Ensemble(width="n", depth="L"), "c", "1/4")
    1/4
    """
    read = symbols.positive(name, value)
    for symbol in read.free_symbols:
        require_free_name(net, str(symbol), f"the argument {name}")
    return read


def least_tail_bound(law: LogNormLaw | LogGradientLaw, c: Any, digits: int = 15) -> TailBound:
    r"""Minimize the bound :math:`c^{-t}E(|a_k|^2/|x|^2)^t` over t >= 0, in ball arithmetic.

    Parameters
    ----------
    law : LogNormLaw or LogGradientLaw
        A law without symbols, of any of the activations and any widths.
    c : number or str
        The factor, exact and positive: e.g. ``"1/100"``.
    digits : int
        The number of significant digits of the bound.

    Returns
    -------
    TailBound
        At t = 0, where nothing is better, the bound is the probability that the network survives.

    Raises
    ------
    InvalidArgument
        If c is not positive, symbols remain, or the digits cannot be met.

    Notes
    -----
    Floats and Newton's method propose t; the bound at this t is enclosed and holds whatever the t. Let g(t) be its
    logarithm. As g is convex, :math:`g(t-h) > g(t) < g(t+h)` puts the minimum between t - h and t + h, where secants
    from the other side bound it from below: by 2 g(t) less the larger of both neighbours.

    Examples
    --------
    >>> from theory import Ensemble
    >>> found = least_tail_bound(LogNormLaw(Ensemble(width=8, depth=32, activation="relu", init="he")), "1/4")
    >>> round(float(found.power), 3), round(found.bound, 4)  # the probability is 0.022
    (0.391, 0.118)
    """
    fraction = exact_fraction("c", c)
    if fraction <= 0:
        raise InvalidArgument("c", f"must be positive, got {c}", "use e.g. c='1/2'")
    require_digits(digits)
    law.net.require_numbers("the bound")
    terms = [(factor, int(times)) for factor, times in law.terms if times != 0]
    ratio = law.constant / symbols.input_power_sum(law.net, 2)

    def height(t: Ball) -> Ball:
        """Return the logarithm of the bound at a power t >= 0."""
        total = t * (enclose_number(ratio) / enclose_number(symbols.number(fraction))).log()
        for factor, times in terms:
            mean = factor.transform(flint.acb(t)).real * enclose_number(factor.survival())
            total += times * mean.log()
        return total

    guess = _float_minimum(terms, math.log(ratio) - _log(fraction))
    for extra in (40, 80, 160):
        with precision(digits + extra):
            power = _short(_newton(height, guess)) if guess else Fraction(0)
            bound = height(flint.arb(flint.fmpq(power.numerator, power.denominator)))
            if bound.is_finite() and bound.rad() * 10 ** (digits + 1) < 1:
                return TailBound(power, bound, _least(height, power))
    raise InvalidArgument("digits", f"{digits} digits of the bound cannot be met", "ask for fewer")


def _log(fraction: Fraction) -> float:
    return math.log(fraction.numerator) - math.log(fraction.denominator)


def _float_minimum(terms: list[tuple[ChiSquares | Coins, int]], gain: float) -> float:
    """Return the power at which the bound is least in floats; 0 where it only grows with the power."""
    from scipy.optimize import minimize_scalar

    def height(s: float) -> float:
        t = math.exp(s)
        point = np.array([t + 0j])
        return t * gain + float(sum(times * factor.log_transform(point)[0].real for factor, times in terms))

    found = minimize_scalar(height, bounds=(-30.0, 25.0), method="bounded", options={"xatol": 1e-9})
    t = math.exp(float(found.x))
    return t if t > _TINY else 0.0


_TINY = 1e-9
"""A minimum so near to 0 is taken to be there."""


def _newton(height: Callable[[Ball], Ball], guess: float) -> Fraction:
    """Return the power where the slope of the bound's logarithm is 0, by Newton's method from a guess."""
    t = Fraction(guess)
    for _ in range(3):
        step = t / 10**6
        low, middle, high = (height(_ball(t + k * step)) for k in (-1, 0, 1))
        bend = high - 2 * middle + low
        if not (bend > 0 and low.is_finite()):
            return Fraction(guess)
        move = float(((low - high) / 2 / bend).mid())
        if abs(move) > 10**6 / 2:
            return Fraction(guess)
        t = (t + Fraction(move) * step).limit_denominator(10**40)
    return t


def _short(t: Fraction) -> Fraction:
    """Round to twelve significant digits, which costs a bound no more than the square of what is rounded away."""
    return Fraction(f"{float(t):.12g}")


def _ball(t: Fraction) -> Ball:
    return flint.arb(flint.fmpq(t.numerator, t.denominator))


def _least(height: Callable[[Ball], Ball], power: Fraction) -> Ball:
    """Enclose the infimum of a convex function over t >= 0, given about where it is."""
    at = height(_ball(power))
    near = Fraction(1, 10**12) if power == 0 else power / 10**9
    for step in (near, 10**3 * near, 10**6 * near):
        high = height(_ball(power + step))
        if power == 0:
            if high >= at:  # on [0, step] the secant through step and 2 step lies below
                return (2 * high - height(_ball(2 * step))).union(at)
            continue
        low = height(_ball(power - step))
        if low > at and high > at:
            return (2 * at - low.max(high)).union(at)
    raise InvalidArgument("digits", "the minimum over t is too flat to be enclosed", "ask for more digits")
