"""Probabilities from counts, after Clopper and Pearson 1934."""

from __future__ import annotations

import math

from montecarlo.arguments import as_count, as_probability
from montecarlo.intervals.estimate import Estimate


def clopper_pearson_interval(successes: int, samples: int, error: float) -> Estimate:
    """Enclose a probability, given how often it happened.

    Parameters
    ----------
    successes, samples : int
        k out of N independent trials.
    error : float
        Probability that the interval may miss, both sides together.

    Returns
    -------
    Estimate
        The value is k/N.

    Raises
    ------
    InvalidArgument
        If k and N are no integers with 0 <= k <= N and N positive, or error lies outside (0, 1).

    Notes
    -----
    The lower end is the q with P(Bin(N, q) >= k) = error/2 (0 if k = 0). If the true probability lies below it, k is
    among the values whose upper tail is at most error/2, which has probability at most error/2; the upper end alike.

    References
    ----------
    C. J. Clopper and E. S. Pearson, Biometrika 26(4), 1934.

    Examples
    --------
    >>> e = clopper_pearson_interval(0, 100, error=0.05)
    >>> e.lo, round(e.hi, 6)
    (0.0, 0.036217)
    """
    from scipy.special import betainccinv, betaincinv

    error = as_probability("error", error)
    n = as_count("samples", samples)
    k = as_count("successes", successes, 0, n)
    lo = float(betaincinv(k, n - k + 1, error / 2)) if k > 0 else 0.0
    hi = float(betainccinv(k + 1, n - k, error / 2)) if k < n else 1.0
    if math.isnan(lo) or math.isnan(hi):  # the inverse fails at some errors below 1e-150
        lo, hi = 0.0, 1.0
    return Estimate(value=k / n, lo=lo, hi=hi, error=error, method="clopper-pearson", samples=n)
