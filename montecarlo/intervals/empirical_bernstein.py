"""Means of bounded variables whose variance is unknown, after Maurer and Pontil 2009."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from montecarlo.arguments import as_bounded_sample, as_probability
from montecarlo.intervals.estimate import Estimate


def empirical_bernstein_interval(values: ArrayLike, bound: float, error: float) -> Estimate:
    r"""Enclose the mean of independent variables between 0 and a bound; short when they vary little.

    Parameters
    ----------
    values : array_like, shape (N,)
        Independent, each in [0, bound].
    bound : float
        The bound, positive; numbers as small or large as 1e-300 and 1e300 are allowed.
    error : float
        Probability that the interval may miss, both sides together.

    Returns
    -------
    Estimate
        The sample mean; the interval is cut to [0, bound], and is all of it where N = 1.

    Raises
    ------
    InvalidArgument
        If a value lies outside [0, bound] or there is none, the bound is not positive, or error lies outside (0, 1).

    Notes
    -----
    In units of the bound, with :math:`\sigma^2` the expectation of the sample variance :math:`V_N` (divisor N - 1)
    and :math:`\ell = \log(3/\mathrm{error})`, each of three events fails with probability at most error/3:

    .. math::

        \pm(E\bar X - \bar X) \le \sqrt{2\sigma^2\ell/N} + \ell/(3N), \qquad
        \sigma \le \sqrt{V_N} + \sqrt{2\ell/(N - 1)}.

    The first two are Bennett's inequality, as :math:`\sigma^2` is at least the mean of the variances; the third is the
    authors' Theorem 10. Together they give :math:`|E\bar X - \bar X| \le \sqrt{2 V_N \ell/N} + 7\ell/(3(N - 1))`. The
    paper states one side, with 2 for 3; as both sides share the third event, the union costs 3, not 4.

    References
    ----------
    A. Maurer and M. Pontil, Empirical Bernstein bounds and sample-variance penalization, COLT 2009, Theorems 3, 4
    and 10 (arXiv:0907.3740).

    Examples
    --------
    >>> e = empirical_bernstein_interval([0.0, 1.0] * 500, bound=1.0, error=1e-6)
    >>> e.value, round(e.half_width, 4)
    (0.5, 0.1212)
    """
    x, bound = as_bounded_sample(values, bound)
    error = as_probability("error", error)
    parts = x / bound
    mean = float(np.mean(parts))
    width = math.inf
    if len(x) > 1:
        ell = math.log(3) - math.log(error)
        width = math.sqrt(2 * float(np.var(parts, ddof=1)) * ell / len(x)) + 7 * ell / (3 * (len(x) - 1))
    lo, hi = bound * max(0.0, mean - width), bound * min(1.0, mean + width)
    return Estimate(value=bound * mean, lo=lo, hi=hi, error=error, method="empirical bernstein", samples=len(x))
