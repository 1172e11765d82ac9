"""An interval for a positive mean of which only the variance over its square is bounded, all in logarithms."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from montecarlo.arguments import as_positive, as_probability, as_sample
from montecarlo.intervals.catoni import influence
from theory.ensembles import InvalidArgument


def relative_reach(samples: int, variance: float, error: float) -> tuple[float, float]:
    """Return d and u: the interval of :func:`relative_catoni` is its estimate times [1 - d, 1 + u].

    Parameters
    ----------
    samples : int
        N.
    variance, error : float
        As for :func:`relative_catoni`.

    Returns
    -------
    d, u : float
        They are 1 and infinity where there are too few samples for that end.

    Examples
    --------
    >>> [round(end, 4) for end in relative_reach(100, 0.06, 1e-6)]
    [0.1433, 0.1857]
    """
    alpha, ell = _strength(samples, variance, error), math.log(2 / error)

    def deviation(sign: int) -> float:
        """Return the least root of alpha d - alpha^2 (v (1 + sign d)^2 + d^2)/2 = l/N."""
        a, b, c = (
            (1 + variance) * alpha**2 / 2,
            alpha - sign * variance * alpha**2,
            variance * alpha**2 / 2 + ell / samples,
        )
        discriminant = b * b - 4 * a * c
        return 2 * c / (b + math.sqrt(discriminant)) if b > 0 and discriminant >= 0 else math.inf

    return min(1.0, deviation(-1)), deviation(+1)


def relative_catoni(logs: ArrayLike, variance: float, error: float) -> tuple[float, float, float]:
    r"""Enclose a positive mean, given only a bound on the variance over the squared mean; all in logs.

    Parameters
    ----------
    logs : array_like, shape (N,)
        Logs of an i.i.d. sample of X >= 0; -inf for 0.
    variance : float
        v, at least Var X/(E X)^2; positive.
    error : float
        Probability that the interval may miss, both sides together.

    Returns
    -------
    log_value, log_lo, log_hi : float
        The ends are infinite where there are too few samples, or where all are 0, so that there is no scale.

    Raises
    ------
    InvalidArgument
        If a log is nan or inf or there is none, the variance is not positive, or error lies outside (0, 1).

    Notes
    -----
    Let :math:`\psi(y) = \mathrm{sign}(y) \log(1 + |y| + y^2/2)`, :math:`\ell = \log(2/\mathrm{error})` and
    :math:`S(\theta) = \sum_i \psi(\alpha(X_i/\theta - 1))`, which decreases; the estimate :math:`\hat\theta` solves
    S = 0. Let M be the mean. If :math:`M > (1+u)\hat\theta`, then :math:`S(\theta) \le 0` at
    :math:`\theta = M/(1+u)`, where :math:`Y = X/\theta - 1` has mean u and variance at most :math:`v(1+u)^2`. As
    :math:`e^{\pm\psi(y)} \le 1 \pm y + y^2/2`, by Markov's inequality this has probability at most

    .. math:: E e^{-S(\theta)} \le \left(1 - \alpha u + \tfrac{\alpha^2}{2}(v(1+u)^2 + u^2)\right)^N \le e^{-\ell}
              = \frac{\mathrm{error}}{2}\quad\text{if}\quad
              \alpha u - \tfrac{\alpha^2}{2}(v(1+u)^2 + u^2) \ge \frac{\ell}{N}.

    Likewise :math:`M < (1-d)\hat\theta` if :math:`\alpha d - \alpha^2 (v(1-d)^2 + d^2)/2 \ge \ell/N`. So the interval
    is :math:`\hat\theta\,[1-d, 1+u]` with d, u the least solutions. :math:`\alpha` is chosen such that u is least: with
    :math:`g^2 = 2 v \ell/(N - 2\ell)`, :math:`\alpha = g(1-g)/(v+g^2)` and u = g/(1-g).

    References
    ----------
    O. Catoni, Ann. Inst. H. Poincaré Probab. Statist. 48(4), 2012, section 2; there the scale is given, here it is the
    mean itself.

    Examples
    --------
    >>> [round(end, 3) for end in relative_catoni([-9000.5, -8999.5] * 100, variance=0.3, error=1e-6)]
    [-8999.88, -9000.107, -8999.624]
    """
    x = as_sample("logs", logs, finite=False)
    variance, error = as_positive("variance", variance), as_probability("error", error)
    top = float(x.max())
    if top == math.inf:
        raise InvalidArgument("logs", "must not be inf", "look for what overflowed")
    if top == -math.inf:
        return -math.inf, -math.inf, math.inf
    alpha = _strength(len(x), variance, error)

    def excess(log_mean: float) -> float:
        gap = x - top - log_mean
        near = influence(alpha * np.expm1(np.minimum(gap, 200.0)))
        return float(np.sum(near + 2 * np.maximum(gap - 200.0, 0.0)))  # psi(y) is log(y^2/2) far out

    low, high = -1.0, 1.0  # the log of the estimate over the largest value, which is at most 0
    while excess(low) <= 0:
        low *= 2
    while low < (middle := low + (high - low) / 2) < high:  # to the last bit
        low, high = (middle, high) if excess(middle) > 0 else (low, middle)
    log_value = top + high
    d, u = relative_reach(len(x), variance, error)
    return log_value, log_value + (math.log1p(-d) if d < 1 else -math.inf), log_value + math.log1p(u)


def _strength(samples: int, variance: float, error: float) -> float:
    """Return Catoni's alpha, the one whose interval has the least upper end; any other is valid."""
    ell = math.log(2 / error)
    if samples > 2 * ell:
        g = math.sqrt(2 * variance * ell / (samples - 2 * ell))
        if g < 1:
            return g * (1 - g) / (variance + g * g)
    return math.sqrt(ell / (2 * samples * variance))
