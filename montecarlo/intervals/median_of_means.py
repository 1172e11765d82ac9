"""Means of heavy-tailed laws, given a bound on the variance: the median of the means of blocks."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from montecarlo.arguments import as_positive, as_probability, as_sample
from montecarlo.intervals.estimate import Estimate


def median_of_means_interval(values: ArrayLike, variance: float, error: float) -> Estimate:
    r"""Enclose a mean by a median of block means, given only a bound on the variance.

    Parameters
    ----------
    values : array_like, shape (N,)
        An i.i.d. sample in the order drawn: sorting it first would spoil the blocks.
    variance : float
        A positive number that the true variance does not exceed.
    error : float
        Probability that the interval may miss, both sides together.

    Returns
    -------
    Estimate
        Its ends are finite for every N, at errors down to 1e-300.

    Raises
    ------
    InvalidArgument
        If a value is not finite or there is none, the variance is not positive, or error lies outside (0, 1).

    Notes
    -----
    The sample is cut into an odd number k of runs of at least :math:`m = \lfloor N/k \rfloor` values. By Cantelli's
    inequality a block mean exceeds the mean by :math:`\eta` with probability at most
    :math:`v/(v + m\eta^2)`. If their median does, at least (k+1)/2 of the k independent block means do, which has
    probability at most P(Bin(k, v/(v + m eta^2)) >= (k+1)/2). With q the probability of success that makes this
    binomial tail error/2,

    .. math:: \eta = \sqrt{(v/m)(1/q - 1)};

    the same holds for the other side. The k with the least :math:`\eta` is taken, which N and error decide. At error
    1e-6 it is 2.3 log(2/error) and :math:`\eta` is :math:`3.7 \sqrt{v \log(2/\mathrm{error})/N}` for N above a few
    hundred: 2.6 times Catoni's. As the error goes to 0 the constants rise to 3.0 and 4.1.

    References
    ----------
    A. S. Nemirovsky and D. B. Yudin, Problem Complexity and Method Efficiency in Optimization, Wiley 1983;
    G. Lugosi and S. Mendelson, Found. Comput. Math. 19, 2019, Theorem 2, with sqrt(32) for the 4.1 here.

    Examples
    --------
    >>> e = median_of_means_interval([0.0, 2.0] * 500, variance=1.0, error=1e-6)
    >>> e.value, round(e.half_width, 4)
    (1.0, 0.4465)
    """
    x = as_sample("values", values)
    variance, error = as_positive("variance", variance), as_probability("error", error)
    blocks, deviation = median_of_means_constants(len(x), error)
    starts = np.arange(blocks) * len(x) // blocks
    sizes = np.diff(np.append(starts, len(x)))
    middle = float(np.median(np.add.reduceat(x, starts) / sizes))
    eta = deviation * math.sqrt(variance)
    lo, hi = middle - eta, middle + eta
    return Estimate(value=middle, lo=lo, hi=hi, error=error, method="median of means", samples=len(x))


def median_of_means_constants(samples: int, error: float) -> tuple[int, float]:
    """Return the constants of :func:`median_of_means_interval` for the variance 1.

    Parameters
    ----------
    samples : int
        N, at least 1.
    error : float
        Between 0 and 1, exclusive.

    Returns
    -------
    blocks : int
        k, the number of blocks.
    deviation : float
        The half-width.

    Examples
    --------
    >>> k, eta = median_of_means_constants(1000, 1e-6)
    >>> k, round(eta, 4)
    (37, 0.4465)
    """
    from scipy.special import betainc, betaincinv

    half = error / 2 * (1 - 1e-9)  # rounding in the binomial law costs at most so much
    most = min(samples, math.ceil(10 * (math.log(2) - math.log(error))))  # well beyond the best number of blocks
    blocks = np.arange(1, most + 1, 2)
    votes = (blocks + 1) / 2
    q = betaincinv(votes, votes, half)  # P(Bin(k, q) >= votes) = half
    inverted = (q > 0) & (betainc(votes, votes, q) <= error / 2)  # the inverse fails at some errors below 1e-150
    deviations = np.full(len(blocks), math.inf)
    np.sqrt((1 / np.where(inverted, q, 1) - 1) / (samples // blocks), out=deviations, where=inverted)
    best = int(np.argmin(deviations))
    return int(blocks[best]), float(deviations[best])
