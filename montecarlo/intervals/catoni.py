"""Means of heavy-tailed laws, given a bound on the variance, after Catoni 2012."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from montecarlo.arguments import as_positive, as_probability, as_sample
from montecarlo.arrays import Array
from montecarlo.intervals.estimate import Estimate


def catoni_interval(values: ArrayLike, variance: float, error: float) -> Estimate:
    r"""Enclose a mean, given only a bound on the variance: heavy tails are allowed.

    Parameters
    ----------
    values : array_like, shape (N,)
        An i.i.d. sample.
    variance : float
        A positive number that the true variance does not exceed.
    error : float
        Probability that the interval may miss, both sides together.

    Returns
    -------
    Estimate
        Its ends are infinite where N <= 2 log(2/error).

    Raises
    ------
    InvalidArgument
        If a value is not finite or there is none, the variance is not positive, or error lies outside (0, 1).

    Notes
    -----
    Let v be the variance bound, :math:`\ell = \log(2/\mathrm{error})`, :math:`\eta^2 = 2 v \ell/(N - 2\ell)` and
    :math:`\alpha^2 = 2\ell/(N(v + \eta^2))`. The estimate :math:`\hat\theta` solves
    :math:`\sum_i \psi(\alpha(X_i - \theta)) = 0` with :math:`\psi(x) = \mathrm{sign}(x)\log(1 + |x| + x^2/2)`. From
    :math:`e^{\psi(x)} \le 1 + x + x^2/2` and Markov's inequality, with probability at least 1 - error/2 the sum at
    :math:`\theta = m + \eta` is below
    :math:`N\alpha(-\eta) + N\alpha^2(v + \eta^2)/2 + \ell = 0`, hence :math:`\hat\theta \le m + \eta`;
    the other side alike.

    References
    ----------
    O. Catoni, Ann. Inst. H. Poincaré Probab. Statist. 48(4), 2012, Proposition 2.4.

    Examples
    --------
    >>> e = catoni_interval([0.0, 2.0] * 500, variance=1.0, error=1e-6)
    >>> round(e.value, 12), round(e.half_width, 4)
    (1.0, 0.1729)
    """
    x = as_sample("values", values)
    variance, error = as_positive("variance", variance), as_probability("error", error)
    ell = math.log(2 / error)
    if len(x) <= 2 * ell:
        mean = float(np.mean(x))
        return Estimate(value=mean, lo=-math.inf, hi=math.inf, error=error, method="catoni", samples=len(x))
    eta = catoni_reach(len(x), variance, error)
    alpha = math.sqrt(2 * ell / (len(x) * (variance + eta**2)))
    centre = _centre(x, alpha)
    return Estimate(value=centre, lo=centre - eta, hi=centre + eta, error=error, method="catoni", samples=len(x))


def _centre(x: Array, alpha: float) -> float:
    r"""Return where :math:`\sum_i \psi(\alpha(x_i - \theta))` changes its sign, to the last bit.

    Newton's steps come near to it, so that the ends from which bisection closes in are a few last bits apart.
    """
    low, high = float(x.min()), float(x.max())

    def is_below(centre: float) -> bool:
        nonlocal low, high
        below = bool(np.sum(influence(alpha * (x - centre))) > 0)
        low, high = (centre, high) if below else (low, centre)
        return below

    centre = float(np.median(x))
    for _ in range(_NEWTON):
        if not low < centre < high:
            centre = low + (high - low) / 2
        size = np.abs(y := alpha * (x - centre))
        step = float(np.sum(influence(y)) / np.sum((1 + size) / (1 + size + size * size / 2))) / alpha
        low, high = (centre, high) if step > 0 else (low, centre)
        centre += step
        if abs(step) <= _NEAR * math.ulp(centre):
            break
    for outwards in (-1, 1):  # rounding may have led to either side of it
        near = _NEAR * math.ulp(centre)
        while low < (at := centre + outwards * near) < high and is_below(at) is (outwards > 0):
            near *= _NEAR
    while low < (middle := low + (high - low) / 2) < high:
        is_below(middle)
    return middle


_NEWTON = 12
"""So many steps of Newton's at most: six are enough, unless most values lie where the influence is flat."""
_NEAR = 8


def catoni_reach(samples: int, variance: float, error: float) -> float:
    """Return the half-width of :func:`catoni_interval`, which the values do not decide.

    Parameters
    ----------
    samples : int
        N.
    variance, error : float
        As for :func:`catoni_interval`.

    Examples
    --------
    >>> round(catoni_reach(1000, 1.0, 1e-6), 4), catoni_reach(10, 1.0, 1e-6)
    (0.1729, inf)
    """
    ell = math.log(2 / error)
    return math.sqrt(2 * variance * ell / (samples - 2 * ell)) if samples > 2 * ell else math.inf


def influence(x: Array) -> Array:
    r"""Return Catoni's :math:`\psi(x) = \mathrm{sign}(x)\log(1 + |x| + x^2/2)`: like x near 0, a logarithm far out.

    Examples
    --------
    >>> influence(np.array([-1.0, 0.0, 1e6])).round(3)
    array([-0.916,  0.   , 26.938])
    """
    size = np.abs(x)
    return np.asarray(np.copysign(np.log1p(size + size * size / 2), x))
