"""Intervals that hold at all sample sizes together, by Ville's inequality: look, stop early or go on at will.

All three rest on one argument. Let M_n >= 0 be a product of n factors, each with a conditional expectation of at most 1
when the truth is put in. It is a supermartingale, and so is any mixture of such products. By Ville's inequality the
probability that it ever reaches 2/error is at most error/2. The interval excludes the values at which it has reached
2/error, and so excludes the truth at some n with at most that probability.

References
----------
J. Ville, Étude critique de la notion de collectif, Gauthier-Villars 1939; H. Robbins, Ann. Math. Statist. 41(5), 1970.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from montecarlo.arguments import as_bounded_sample, as_count, as_positive, as_probability, as_sample
from montecarlo.arrays import Array
from montecarlo.intervals.catoni import influence
from montecarlo.intervals.estimate import Estimate

_RATES = 0.5 ** np.arange(20)
"""The rates 2^-j of a mixture, j = 0, 1, ...; the twentieth is best at 10^12 samples and more."""
_COSTS = np.log((np.arange(20) + 1.0) * (np.arange(20) + 2.0))
"""Minus the logs of their weights 1/((j+1)(j+2))."""


def quantile_sequence_interval(values: ArrayLike, p: float, error: float) -> Estimate:
    """Enclose the p-quantile by two order statistics, at all sample sizes together.

    Parameters
    ----------
    values : array_like, shape (N,)
        The i.i.d. sample so far; infinities are allowed.
    p : float
        Between 0 and 1, exclusive.
    error : float
        The probability that the interval misses at any N, now or later, is at most this.

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
    The proof is at :func:`quantile_sequence_ranks`.

    Examples
    --------
    >>> quantile_sequence_interval(range(1, 1001), p=0.5, error=0.05)
    Estimate(500 in [452, 549], error 0.05, ville, beta mixture, 1000 samples)
    """
    x = as_sample("values", values, finite=False)
    r, s = quantile_sequence_ranks(len(x), p, error)
    middle = min(max(math.ceil(len(x) * p), 1), len(x))
    ordered = np.partition(x, sorted({max(r, 1) - 1, middle - 1, min(s, len(x)) - 1}))
    lo = float(ordered[r - 1]) if r >= 1 else -math.inf
    hi = float(ordered[s - 1]) if s <= len(x) else math.inf
    value = float(ordered[middle - 1])
    return Estimate(value=value, lo=lo, hi=hi, error=float(error), method="ville, beta mixture", samples=len(x))


def quantile_sequence_ranks(samples: int, p: float, error: float) -> tuple[int, int]:
    r"""Return the ranks r and s, from 1, between whose order statistics the p-quantile lies at every sample size.

    Parameters
    ----------
    samples : int
        n, at least 1.
    p, error : float
        Between 0 and 1, exclusive.

    Returns
    -------
    r, s : int
        The ranks; 0 and n + 1 stand for infinite ends.

    Raises
    ------
    InvalidArgument
        If n is not a positive integer, or p or error lies outside (0, 1).

    Notes
    -----
    Let q be a p-quantile and k the number of values <= q among n, each with probability F(q) >= p. For theta < p the
    likelihood ratio :math:`(\theta/p)^k ((1-\theta)/(1-p))^{n-k}` has factors that decrease in the observation and
    have mean 1 at probability p, so at most 1 at F(q). It is mixed over a Beta(a, b) law of theta cut off at p:

    .. math:: M_n(k) = \frac{B(a+k, b+n-k)\, I_p(a+k, b+n-k)}{p^k (1-p)^{n-k}\, B(a, b)\, I_p(a, b)},

    which decreases in k. If :math:`X_{(r)} > q` then k <= r - 1, so with the largest r that has
    :math:`M_n(r-1) \ge 2/\mathrm{error}` this happens at any n at all with probability at most error/2. The other side
    counts values < q, with theta > p.

    a = 25/(1-p) and b = 25/p give theta the mean p and a standard deviation of about p(1-p)/5, which makes the
    interval shortest near :math:`n = 50 \log(2/\mathrm{error})/(p(1-p))`, against the interval for one n,
    :func:`~montecarlo.intervals.order_statistic_ranks`. At the median it is, from a thousand samples to a hundred
    million, 1.2 to 1.3 times as long at error 1e-6 and 1.6 to 2.6 times at error 0.1.

    References
    ----------
    S. R. Howard and A. Ramdas, Sequential estimation of quantiles, Bernoulli 28(3), 2022, section 3; D. A. Darling and
    H. Robbins, Proc. Natl. Acad. Sci. 58, 1967.

    Examples
    --------
    >>> quantile_sequence_ranks(1000, 0.5, 0.05)
    (452, 549)
    >>> quantile_sequence_ranks(10, 0.5, 0.05)
    (0, 11)
    """
    n = as_count("samples", samples)
    p, error = as_probability("p", p), as_probability("error", error)
    a, b = 25 / (1 - p), 25 / p
    slack = 2e-14 * (n + a + b)  # rounding in the logarithms of beta functions costs at most so much
    threshold = math.log(2) - math.log(error) + slack

    def low(k: int) -> bool:  # whether k is less than the number of values <= q ever is
        return _log_beta_mixture(n, k, a, b, p, upper=False) >= threshold

    def high(k: int) -> bool:  # whether k is more than the number of values < q ever is
        return _log_beta_mixture(n, k, a, b, p, upper=True) >= threshold

    left, right = -1, n + 1  # search the largest k that is low, or -1
    while right - left > 1:
        middle = (left + right) // 2
        left, right = (middle, right) if low(middle) else (left, middle)
    r = left + 1
    left, right = -1, n + 1  # search the least k that is high, or n + 1
    while right - left > 1:
        middle = (left + right) // 2
        left, right = (left, middle) if high(middle) else (middle, right)
    return r, right


def _log_beta_mixture(n: int, k: int, a: float, b: float, p: float, *, upper: bool) -> float:
    from scipy.special import betainc, betaincc, betaln

    cut = betaincc if upper else betainc
    mass = float(cut(a + k, b + n - k, p))
    if not mass > 0:  # k is on the other side of n p, where the mixture is below 1
        return -math.inf
    ratio = float(betaln(a + k, b + n - k)) - float(betaln(a, b)) - k * math.log(p) - (n - k) * math.log1p(-p)
    return ratio + math.log(mass) - math.log(float(cut(a, b, p)))


def mean_sequence(values: ArrayLike, variance: float, error: float) -> Estimate:
    r"""Enclose a mean, given only a bound on the variance, at all sample sizes together: heavy tails are allowed.

    Parameters
    ----------
    values : array_like, shape (N,)
        The i.i.d. sample so far; later observations come after it.
    variance : float
        A positive number that the true variance does not exceed.
    error : float
        The probability that the interval misses at any N, now or later, is at most this.

    Returns
    -------
    Estimate
        The value is Catoni's estimate at the rate used.

    Raises
    ------
    InvalidArgument
        If a value is not finite or there is none, the variance is not positive, or error lies outside (0, 1).

    Notes
    -----
    With v the variance bound, m the mean and Catoni's :math:`\psi`, :math:`E e^{\pm\psi(\lambda(X - m))} \le
    1 + \lambda^2 v/2`, so that :math:`\exp(\pm\sum_i \psi(\lambda(X_i - m)))/(1 + \lambda^2 v/2)^n` is a
    supermartingale. It is mixed over :math:`\lambda_j = 2^{-j}/\sqrt v` with weights :math:`w_j = 1/((j+1)(j+2))`. As
    the mixture is at least each of its terms, with probability 1 - error the mean satisfies for all n and j

    .. math:: \Big|\sum_i \psi(\lambda_j(X_i - m))\Big| \le n \log(1 + \lambda_j^2 v/2) + \log(2/(w_j\,\mathrm{error})).

    The sum decreases in m, so these m are an interval. At each n the j is used with the least ratio of the right side
    to :math:`n\lambda_j`, about the half-width; n and the error decide it, not the data. At error 1e-6 it is 1.1 to 1.2
    times as long as Catoni's interval for one n, from a thousand samples to a million; with one predictable sequence of
    rates, as in the paper, it would be up to 3 times as long, because early rates serve only early sizes.

    References
    ----------
    H. Wang and A. Ramdas, Catoni-style confidence sequences for heavy-tailed mean estimation, Stochastic Process. Appl.
    163, 2023, section 5 (arXiv:2202.01250).

    Examples
    --------
    >>> e = mean_sequence([0.0, 2.0] * 500, variance=1.0, error=1e-6)
    >>> round(e.value, 12), round(e.half_width, 4)
    (1.0, 0.1959)
    """
    x = as_sample("values", values)
    variance, error = as_positive("variance", variance), as_probability("error", error)
    rate, reach = mean_sequence_constants(len(x), error)
    rate /= math.sqrt(variance)
    centre = float(np.median(x))
    with np.errstate(over="ignore"):
        z = rate * (x - centre)
    # psi(step) = reach/n: a mean farther than this from all values is excluded
    step = math.exp(reach / len(x) / 2) * math.sqrt(2 - math.exp(-reach / len(x))) - 1
    low, high = float(z.min()), float(z.max())
    if not max(-low, high, step) < 1e150:  # squares would overflow
        return Estimate(value=centre, lo=-math.inf, hi=math.inf, error=error, method="ville, catoni", samples=len(x))

    def total(t: float) -> float:
        return float(np.sum(influence(z - t)))

    below = above = step
    while total(low - below) < reach:  # only rounding makes this true
        below *= 2
    while total(high + above) > -reach:
        above *= 2
    fine = 1e-9 * reach / len(x)
    lo, hi = _root(total, reach, low - below, high, fine), _root(total, -reach, low, high + above, fine)
    return Estimate(
        value=centre + _root(total, 0.0, low, high, fine) / rate,
        lo=math.nextafter(centre + (lo - 2 * fine - 1e-14 * abs(lo)) / rate, -math.inf),
        hi=math.nextafter(centre + (hi + 2 * fine + 1e-14 * abs(hi)) / rate, math.inf),
        error=error,
        method="ville, catoni",
        samples=len(x),
    )


def mean_sequence_constants(samples: int, error: float) -> tuple[float, float]:
    """Return the constants of :func:`mean_sequence` for the variance 1.

    Parameters
    ----------
    samples : int
        n, at least 1.
    error : float
        Between 0 and 1, exclusive.

    Returns
    -------
    rate : float
        The rate that is used at this sample size.
    reach : float
        How far from 0 the sum of influences may be.

    Examples
    --------
    >>> rate, reach = mean_sequence_constants(1000, 1e-6)
    >>> rate, round(reach, 3)
    (0.25, 47.765)
    """
    reaches = samples * np.log1p(_RATES**2 / 2) + _COSTS + (math.log(2) - math.log(error))
    best = int(np.argmin(reaches / _RATES))
    return float(_RATES[best]), float(reaches[best])


def _root(decreasing: Callable[[float], float], level: float, low: float, high: float, fine: float) -> float:
    from scipy.optimize import brentq

    return float(brentq(lambda t: decreasing(t) - level, low, high, xtol=fine, rtol=4 * np.finfo(float).eps))


def bounded_mean_sequence(values: ArrayLike, bound: float, error: float) -> Estimate:
    r"""Enclose the mean of variables between 0 and a bound, the variance unknown, at all sample sizes together.

    Parameters
    ----------
    values : array_like, shape (N,)
        The sample so far in the order drawn, each in [0, bound]: i.i.d., or with the same mean given those before.
    bound : float
        The bound, positive; numbers as small or large as 1e-300 and 1e300 are allowed.
    error : float
        The probability that the interval misses at any N, now or later, is at most this.

    Returns
    -------
    Estimate
        The sample mean; the interval is cut to [0, bound].

    Raises
    ------
    InvalidArgument
        If a value lies outside [0, bound] or there is none, the bound is not positive, or error lies outside (0, 1).

    Notes
    -----
    In units of the bound, let m be the mean, :math:`c_i = (1/2 + X_1 + \dots + X_{i-1})/i`, which is known before
    :math:`X_i`, and :math:`g(\lambda) = -\log(1-\lambda) - \lambda`. As :math:`(\log(1+x) - x)/x^2` increases,
    :math:`\log(1 + \lambda\xi) \ge \lambda\xi - g(\lambda)\xi^2` for :math:`\xi \ge -1` and :math:`0 \le \lambda < 1`.
    With :math:`\xi = X_i - c_i` and d = c_i - m,

    .. math:: E\, e^{\lambda(X_i - m) - g(\lambda)(X_i - c_i)^2} \le e^{\lambda d}\, E(1 + \lambda(X_i - c_i))
              = e^{\lambda d}(1 - \lambda d) \le 1,

    and the same for :math:`-X`. So :math:`\exp(\pm\lambda(S_n - nm) - g(\lambda)V_n)` with
    :math:`V_n = \sum_i (X_i - c_i)^2` are supermartingales. Mixed over :math:`\lambda_j = 2^{-j-1}` with weights
    :math:`w_j = 1/((j+1)(j+2))` they exceed each of their terms: with probability 1 - error, for all n,

    .. math:: |\bar X - m| \le \min_j \frac{g(\lambda_j) V_n + \log(2/(w_j\,\mathrm{error}))}{n\lambda_j},

    where the data may choose j. At error 1e-6 this is 1.1 to 1.2 times the length with one n and the variance known,
    from a thousand samples to a million; with one predictable sequence of rates it would be up to 2.2 times.

    References
    ----------
    I. Waudby-Smith and A. Ramdas, Estimating means of bounded random variables by betting, J. R. Stat. Soc. B 86(1),
    2024, Theorem 2, with predictable rates; S. R. Howard, A. Ramdas, J. McAuliffe and J. Sekhon, Ann. Statist. 49(2),
    2021, Theorem 4, with mixtures; X. Fan, I. Grama and Q. Liu, Electron. J. Probab. 20, 2015, for the inequality.

    Examples
    --------
    >>> e = bounded_mean_sequence([0.0, 1.0] * 500, bound=1.0, error=1e-6)
    >>> e.value, round(e.half_width, 4)
    (0.5, 0.1032)
    """
    x, bound = as_bounded_sample(values, bound)
    error = as_probability("error", error)
    parts = x / bound
    mean = float(np.mean(parts))
    width = float(bounded_sequence_widths(bounded_sequence_spreads(parts)[-1:], np.array([len(x)]), error)[0])
    lo, hi = bound * max(0.0, mean - width), bound * min(1.0, mean + width)
    method = "ville, empirical bernstein"
    return Estimate(value=bound * mean, lo=lo, hi=hi, error=error, method=method, samples=len(x))


def bounded_sequence_spreads(parts: Array) -> Array:
    """Return V_n for n = 1, ..., N, the sums of squared distances from the means so far.

    Parameters
    ----------
    parts : ndarray, shape (..., N)
        Samples over the bound.

    Returns
    -------
    ndarray, shape (..., N)

    Examples
    --------
    The distances here are those from 1/2 and from 3/4:

    >>> bounded_sequence_spreads(np.array([1.0, 0.0]))
    array([0.25  , 0.8125])
    """
    before = np.empty_like(parts)
    before[..., 0] = 0
    np.cumsum(parts[..., :-1], axis=-1, out=before[..., 1:])
    before += 0.5
    before /= np.arange(1, parts.shape[-1] + 1)
    return np.asarray(np.cumsum((parts - before) ** 2, axis=-1))


def bounded_sequence_widths(spreads: Array, samples: NDArray[np.int64], error: float) -> Array:
    """Return the half-widths of :func:`bounded_mean_sequence` in units of the bound.

    Parameters
    ----------
    spreads : ndarray
        V_n of some samples.
    samples : ndarray of int
        Their n.
    error : float
        Between 0 and 1, exclusive.

    Returns
    -------
    ndarray

    Examples
    --------
    >>> bounded_sequence_widths(np.array([250.0]), np.array([1000]), 1e-6).round(4)
    array([0.1029])
    """
    rates = _RATES / 2
    prices = (-np.log1p(-rates) - rates) * (1 + 1e-8)  # cancellation costs at most so much, at the least rate
    bills = _COSTS + (math.log(2) - math.log(error))
    widths = np.full(spreads.shape, math.inf)
    for rate, price, bill in zip(rates, prices, bills, strict=True):
        np.minimum(widths, (price * spreads + bill) / (samples * rate), out=widths)
    return widths
