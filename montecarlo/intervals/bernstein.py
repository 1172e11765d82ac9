"""Means of bounded variables, given a bound on their variance."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from montecarlo.arguments import as_bounded_sample, as_positive, as_probability
from montecarlo.intervals.estimate import Estimate


def bernstein_interval(values: ArrayLike, bound: float, variance: float, error: float) -> Estimate:
    r"""Enclose the mean of independent variables between 0 and a bound, given a bound on their variance.

    Parameters
    ----------
    values : array_like, shape (N,)
        Independent, each in [0, bound].
    bound : float
        The bound, positive.
    variance : float
        A positive number that the mean of the variances does not exceed.
    error : float
        Probability that the interval may miss, both sides together.

    Returns
    -------
    Estimate
        The sample mean; the interval is cut to [0, bound].

    Raises
    ------
    InvalidArgument
        If a value lies outside [0, bound] or there is none, the variance or the bound is not positive, or error lies
        outside (0, 1).

    Notes
    -----
    :math:`|X_i - E X_i| \le b`, so :math:`P(|\bar X - E \bar X| \ge t) \le 2 \exp(-N t^2/(2(v + b t/3)))`; the
    half-width is the t that makes this the error.

    References
    ----------
    S. Boucheron, G. Lugosi and P. Massart, Concentration Inequalities, Oxford 2013, Corollary 2.11.

    Examples
    --------
    >>> e = bernstein_interval([0.0, 1.0] * 500, bound=1.0, variance=0.25, error=1e-6)
    >>> e.value, round(e.half_width, 4)
    (0.5, 0.0901)
    """
    x, bound = as_bounded_sample(values, bound)
    variance, error = as_positive("variance", variance), as_probability("error", error)
    ell = math.log(2 / error)
    linear = bound * ell / 3
    width = (linear + math.sqrt(linear**2 + 2 * len(x) * variance * ell)) / len(x)
    mean = float(np.mean(x))
    lo, hi = max(0.0, mean - width), min(bound, mean + width)
    return Estimate(value=mean, lo=lo, hi=hi, error=error, method="bernstein", samples=len(x))
