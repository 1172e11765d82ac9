r"""The edge of chaos: variances of weights and biases for which gradients of a wide network neither vanish nor explode.

At a fixed point :math:`q` of the length map the factor of gradients is 1 if
:math:`\sigma_w^2 = 1/E\phi'(\sqrt qZ)^2`, and q is a fixed point if then

.. math:: \sigma_b^2 = h(q) = q-\frac{E\phi(\sqrt qZ)^2}{E\phi'(\sqrt qZ)^2}.

So the critical line is a curve with the parameter q, and no equation has to be solved for it. For a given
:math:`\sigma_b^2` the zeros of :math:`h-\sigma_b^2` are looked for on a grid and enclosed between two signs. Without
biases, activations with :math:`\phi(0) = 0` have another critical point at q = 0.

References
----------
S. Schoenholz et al., ICLR 2017, arXiv:1611.01232; S. Hayou, A. Doucet and J. Rousseau, arXiv:1902.06853.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import flint

from theory.balls import Ball, precision, require_digits, require_time
from theory.ensembles.activations import known_name, parse_activation
from theory.ensembles.arguments import InvalidArgument, exact_fraction
from theory.mean_field.ball_activations import ball_activation
from theory.mean_field.gaussian_averages import GaussianAverages

_MORE = 8
_FEW = 8
_FLOATS = 17
_CLOSE = flint.arb(1e-13)
_GRID = tuple(flint.arb(10.0 ** (k / 3)) for k in range(-9, 10))
"""Fixed points are looked for from 1e-3 to 1e3, three in each decade."""
_SMALL = flint.arb(2) ** -20


@dataclass(frozen=True)
class CriticalPoint:
    r"""Variances at which gradients of a wide network keep their size.

    Attributes
    ----------
    variance : flint.arb
        The fixed point :math:`q^*` of preactivations' variances.
    weight_variance : flint.arb
        :math:`\sigma_w^2 = ns^2`.
    bias_variance : flint.arb
        :math:`\sigma_b^2`.
    length_slope : flint.arb
        The slope of the length map: the fixed point is stable if it is below 1.
    drift : flint.arb
        At the fixed point 0, where that slope is 1: the share by which a layer changes a variance of :math:`2^{-20}`.
    """

    variance: Ball
    weight_variance: Ball
    bias_variance: Ball
    length_slope: Ball
    drift: Ball

    @property
    def is_stable(self) -> bool | None:
        """Whether variances nearby tend to the fixed point; None if neither its slope nor its drift tells."""
        change = self.length_slope - 1 + self.drift
        if change < 0:
            return True
        return False if change > 0 else None


def critical_point(activation: str, variance: Any, digits: int = 15) -> CriticalPoint:
    r"""Return the point of the critical line whose fixed point is given.

    Parameters
    ----------
    activation : str
        The activation's name, with a number for its slope.
    variance : flint.arb, int, Fraction or str
        :math:`q^*`, positive.
    digits : int
        The number of significant digits.

    Returns
    -------
    CriticalPoint
        Its bias variance is negative where no biases would do.

    Raises
    ------
    InvalidArgument
        If there is no such activation, or the variance is not positive.

    Examples
    --------
    >>> point = critical_point("tanh", 1)
    >>> print(point.weight_variance.str(10, radius=False), point.bias_variance.str(10, radius=False))
    2.153302649 0.1509646294
    """
    require_digits(digits)
    with precision(digits + _MORE):
        return _point(known_name(parse_activation(activation)), _positive(variance), digits + _MORE)


def edge_of_chaos(activation: str, bias_variance: Any = 0, digits: int = 15) -> list[CriticalPoint]:
    r"""Find the weight variances at which gradients of a wide network keep their size, for given biases.

    Parameters
    ----------
    activation : str
        The activation's name, with a number for its slope.
    bias_variance : int, Fraction or str
        :math:`\sigma_b^2`, at least 0.
    digits : int
        The number of significant digits.

    Returns
    -------
    list of CriticalPoint
        Those with a fixed point between 1e-3 and 1e3, and the one at 0 where there is one, by their fixed points. A
        pair of zeros that lies between two points of the grid is not seen.

    Raises
    ------
    InvalidArgument
        If there is no such activation, or the variance is negative.

    Notes
    -----
    A homogeneous activation without biases is critical at every q, or rather at none: then the point at 0 is returned.

    Examples
    --------
    >>> [point] = edge_of_chaos("tanh", "1/20")
    >>> print(point.weight_variance.str(10, radius=False), point.variance.str(10, radius=False))
    1.760954640 0.5700478816
    >>> [point.weight_variance.str(6, radius=False) for point in edge_of_chaos("relu")]
    ['2.00000']

    Without biases tanh loses the size of small activations slowly, and GELU makes it grow:

    >>> [point.is_stable for name in ("tanh", "gelu") for point in edge_of_chaos(name)]
    [True, False]
    """
    require_digits(digits)
    name = known_name(parse_activation(activation))
    biases = exact_fraction("bias_variance", bias_variance)
    if biases < 0:
        raise InvalidArgument("bias_variance", f"a variance is not negative, got {biases}", "use e.g. '1/20'")
    with precision(digits + _MORE):
        at_zero = _at_zero(name, digits + _MORE) if biases == 0 else []
        if ball_activation(name).curvature == 0:
            return at_zero
        target = flint.arb(flint.fmpq(biases.numerator, biases.denominator))
        return at_zero + [_point(name, q, digits + _MORE) for q in _zeros(name, target, digits)]


def _at_zero(name: str, digits: int) -> list[CriticalPoint]:
    """Return the critical point without preactivations, where the slopes are those at 0."""
    one = ball_activation(name)
    right, left = one.slopes_at_zero
    if one.at_zero != 0:
        return []
    zero, gain = flint.arb(0), 2 / (right**2 + left**2)
    drift = zero if one.curvature == 0 else gain * GaussianAverages(name, _SMALL, digits=digits).square() / _SMALL - 1
    return [CriticalPoint(zero, gain, zero, flint.arb(1), drift)]


def _point(name: str, q: Ball, digits: int) -> CriticalPoint:
    averages = GaussianAverages(name, q, digits=digits)
    gain = 1 / averages.slope_square()
    return CriticalPoint(q, gain, q - gain * averages.square(), gain * averages.square_derivative(), flint.arb(0))


def _zeros(name: str, target: Ball, digits: int) -> list[Ball]:
    """Return balls around the zeros of h - target between points of the grid where it has different signs."""

    def excess(q: Ball, digits: int) -> Ball:
        return _point(name, q, digits).bias_variance - target

    signs = [_sign(excess(q, _FEW)) for q in _GRID]
    found = []
    for low, high, before, after in zip(_GRID, _GRID[1:], signs, signs[1:], strict=False):
        if before * after < 0:
            found.append(_between(excess, low, high, before, digits))
    return found


def _between(excess: Callable[[Ball, int], Ball], low: Ball, high: Ball, sign: int, digits: int) -> Ball:
    """Enclose a zero between two numbers, at the first of which the function has that sign."""
    from scipy.optimize import brentq

    guess = flint.arb(brentq(lambda q: float(excess(flint.arb(q), _FLOATS).mid()), float(low), float(high), rtol=1e-14))
    near = guess - guess * _CLOSE, guess + guess * _CLOSE
    if [_sign(excess(end.mid(), digits + _MORE)) for end in near] == [sign, -sign]:
        low, high = near[0].mid(), near[1].mid()
    while (high - low) > high * flint.arb(10) ** -(digits + 2):
        require_time()
        middle = ((low + high) / 2).mid()
        here = _sign(excess(middle, digits + _MORE))
        if not here:
            break  # so near to the zero that the average's own ball decides
        low, high = (middle, high) if here == sign else (low, middle)
    return low.union(high)


def _sign(value: Ball) -> int:
    return 1 if value > 0 else -1 if value < 0 else 0


def _positive(value: Any) -> Ball:
    if not isinstance(value, flint.arb):
        exact: Fraction = exact_fraction("variance", value)
        value = flint.arb(flint.fmpq(exact.numerator, exact.denominator))
    if not value > 0:
        raise InvalidArgument("variance", f"must be positive, got {value.str(5)}", "use e.g. 1")
    return value
