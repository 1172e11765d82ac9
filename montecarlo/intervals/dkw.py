"""Whole distribution functions at once, by the Dvoretzky-Kiefer-Wolfowitz inequality with Massart's constant."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from montecarlo.arguments import as_between, as_probability, as_real, as_sample
from montecarlo.arrays import Array
from montecarlo.intervals.estimate import Estimate
from montecarlo.wording import counted
from theory.ensembles import InvalidArgument


@dataclass(frozen=True, eq=False)
class Band:
    """A band around a distribution function; with the probability below, all of its answers hold together.

    Attributes
    ----------
    values : ndarray, shape (N,)
        The sample, sorted.
    half_width : float
        How far the true distribution function may be from that of the sample, anywhere.
    error : float
        The probability that any answer of this band misses is at most this.
    rounding : float
        How far each of the values may be off.

    Examples
    --------
    >>> band = dkw_band(range(1, 101), error=0.05)
    >>> at_50 = band.cdf(50)
    >>> at_50.value, round(at_50.lo, 4), round(at_50.hi, 4)
    (0.5, 0.3642, 0.6358)
    >>> band.quantile(0.5)
    Estimate(50 in [37, 64], error 0.05, dkw, 100 samples)
    """

    values: Array
    half_width: float
    error: float
    rounding: float = 0.0

    def __repr__(self) -> str:
        return f"Band({counted(len(self.values), 'sample')}, half width {self.half_width:.5g}, error {self.error:g})"

    def cdf(self, t: float) -> Estimate:
        """Enclose F(t) = P(X <= t); t may be infinite.

        Raises
        ------
        InvalidArgument
            If t is nan or no number.
        """
        if math.isnan(as_real(t)):
            raise InvalidArgument("t", f"must be a number, got {t!r}", "use e.g. t=0.0")
        low, share, high = (
            int(np.searchsorted(self.values, float(t) + moved, side="right")) / len(self.values)
            for moved in (-self.rounding, 0.0, self.rounding)
        )
        lo, hi = max(0.0, low - self.half_width), min(1.0, high + self.half_width)
        return Estimate(value=share, lo=lo, hi=hi, error=self.error, method="dkw", samples=len(self.values))

    def quantile(self, p: float) -> Estimate:
        """Enclose every p-quantile, which is every q with F(q-) <= p <= F(q).

        The ends are infinite where p is within the half-width of 0 or 1. At one p alone,
        :func:`~montecarlo.intervals.order_statistic_interval` is shorter.

        Raises
        ------
        InvalidArgument
            If p lies outside (0, 1).

        Notes
        -----
        While the band holds, the share of values <= q is at least F(q) - eps >= p - eps, and the share of those < q is
        at most F(q-) + eps <= p + eps. So q is at least the order statistic of rank ceil(N (p - eps)) and at most the
        one of rank floor(N (p + eps)) + 1.
        """
        p, n = as_probability("p", p), len(self.values)
        r, s = math.ceil(n * (p - self.half_width)), math.floor(n * (p + self.half_width)) + 1
        middle = min(max(math.ceil(n * p), 1), n)
        lo = float(self.values[r - 1]) if r >= 1 else -math.inf
        hi = float(self.values[s - 1]) if s <= n else math.inf
        value = float(self.values[middle - 1])
        found = Estimate(value=value, lo=lo, hi=hi, error=self.error, method="dkw", samples=n)
        return found.widened(self.rounding)


def dkw_band(values: ArrayLike, error: float, *, rounding: float = 0.0) -> Band:
    r"""Enclose a distribution function everywhere at once, and with it all quantiles.

    Parameters
    ----------
    values : array_like, shape (N,)
        An i.i.d. sample of any law, atoms included; infinities are allowed.
    error : float
        Probability that the band may miss anywhere.
    rounding : float
        How far each of the values may be off: a law with atoms has values that are equal but for it.

    Returns
    -------
    Band

    Raises
    ------
    InvalidArgument
        If a value is nan or there is none, error lies outside (0, 1), or the rounding is negative.

    Notes
    -----
    For every law and :math:`\epsilon > 0`, :math:`P(\sup_t |F_N(t) - F(t)| > \epsilon) \le 2 e^{-2N\epsilon^2}`.
    Massart proves it for continuous laws. Any other X is distributed as :math:`F^{-1}(U)` with U uniform, and
    :math:`F^{-1}(U) \le t` says that :math:`U \le F(t)`: the difference at t is that of uniforms at F(t). The
    half-width makes the bound the error. Left limits are covered as limits.

    References
    ----------
    P. Massart, The tight constant in the Dvoretzky-Kiefer-Wolfowitz inequality, Ann. Probab. 18(3), 1990, Corollary 1.

    Examples
    --------
    >>> atom = dkw_band([float("-inf"), 0.0, 1.0] * 100, error=0.01).cdf(float("-inf"))
    >>> round(atom.value, 4), round(atom.half_width, 4)
    (0.3333, 0.094)
    """
    x = np.sort(as_sample("values", values, finite=False))
    error = as_probability("error", error)
    rounding = as_between("rounding", rounding, 0, closed=True, example=1e-12)
    return Band(x, _half_width(len(x), math.log(2) - math.log(error)), error, rounding)


def two_sample_distance(first: ArrayLike, second: ArrayLike, error: float, *, rounding: float = 0.0) -> Estimate:
    r"""Enclose the Kolmogorov distance :math:`\sup_t |F(t) - G(t)|` between the laws of two samples.

    Parameters
    ----------
    first : array_like, shape (N,)
        An i.i.d. sample of F, any law; infinities are allowed.
    second : array_like, shape (M,)
        An i.i.d. sample of G. The two samples may depend on each other.
    error : float
        Probability that the interval may miss, both sides together.
    rounding : float
        How far each of the values may be off. Values that differ by no more than twice that may be in either order.

    Returns
    -------
    Estimate
        The distance between the samples; the interval is cut to [0, 1]. `samples` is N + M.

    Raises
    ------
    InvalidArgument
        If a value is nan or a sample is empty, error lies outside (0, 1), or the rounding is negative.

    Notes
    -----
    By the triangle inequality the distance between the samples is off by at most
    :math:`\sup|F_N - F| + \sup|G_M - G|`. Each is beyond the half-width of its band at error/2 with probability at most
    error/2. Both empirical functions are constant between values, so the supremum is a maximum over the values,
    found in integers.

    Let the values be off by at most r, so that :math:`F_N(t - r)` of the values measured is at most that of the true
    ones at t, and so on. Then :math:`F_N(t - 2r) - G_M(t)`, and the same with F and G exchanged, are at most the
    distance of the true samples, whose differences are at most :math:`F_N(t + 2r) - G_M(t)`, or that exchanged. The
    value is the least distance that rounding leaves possible.

    References
    ----------
    P. Massart, Ann. Probab. 18(3), 1990, Corollary 1.

    Examples
    --------
    >>> e = two_sample_distance(range(200), range(100, 300), error=0.01)
    >>> e.value, round(e.half_width, 4)
    (0.5, 0.2448)
    """
    x = np.sort(as_sample("first", first, finite=False))
    y = np.sort(as_sample("second", second, finite=False))
    error = as_probability("error", error)
    reach = 2 * as_between("rounding", rounding, 0, closed=True, example=1e-12)
    n, m = len(x), len(y)
    ell = math.log(4) - math.log(error)  # half the error for each band
    width = _half_width(n, ell) + _half_width(m, ell)
    low, high = max(0.0, _excess(x, y, -reach), _excess(y, x, -reach)), max(_excess(x, y, reach), _excess(y, x, reach))
    lo, hi = max(0.0, low - width), min(1.0, high + width)
    return Estimate(value=low, lo=lo, hi=hi, error=error, method="dkw, two samples", samples=n + m)


def _excess(x: Array, y: Array, reach: float) -> float:
    """Return the largest F(t + reach) - G(t) of two sorted samples, which is met where F has just risen."""
    below_x, below_y = np.searchsorted(x, x, side="right"), np.searchsorted(y, x - reach, side="right")
    return int(np.max(below_x * len(y) - below_y * len(x))) / (len(x) * len(y))


def _half_width(samples: int, ell: float) -> float:
    # a billionth more than Massart's, as ranks are rounded
    return math.sqrt(ell / (2 * samples)) * (1 + 1e-9)
