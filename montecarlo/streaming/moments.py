"""Streaming moments and covariances of log values, merged by one left fold in block order."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce

import numpy as np
from numpy.typing import NDArray

from montecarlo.arrays import Array
from montecarlo.wording import counted

_VALUES = 2**17
"""The moments of so many values are taken at a time, as that needs several times their memory."""


@dataclass(frozen=True)
class Moments:
    """Moments of quantities X >= 0 known by their logs, for several components at once.

    Attributes
    ----------
    count : int
        Number of samples.
    alive : ndarray of int, shape (components,)
        How many samples have X > 0.
    log_mean : ndarray
        Mean of log X over the samples with X > 0, nan if there are none.
    squares : ndarray
        Sum of squared deviations of log X from that mean.
    log_sum, log_sum_of_squares : ndarray
        Logs of the sums of X and of X^2.

    References
    ----------
    T. F. Chan, G. H. Golub and R. J. LeVeque, The American Statistician 37(3), 1983: the pairwise update.

    Examples
    --------
    >>> m = Moments.of(np.log([[1.0], [3.0]])).merge(Moments.of(np.array([[-np.inf]])))
    >>> m.count, m.survival, m.mean.round(12), m.variance.round(12)
    (3, array([0.66666667]), array([1.33333333]), array([2.33333333]))
    """

    count: int
    alive: NDArray[np.int64]
    log_mean: Array
    squares: Array
    log_sum: Array
    log_sum_of_squares: Array

    def __repr__(self) -> str:
        return f"Moments({counted(self.count, 'sample')} of {counted(len(self.log_mean), 'component')})"

    @classmethod
    def of(cls, logs: Array) -> Moments:
        """Return the moments of samples, shape (samples, components)."""
        columns = max(1, _VALUES // len(logs))
        if columns < logs.shape[1]:
            groups = (cls.of(logs[:, first : first + columns]) for first in range(0, logs.shape[1], columns))
            parts = zip(
                *((g.alive, g.log_mean, g.squares, g.log_sum, g.log_sum_of_squares) for g in groups), strict=True
            )
            alive, mean, squares, log_sum, log_sum_of_squares = (np.concatenate(part) for part in parts)
            return cls(
                count=len(logs),
                alive=alive,
                log_mean=mean,
                squares=squares,
                log_sum=log_sum,
                log_sum_of_squares=log_sum_of_squares,
            )
        dead = np.isneginf(logs)
        alive = len(logs) - dead.sum(axis=0)
        some_dead = bool(dead.any())
        kept = np.where(dead, 0.0, logs) if some_dead else logs
        mean = np.divide(kept.sum(axis=0), alive, out=np.full(logs.shape[1], np.nan), where=alive > 0)
        deviations = kept - np.where(alive > 0, mean, 0.0)
        if some_dead:
            deviations[dead] = 0.0
        squares = np.einsum("mc,mc->c", deviations, deviations)
        top = logs.max(axis=0)
        scaled = np.exp(logs - np.where(alive > 0, top, 0.0))
        with np.errstate(divide="ignore"):  # the log of 0 where all networks are dead
            log_sum = top + np.log(scaled.sum(axis=0))
            log_sum_of_squares = 2 * top + np.log(np.einsum("mc,mc->c", scaled, scaled))
        return cls(
            count=len(logs),
            alive=alive,
            log_mean=mean,
            squares=squares,
            log_sum=log_sum,
            log_sum_of_squares=log_sum_of_squares,
        )

    def merge(self, other: Moments) -> Moments:
        """Return the moments of both samples together; `other` comes later."""
        alive = self.alive + other.alive
        both = (self.alive > 0) & (other.alive > 0)
        delta = np.subtract(other.log_mean, self.log_mean, out=np.zeros_like(self.log_mean), where=both)
        weight = np.divide(other.alive, alive, out=np.zeros_like(delta), where=alive > 0)
        mean = np.where(self.alive > 0, self.log_mean, other.log_mean) + delta * weight
        return Moments(
            count=self.count + other.count,
            alive=alive,
            log_mean=mean,
            squares=self.squares + other.squares + delta**2 * weight * self.alive,
            log_sum=np.logaddexp(self.log_sum, other.log_sum),
            log_sum_of_squares=np.logaddexp(self.log_sum_of_squares, other.log_sum_of_squares),
        )

    @classmethod
    def fold(cls, parts: Iterable[Moments]) -> Moments:
        """Merge in order, from the left: floating-point addition is not associative, so the order is fixed."""
        return reduce(cls.merge, parts)

    @property
    def survival(self) -> Array:
        """Share of samples with X > 0."""
        return np.asarray(self.alive / self.count)

    @property
    def log_variance(self) -> Array:
        """Sample variance of log X given X > 0; nan for fewer than two."""
        enough = self.alive > 1
        undefined = np.full(enough.shape, np.nan)
        return np.asarray(np.divide(self.squares, self.alive - 1, out=undefined, where=enough))

    @property
    def log_of_mean(self) -> Array:
        """Log of the sample mean of X: finite where the mean itself would overflow."""
        return np.asarray(self.log_sum - np.log(self.count))

    @property
    def mean(self) -> Array:
        """Sample mean of X; inf if it overflows."""
        with np.errstate(over="ignore", under="ignore"):
            return np.asarray(np.exp(self.log_of_mean))

    @property
    def relative_variance(self) -> Array:
        """Sample variance of X over the square of its mean; nan for a single sample, or if none is positive."""
        if self.count < 2:
            return np.full(self.alive.shape, np.nan)
        some = self.alive > 0
        gap = np.subtract(
            self.log_sum_of_squares - np.log(self.count), 2 * self.log_of_mean, out=np.zeros(some.shape), where=some
        )
        ratio = np.maximum(np.expm1(gap), 0) * (self.count / (self.count - 1))
        return np.where(some, ratio, np.nan)

    @property
    def variance(self) -> Array:
        """Sample variance of X; inf if it overflows."""
        with np.errstate(over="ignore", under="ignore", invalid="ignore"):
            return np.where(self.alive > 0, self.relative_variance * self.mean**2, 0.0)


@dataclass(frozen=True, eq=False)
class LogCovariance:
    """Means and products of deviations of log X over samples where all components are positive.

    Attributes
    ----------
    alive : int
        Number of such samples.
    means : ndarray, shape (components,)
        Means of the logs.
    products : ndarray, shape (components, components)
        Sums of products of deviations from the means.

    Examples
    --------
    >>> part = LogCovariance.of(np.array([[0.0, 1.0], [2.0, 5.0], [1.0, -np.inf]]))
    >>> part.alive, part.covariance
    (2, array([[2., 4.],
           [4., 8.]]))
    """

    alive: int
    means: Array
    products: Array

    def __repr__(self) -> str:
        return f"LogCovariance({counted(self.alive, 'sample')} of {counted(len(self.means), 'component')})"

    @classmethod
    def of(cls, logs: Array) -> LogCovariance:
        """Return the products of samples, shape (samples, components)."""
        kept = logs[np.isfinite(logs).all(axis=1)]
        means = kept.mean(axis=0) if len(kept) else np.zeros(logs.shape[1])
        deviations = kept - means
        # einsum, as the bits of BLAS depend on its threads
        return cls(len(kept), means, np.einsum("mi,mj->ij", deviations, deviations))

    def merge(self, other: LogCovariance) -> LogCovariance:
        """Return the products of both samples together; `other` comes later."""
        alive = self.alive + other.alive
        if alive == 0:
            return self
        delta = other.means - self.means
        weight = other.alive / alive
        products = self.products + other.products + np.outer(delta, delta) * (self.alive * weight)
        return LogCovariance(alive, self.means + delta * weight, products)

    @property
    def covariance(self) -> Array:
        """Sample covariance of the logs, shape (components, components); nan for fewer than two samples."""
        return np.asarray(self.products / (self.alive - 1 if self.alive > 1 else np.nan))

    @property
    def correlation(self) -> Array:
        """Sample correlation of the logs; nan where a component does not vary."""
        size = np.sqrt(np.diag(self.products))
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray(self.products / np.outer(size, size))
