"""Quantiles between two order statistics, for every law."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from montecarlo.arguments import as_probability, as_sample
from montecarlo.intervals.estimate import Estimate


def order_statistic_interval(values: ArrayLike, p: float, error: float) -> Estimate:
    r"""Enclose the p-quantile by two order statistics: exact for every law, atoms included.

    Parameters
    ----------
    values : array_like, shape (N,)
        An i.i.d. sample; infinities are allowed.
    p : float
        Between 0 and 1, exclusive.
    error : float
        Probability that the interval may miss, both sides together.

    Returns
    -------
    Estimate
        Its ends are infinite where the sample is too small. Its value is the order statistic of rank ceil(N p).

    Raises
    ------
    InvalidArgument
        If a value is nan or there is none, or p or error lies outside (0, 1).

    Notes
    -----
    Let q be any p-quantile, F(q-) <= p <= F(q). :math:`X_{(r)} > q` says that fewer than r values are <= q, whose
    number is Binomial(N, F(q)) and so stochastically at least Binomial(N, p): the probability is at most
    P(Bin(N, p) <= r - 1). Likewise :math:`X_{(s)} < q` has probability at most P(Bin(N, p) >= s). The largest r and the
    least s that keep each below error/2 are taken.

    References
    ----------
    H. A. David and H. N. Nagaraja, Order Statistics, 3rd ed., Wiley 2003, section 7.1.

    Examples
    --------
    >>> order_statistic_interval(range(1, 101), p=0.5, error=0.05)
    Estimate(50 in [40, 61], error 0.05, order statistics, 100 samples)
    """
    x = as_sample("values", values, finite=False)
    p, error = as_probability("p", p), as_probability("error", error)
    r, s = order_statistic_ranks(len(x), p, error)
    middle = min(max(math.ceil(len(x) * p), 1), len(x))
    ordered = np.partition(x, sorted({max(r, 1) - 1, middle - 1, min(s, len(x)) - 1}))
    lo = float(ordered[r - 1]) if r >= 1 else -math.inf
    hi = float(ordered[s - 1]) if s <= len(x) else math.inf
    value = float(ordered[middle - 1])
    return Estimate(value=value, lo=lo, hi=hi, error=error, method="order statistics", samples=len(x))


def order_statistic_ranks(samples: int, p: float, error: float) -> tuple[int, int]:
    """Return the ranks r and s, from 1, between whose order statistics the p-quantile lies.

    Parameters
    ----------
    samples : int
        N, at least 1.
    p, error : float
        Between 0 and 1, exclusive.

    Returns
    -------
    r, s : int
        The ranks; 0 and N + 1 stand for infinite ends.

    Examples
    --------
    >>> order_statistic_ranks(100, 0.5, 0.05)
    (40, 61)
    >>> order_statistic_ranks(4, 0.5, 0.05)
    (0, 5)
    """
    from scipy.special import betainc, betaincc

    half = error / 2 * (1 - 1e-9)  # rounding in the binomial law costs at most so much

    def below(r: int) -> bool:  # P(Bin(N, p) <= r - 1)
        return r == 0 or bool(betaincc(r, samples - r + 1, p) <= half)

    def above(s: int) -> bool:  # P(Bin(N, p) >= s)
        return s == samples + 1 or bool(betainc(s, samples - s + 1, p) <= half)

    low, high = 0, samples + 1  # search the largest r in [0, N] that is below
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if below(middle) else (low, middle)
    r = low
    low, high = 0, samples + 1  # search the least s in [1, N + 1] that is above
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if above(middle) else (middle, high)
    return r, high
