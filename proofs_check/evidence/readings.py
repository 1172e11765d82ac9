"""What is read off sampled logarithms: an interval for a mean, a quantile or a probability, at finite sample size."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from montecarlo import Estimate
from montecarlo.arguments import as_between
from montecarlo.intervals import (
    catoni_interval,
    clopper_pearson_interval,
    empirical_bernstein_interval,
    order_statistic_interval,
)
from theory.ensembles import Ensemble, InvalidArgument

FloatArray = NDArray[np.floating[Any]]
Exactly = Callable[[Ensemble], Any]


class Reading(Protocol):
    """What is read off the sampled logarithms: an interval for one number."""

    @property
    def relative(self) -> bool | None:
        """Whether the tolerance is relative to the claim; None where the interval is not that of what is claimed."""
        ...

    def estimate(self, logs: FloatArray, net: Ensemble, error: float) -> Estimate:
        """Return the interval that misses the number with probability at most `error`.

        Parameters
        ----------
        logs : ndarray
            The sampled logarithms, shape (networks,); dead networks are at -infinity.
        net : Ensemble
            The ensemble that was sampled.
        error : float
            The probability that the interval may miss.
        """
        ...


@dataclass(frozen=True)
class NoReading:
    """Takes the place of a reading where a check needs more than the logarithms of one component.

    Parameters
    ----------
    needs : str
        What is needed instead, for the error.
    relative : bool, optional
        As for :class:`Reading`.

    Examples
    --------
    >>> NoReading("a slope needs two components").relative
    False
    """

    needs: str
    relative: bool | None = False

    def estimate(self, logs: FloatArray, net: Ensemble, error: float) -> Estimate:
        """Refuse.

        Parameters
        ----------
        logs, net, error
            As for :class:`Reading`.

        Raises
        ------
        InvalidArgument
            Always.
        """
        raise InvalidArgument("reading", self.needs, "leave the reading to the evidence")


@dataclass(frozen=True)
class Mean:
    """The mean of exp(power * log), by Catoni's estimator with a bound on the variance.

    Parameters
    ----------
    power : Fraction or float
        1 takes the mean of the squared norms themselves, 2 that of their squares.
    variance : callable or number
        A bound on the variance, or a function that returns it, given the ensemble. The sample tests it: a bound that
        is too small is refused.
    """

    power: float
    variance: Exactly | float
    relative = True

    def estimate(self, logs: FloatArray, net: Ensemble, error: float) -> Estimate:
        """Return Catoni's interval.

        Parameters
        ----------
        logs, net, error
            As for :meth:`Reading.estimate`.
        """
        return _catoni(np.exp(self.power * logs), self.variance, net, error)


@dataclass(frozen=True)
class LogMean:
    """The mean of scale * log, given that it is finite, by Catoni's estimator.

    Parameters
    ----------
    variance : callable or number
        A bound on the variance of scale * log, as for :class:`Mean`.
    scale : float
        1/2 gives the logarithm of a norm, as what is measured are logarithms of squared norms.
    """

    variance: Exactly | float
    scale: float = 1.0
    relative = False

    def estimate(self, logs: FloatArray, net: Ensemble, error: float) -> Estimate:
        """Return Catoni's interval over the networks that survived.

        Parameters
        ----------
        logs, net, error
            As for :meth:`Reading.estimate`.
        """
        alive = logs[np.isfinite(logs)]
        return _catoni(self.scale * alive, self.variance, net, error)


_FOR_THE_VARIANCE = 0.01
"""The share of an interval's error that goes to testing the variance that it assumes."""


def _catoni(values: FloatArray, variance: Exactly | float, net: Ensemble, error: float) -> Estimate:
    """Return Catoni's interval, with what it assumes in its record."""
    bound = float(variance(net)) if callable(variance) else float(variance)
    if not len(values):  # no network survived: nothing is known
        return Estimate(math.nan, -math.inf, math.inf, error=error, method="no network survived", samples=0)
    as_between("variance", bound, 0, example=1.0)
    require_variance(values, bound, _FOR_THE_VARIANCE * error)
    estimate = catoni_interval(values, bound, (1 - _FOR_THE_VARIANCE) * error)
    method = f"Catoni, assuming a variance of at most {bound:.6g}, {_origin(variance)}"
    return replace(estimate, error=error, method=method)


def _origin(variance: Exactly | float) -> str:
    """Return who says what the variance is, in words."""
    function = getattr(variance, "func", variance)  # that of a partial
    if not callable(function):
        return "as given"
    name = str(getattr(function, "__qualname__", type(function).__name__)).rpartition(".<locals>.")[2]
    return f"as {name} of {getattr(function, '__module__', 'nowhere')} says"


def require_variance(values: FloatArray, bound: float, error: float) -> None:
    r"""Refuse a bound on the variance that a sample shows to be too small.

    Parameters
    ----------
    values : ndarray, shape (N,)
        The sample, in the order drawn.
    bound : float
        The bound, positive.
    error : float
        The probability that a true bound is refused.

    Raises
    ------
    InvalidArgument
        If the variance is larger than the bound, but for that probability.

    Notes
    -----
    Half the squared difference of two networks has the variance as its mean. Cut off at 16 times the bound, its mean
    can only be smaller, and has a lower confidence bound whatever the tails (the empirical Bernstein inequality).

    Examples
    --------
    >>> sample = np.random.default_rng(0).normal(size=2_000)
    >>> require_variance(sample, 1.0, 1e-6)
    >>> require_variance(sample, 0.01, 1e-6)  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    theory.ensembles.arguments.InvalidArgument: variance: is said to be at most 0.01, but ...
    """
    pairs = len(values) // 2
    if pairs < 2:
        return
    with np.errstate(over="ignore"):
        halves = np.square(values[:pairs] - values[pairs : 2 * pairs]) / 2
    most = 16 * bound
    least = empirical_bernstein_interval(np.minimum(halves, most), most, 2 * error).lo
    if least > bound:
        problem = f"is said to be at most {bound:.6g}, but that of the {len(values)} networks is at least {least:.6g}"
        raise InvalidArgument("variance", problem, "state a bound that holds, or use Quantile, which needs none")


@dataclass(frozen=True)
class Quantile:
    """A quantile of scale * log, dead networks included at -infinity, by exact order statistics.

    Where all networks are the same up to rounding, both ends of the interval would be the same too. So the interval is
    widened by as much as rounding may have moved the logarithms.

    Parameters
    ----------
    p : float
        The probability that lies below the quantile.
    scale : float
        As for :class:`LogMean`.
    """

    p: float = 0.5
    scale: float = 1.0
    relative = False

    def estimate(self, logs: FloatArray, net: Ensemble, error: float) -> Estimate:
        """Return the distribution-free interval.

        Parameters
        ----------
        logs, net, error
            As for :meth:`Reading.estimate`.
        """
        found = order_statistic_interval(self.scale * logs, self.p, error)
        return replace(found, lo=found.lo - _rounding(found.lo), hi=found.hi + _rounding(found.hi))


@dataclass(frozen=True)
class Share:
    """The probability of reaching a threshold, dead networks included, by Clopper and Pearson's exact interval.

    Networks at the threshold up to rounding are counted both ways.

    Parameters
    ----------
    threshold : Fraction or float
        What exp(log) must reach, positive.
    """

    threshold: Fraction | float
    relative = False

    def estimate(self, logs: FloatArray, net: Ensemble, error: float) -> Estimate:
        """Return the interval of Clopper and Pearson.

        Parameters
        ----------
        logs, net, error
            As for :meth:`Reading.estimate`.
        """
        as_between("threshold", float(self.threshold), 0, example=0.25)
        log = math.log(self.threshold)
        surely, may = int(np.sum(logs > log + _rounding(log))), int(np.sum(logs >= log - _rounding(log)))
        low, high = (clopper_pearson_interval(count, len(logs), error) for count in (surely, may))
        return replace(high, lo=low.lo)


def _rounding(log: float) -> float:
    """Return how far rounding may have moved a logarithm."""
    return 1e-11 * (1 + abs(log)) if math.isfinite(log) else 0.0
