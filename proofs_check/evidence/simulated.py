"""Simulated: an interval from real weight matrices, judged against the claim within a stated tolerance."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from montecarlo import Estimate, Simulation
from montecarlo.engines.engine import Engine
from montecarlo.intervals import catoni_interval, order_statistic_interval
from montecarlo.observables import Observable
from proofs_check.verdict import Between, Finding, Tier, decide
from theory.ensembles import Ensemble, InvalidArgument

FloatArray = NDArray[np.floating[Any]]
Exactly = Callable[[Ensemble], Any]


@dataclass(frozen=True)
class Request:
    """A simulation that a check needs: so many networks of an ensemble, with an observable measured on each.

    All requests that agree in the ensemble, the number of networks and the engine are met by one simulation.

    Parameters
    ----------
    net, observable, samples, engine
        As for :class:`Simulated`.
    """

    net: Ensemble
    observable: Observable
    samples: int
    engine: str | Engine = "direct"


class Reading(Protocol):
    """What is read off the sampled logarithms: an interval for one number."""

    relative: bool

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
class Mean:
    """The mean of exp(power * log), by Catoni's estimator with the variance that theory derives.

    Parameters
    ----------
    power : Fraction or float
        1 takes the mean of the squared norms themselves, 2 that of their squares.
    variance : callable
        Returns a bound on the variance, given the ensemble.
    """

    power: float
    variance: Exactly
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
    variance : callable
        Returns a bound on the variance of scale * log, given the ensemble.
    scale : float
        1/2 gives the logarithm of a norm, as what is measured are logarithms of squared norms.
    """

    variance: Exactly
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


def _catoni(values: FloatArray, variance: Exactly, net: Ensemble, error: float) -> Estimate:
    """Return Catoni's interval, with what it assumes in its record."""
    bound = float(variance(net))
    if not len(values):  # no network survived: nothing is known
        return Estimate(math.nan, -math.inf, math.inf, error=error, method="no network survived", samples=0)
    estimate = catoni_interval(values, bound, error)
    return replace(estimate, method=f"Catoni, assuming a variance of at most {bound:.6g}, which theory derives")


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


def _rounding(log: float) -> float:
    """Return how far rounding may have moved a logarithm."""
    return 1e-11 * (1 + abs(log)) if math.isfinite(log) else 0.0


@dataclass(frozen=True)
class Simulated:
    """One number of one ensemble, measured and compared with the claim.

    Parameters
    ----------
    check : str
        What is measured, in words.
    net : Ensemble
        The ensemble, with numbers for all sizes.
    observable : Observable
        What is measured on each network.
    component : str
        Which component of the observable.
    reading : Reading
        Which number of the component's distribution.
    tolerance : float
        How far from the claim the whole interval may lie: relative for means, absolute for logarithms.
    samples : int
        The number of networks in the quick profile; 0 leaves the check to the full profile.
    full_samples : int, optional
        The number of networks in the full profile; by default four times as many.
    arguments : mapping
        Further arguments of the claim, such as the layer.
    engine : str or Engine
        What samples the networks, a hashable object; by default real weight matrices are drawn.
    """

    check: str
    net: Ensemble
    observable: Observable
    component: str
    reading: Reading
    tolerance: float
    samples: int
    full_samples: int = 0
    arguments: Mapping[str, Any] = field(default_factory=dict)
    engine: str | Engine = "direct"
    tier = Tier.SIMULATED

    @property
    def case(self) -> str:
        """The ensemble on one line, with the engine where it is not the direct one."""
        return self.net.describe() + ("" if self.sampler == "direct" else f" engine={self.sampler}")

    @property
    def sampler(self) -> str:
        """The engine's name."""
        return self.engine if isinstance(self.engine, str) else self.engine.name

    def request(self, profile: str) -> Request | None:
        """Return the simulation that the check needs in that profile, if it is part of it.

        Parameters
        ----------
        profile : str
            ``quick`` or ``full``.

        Returns
        -------
        Request or None
            None if the profile leaves the check out.
        """
        samples = self.samples if profile == "quick" else self.full_samples or 4 * self.samples
        return Request(self.net, self.observable, samples, self.engine) if samples else None

    def examine(self, claim: Callable[..., Any], simulation: Simulation, error: float) -> Finding:
        """Read the interval, and judge the claim by it.

        Parameters
        ----------
        claim : callable
            Returns a number or a range, given the ensemble and the further arguments.
        simulation : Simulation
            The simulation that :meth:`request` asked for.
        error : float
            The probability that the interval may miss.
        """
        logs = simulation[self.observable].log_values(self.component)
        estimate = self.reading.estimate(logs, self.net, error)
        return self.judge(claim, estimate, simulation.seed)

    def judge(self, claim: Callable[..., Any], estimate: Estimate, seed: int) -> Finding:
        """Judge the claim by an interval that is already there.

        Parameters
        ----------
        claim : callable
            As for :meth:`examine`.
        estimate : Estimate
            The number that was measured, with its interval.
        seed : int
            The root seed of the simulation.

        Raises
        ------
        InvalidArgument
            If the claimed range is empty.
        """
        value = claim(self.net, **self.arguments)
        claimed = (as_float(value.lo), as_float(value.hi)) if isinstance(value, Between) else (as_float(value),) * 2
        if claimed[0] > claimed[1]:
            raise InvalidArgument("claim", f"the claimed range {_text(value)} is empty", "put the lower end first")
        tolerance = self.tolerance * abs(claimed[0]) if self.reading.relative else self.tolerance
        return Finding(
            Tier.SIMULATED,
            self.check,
            decide(claimed, (estimate.lo, estimate.hi), tolerance),
            case=self.case,
            claimed=claimed,
            exact=_text(value),
            estimate=estimate.value,
            interval=(estimate.lo, estimate.hi),
            tolerance=tolerance,
            error=estimate.error,
            samples=estimate.samples,
            seed=seed,
            method=estimate.method,
        )


def as_float(value: Any) -> float:
    """Return an exact number as a float, by way of 30 digits.

    Raises
    ------
    InvalidArgument
        If the number is not real.

    Examples
    --------
    >>> as_float(sp.log(2))
    0.6931471805599453
    """
    if not isinstance(value, sp.Basic):
        return float(value)
    real, imaginary = sp.N(value, 30).as_real_imag()  # powers of complex eigenvalues sum to a real number
    if sp.nan in (real, imaginary):  # a mutant may divide by zero; that is no number to judge
        return math.nan
    if abs(imaginary) > abs(real) * sp.Float("1e-15"):
        raise InvalidArgument("claim", f"{value} is not real", "check its square roots")
    return float(real)


def _text(value: Any) -> str:
    if isinstance(value, Between):
        return f"[{_text(value.lo)}, {_text(value.hi)}]"
    text = str(value)
    # a sum over thirty numbers of active units is no closed form to read
    return text if len(text) <= 80 else f"{as_float(value):.10g}" if not math.isnan(as_float(value)) else text[:80]
