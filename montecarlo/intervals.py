"""Confidence intervals whose guarantee is proved at the sample size at hand; none of them a normal approximation."""

from __future__ import annotations

import math
from dataclasses import dataclass
from numbers import Integral, Real

import numpy as np
from numpy.typing import ArrayLike

from montecarlo.weights import Array
from theory.ensembles import InvalidArgument


@dataclass(frozen=True)
class Estimate:
    """A number, and an interval that holds the truth up to an error probability.

    Attributes
    ----------
    value : float
        The estimate.
    lo, hi : float
        Ends of the interval.
    error : float
        The probability that the interval misses is at most this.
    method : str
        Which theorem says so.
    samples : int
        How many.

    Examples
    --------
    >>> Estimate(1.0, 0.5, 1.5, 1e-6, "catoni", 100).half_width
    0.5
    """

    value: float
    lo: float
    hi: float
    error: float
    method: str
    samples: int

    @property
    def half_width(self) -> float:
        """Half the length of the interval."""
        return (self.hi - self.lo) / 2 if self.lo < self.hi else 0.0


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
        With infinite ends where the sample is too small. The value is the order statistic of rank ceil(N p).

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
    Estimate(value=50.0, lo=40.0, hi=61.0, error=0.05, method='order statistics', samples=100)
    """
    x = _sample("values", values, finite=False)
    p, error = _probability("p", p), _probability("error", error)
    r, s = order_statistic_ranks(len(x), p, error)
    middle = min(max(math.ceil(len(x) * p), 1), len(x))
    ordered = np.partition(x, sorted({max(r, 1) - 1, middle - 1, min(s, len(x)) - 1}))
    lo = float(ordered[r - 1]) if r >= 1 else -math.inf
    hi = float(ordered[s - 1]) if s <= len(x) else math.inf
    return Estimate(float(ordered[middle - 1]), lo, hi, error, "order statistics", len(x))


def order_statistic_ranks(samples: int, p: float, error: float) -> tuple[int, int]:
    """Return the ranks r and s, from 1, between whose order statistics the p-quantile lies; 0 and N+1 are infinite.

    Examples
    --------
    >>> order_statistic_ranks(100, 0.5, 0.05)
    (40, 61)
    >>> order_statistic_ranks(4, 0.5, 0.05)
    (0, 5)
    """
    from scipy.special import betainc, betaincc

    half = error / 2 * (1 - 1e-9)  # what rounding in the binomial law may cost

    def below(r: int) -> bool:  # P(Bin(N, p) <= r - 1)
        return r == 0 or bool(betaincc(r, samples - r + 1, p) <= half)

    def above(s: int) -> bool:  # P(Bin(N, p) >= s)
        return s == samples + 1 or bool(betainc(s, samples - s + 1, p) <= half)

    low, high = 0, samples + 1  # the largest r in [0, N] that is below
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if below(middle) else (low, middle)
    r = low
    low, high = 0, samples + 1  # the least s in [1, N + 1] that is above
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if above(middle) else (middle, high)
    return r, high


def catoni_interval(values: ArrayLike, variance: float, error: float) -> Estimate:
    r"""Enclose a mean, given only a bound on the variance: heavy tails are allowed.

    Parameters
    ----------
    values : array_like, shape (N,)
        An i.i.d. sample.
    variance : float
        At least the true variance; positive.
    error : float
        Probability that the interval may miss, both sides together.

    Returns
    -------
    Estimate
        Infinite where N <= 2 log(2/error).

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
    x = _sample("values", values)
    variance, error = _positive("variance", variance), _probability("error", error)
    ell = math.log(2 / error)
    if len(x) <= 2 * ell:
        return Estimate(float(np.mean(x)), -math.inf, math.inf, error, "catoni", len(x))
    eta = math.sqrt(2 * variance * ell / (len(x) - 2 * ell))
    alpha = math.sqrt(2 * ell / (len(x) * (variance + eta**2)))
    low, high = float(x.min()), float(x.max())
    while low < (middle := low + (high - low) / 2) < high:  # to the last bit
        y = np.abs(alpha * (x - middle))
        total = np.sum(np.copysign(np.log1p(y + y * y / 2), x - middle))
        low, high = (middle, high) if total > 0 else (low, middle)
    return Estimate(middle, middle - eta, middle + eta, error, "catoni", len(x))


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
        If not 0 <= k <= N with N positive, or error lies outside (0, 1).

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

    error = _probability("error", error)
    n = _count("samples", samples, 1, math.inf)
    k = _count("successes", successes, 0, n)
    lo = float(betaincinv(k, n - k + 1, error / 2)) if k > 0 else 0.0
    hi = float(betainccinv(k + 1, n - k, error / 2)) if k < n else 1.0
    return Estimate(k / n, lo, hi, error, "clopper-pearson", n)


def bernstein_interval(values: ArrayLike, bound: float, variance: float, error: float) -> Estimate:
    r"""Enclose the mean of independent variables between 0 and a bound, given a bound on their variance.

    Parameters
    ----------
    values : array_like, shape (N,)
        Independent, each in [0, bound].
    bound : float
        Positive.
    variance : float
        At least the mean of the variances; positive.
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
    x = _sample("values", values)
    bound, variance = _positive("bound", bound), _positive("variance", variance)
    error = _probability("error", error)
    if x.min() < 0 or x.max() > bound:
        problem = f"must lie between 0 and {bound}, got {float(x.min() if x.min() < 0 else x.max())}"
        raise InvalidArgument("values", problem, "raise the bound, or clip before taking the mean")
    ell = math.log(2 / error)
    linear = bound * ell / 3
    width = (linear + math.sqrt(linear**2 + 2 * len(x) * variance * ell)) / len(x)
    mean = float(np.mean(x))
    return Estimate(mean, max(0.0, mean - width), min(bound, mean + width), error, "bernstein", len(x))


def _sample(argument: str, values: ArrayLike, *, finite: bool = True) -> Array:
    x = np.asarray(values, dtype=np.float64)
    if x.ndim != 1 or not len(x):
        raise InvalidArgument(argument, f"must be a nonempty vector, got shape {x.shape}", "give one sample per entry")
    if np.isnan(x).any() or (finite and not np.isfinite(x).all()):
        problem = "must be finite" if finite else "must not be nan"
        raise InvalidArgument(argument, problem, "look for what overflowed")
    return x


def _probability(argument: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, Real) or not 0 < float(value) < 1:
        raise InvalidArgument(
            argument, f"must lie between 0 and 1, exclusive, got {value!r}", f"use e.g. {argument}=1e-6"
        )
    return float(value)


def _positive(argument: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, Real) or not 0 < float(value) < math.inf:
        raise InvalidArgument(argument, f"must be positive and finite, got {value!r}", f"use e.g. {argument}=1.0")
    return float(value)


def _count(argument: str, value: object, least: int, most: float) -> int:
    if isinstance(value, bool) or not isinstance(value, Integral) or not least <= int(value) <= most:
        raise InvalidArgument(argument, f"must be an integer from {least} to {most}, got {value!r}", "count again")
    return int(value)
