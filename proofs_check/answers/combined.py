r"""Functions of several means: each has an interval of its own, at an equal part of the error, and all combine.

A covariance is the mean of :math:`(X - X')(Y - Y')/2` over independent pairs of networks, a variance that with Y = X.
Nothing is subtracted that was estimated, so one interval serves, and its variance is

.. math:: \tfrac12\left(E(X - EX)^2(Y - EY)^2 + \mathrm{Var}X\,\mathrm{Var}Y\right).
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from montecarlo import Estimate
from montecarlo.intervals import catoni_interval
from montecarlo.intervals.catoni import catoni_reach
from proofs_check.answers.query import Query
from proofs_check.answers.sampled import Sampled, sampled
from proofs_check.answers.sampling import Sampling
from proofs_check.assumptions import Assumption
from theory.ensembles import InvalidArgument

Ends = tuple[float, float]
"""Both ends of an interval."""

_BEYOND = 690
_SPARE = 1e-6
_LEAST_VARIANCE = 1e-24
"""What is the same for all networks counts as having this variance, in its unit, as an interval needs one."""


@dataclass(frozen=True)
class Part:
    """One of the means, in a unit in which it is about 1.

    Parameters
    ----------
    values : callable
        Returns the values of independent networks or pairs of them, and how far rounding may have moved each, given
        the logarithms that were measured, shape (networks, components), and how far these may be off.
    variance : float
        A bound on the variance of a value.
    exact : float or None
        The mean, where theory knows it.
    networks : int
        How many networks a value takes.
    """

    values: Callable[[Any, float], tuple[Any, Any]]
    variance: float
    exact: float | None = 1.0
    networks: int = 1

    def reach(self, networks: int, error: float) -> float:
        """Return the half-width of the interval."""
        return catoni_reach(networks // self.networks, max(self.variance, _LEAST_VARIANCE), error)

    def interval(self, logs: Any, margin: float, error: float) -> Estimate:
        """Return the interval; Catoni's estimate rises with each of the values, so rounding widens it."""
        values, off = self.values(logs, margin)
        variance = max(self.variance, _LEAST_VARIANCE)
        low, middle, high = (catoni_interval(values + moved, variance, error) for moved in (-off, 0.0, off))
        return Estimate(middle.value, low.lo, high.hi, error=error, method="catoni", samples=middle.samples)


@dataclass(frozen=True)
class Plan:
    """How means are combined.

    Parameters
    ----------
    parts : sequence of Part
        The means.
    combine : callable
        Returns the ends of the interval of the quantity, given those of the means.
    method : str
        What is done, in words.
    log_unit : float
        The logarithm of the quantity's unit.
    """

    parts: Sequence[Part]
    combine: Callable[..., Ends]
    method: str
    log_unit: float = 0.0

    def require_enough(self, networks: int, error: float) -> None:
        """Refuse a number of networks whose intervals are wider than the means themselves.

        Raises
        ------
        InvalidArgument
            If there are too few; the message says how many it takes.
        """
        share, ell = error / len(self.parts), math.log(2 * len(self.parts) / error)
        needed = max(part.networks * (2 * ell * (1 + part.variance) + 1) for part in self.parts)
        if all(part.reach(networks, share) <= 1 for part in self.parts):
            return
        size = f"{needed:.3g}" if math.isfinite(needed) else "10^300"
        problem = f"{networks} are too few: by the variance that theory knows it needs more than {size}"
        raise InvalidArgument("samples", problem, "sample a median, or less deep networks")

    def is_sharp(self, wanted: float, error: float) -> Callable[[int], bool]:
        """Return whether the interval of so many networks is sharp enough, wherever those of the means may lie."""
        share, exact = error / len(self.parts), [part.exact or 0.0 for part in self.parts]

        def enough(networks: int) -> bool:
            reaches = [part.reach(networks, share) for part in self.parts]
            if not all(reach <= 1 for reach in reaches):
                return False
            for signs in itertools.product((-1, 1), repeat=len(reaches)):
                ends = (
                    (mean + (sign - 1) * reach, mean + (sign + 1) * reach)
                    for mean, sign, reach in zip(exact, signs, reaches, strict=True)
                )
                lo, hi = self.combine(*ends)
                if not (hi - lo) / 2 <= wanted * (1 - _SPARE):
                    return False
            return True

        return enough


def planned(query: Query, plan: Plan, sampling: Sampling, exact: float | None) -> Sampling:
    """Return the settings with as many networks as the wanted precision takes, in the unit of the plan.

    Parameters
    ----------
    query : Query
        The question.
    plan : Plan
        The means.
    sampling : Sampling
        How many networks, or how sharp an interval.
    exact : float or None
        What is estimated, in its unit, where theory knows it.

    Raises
    ------
    InvalidArgument
        If it takes more than may be drawn, or a share of something is wanted whose size theory does not know.
    """
    within = sampling.within
    if within is not None and within.relative and not exact:
        size = "is 0" if exact == 0 else "has a size that theory does not know"
        problem = f"{query.left.plain} {size}, so no number of networks is known to reach {within} of it"
        raise InvalidArgument("within", problem, "use a number, e.g. within=0.01")
    if within is not None:
        wanted = within.in_units(exact or 0.0, plan.log_unit)
        sampling = sampling.planned(query.left.plain, plan.is_sharp(wanted, sampling.error))
    plan.require_enough(sampling.samples, sampling.error)
    return sampling


def combined(query: Query, plan: Plan, logs: Any, sampling: Sampling, *more: Assumption) -> Sampled:
    """Estimate a function of means from the logarithms of drawn networks.

    Parameters
    ----------
    query, plan, sampling
        As for :func:`planned`, which returns the settings.
    logs : ndarray
        What was measured, shape (networks, components).
    *more : Assumption
        The assumptions of this estimate that not every one needs.

    Raises
    ------
    InvalidArgument
        If fewer networks survive than an interval needs.
    """
    share = sampling.error / len(plan.parts)
    margin = sampling.rounding(query.net).of(logs, plan.log_unit)
    found = [part.interval(logs, margin, share) for part in plan.parts]
    lo, hi = plan.combine(*((one.lo, one.hi) for one in found))
    value, _ = plan.combine(*((one.value, one.value) for one in found))
    variances = ", ".join(f"{part.variance:.6g}" for part in plan.parts)
    method = f"catoni, {plan.method}; variance {variances} from theory"
    beyond = abs(plan.log_unit) > _BEYOND
    if beyond and lo <= 0:
        problem = f"is about exp({plan.log_unit:.4g}), which no float holds, and may be 0 or negative"
        raise InvalidArgument("quantity", problem, "ask for a correlation, or change the variance of the weights")
    if beyond:
        value, lo, hi = (plan.log_unit + math.log(x) for x in (value, lo, hi))
    else:
        value, lo, hi = (x * math.exp(plan.log_unit) for x in (value, lo, hi))
    estimate = Estimate(value, lo, hi, error=sampling.error, method=method, samples=len(logs))
    return sampled(query, estimate, logs[:, 0], sampling, *more, log_scale=beyond)


def of_pairs(first: int, second: int, log_units: tuple[float, float]) -> Callable[[Any, float], tuple[Any, Any]]:
    r"""Return what reads :math:`(X - X')(Y - Y')/2` off the logarithms of X and Y, networks taken two by two.

    Parameters
    ----------
    first, second : int
        The columns of X and of Y.
    log_units : tuple of float
        The logarithms of their units.

    Examples
    --------
    >>> values, off = of_pairs(0, 0, (0.0, 0.0))(np.log([[1.0], [3.0], [2.0], [2.0]]), 0.0)
    >>> values.round(12), float(off.max())
    (array([2., 0.]), 0.0)
    """

    def read(logs: Any, margin: float) -> tuple[Any, Any]:
        gaps, offs = [], []
        for column, unit in zip((first, second), log_units, strict=True):
            x = np.exp(logs[: len(logs) // 2 * 2, column] - unit)
            gaps.append(x[::2] - x[1::2])
            offs.append((x[::2] + x[1::2]) * math.expm1(margin))
        off = np.abs(gaps[0]) * offs[1] + np.abs(gaps[1]) * offs[0] + offs[0] * offs[1]
        return gaps[0] * gaps[1] / 2, off / 2

    return read


def of_power(column: int, half_order: int, log_unit: float) -> Callable[[Any, float], tuple[Any, Any]]:
    """Return what reads a power of X off its logarithm.

    Parameters
    ----------
    column : int
        The column of X.
    half_order : int
        The power.
    log_unit : float
        The logarithm of the unit of the result.
    """

    def read(logs: Any, margin: float) -> tuple[Any, Any]:
        values = np.exp(half_order * logs[:, column] - log_unit)
        return values, values * math.expm1(half_order * margin)

    return read
