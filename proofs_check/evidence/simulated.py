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
from montecarlo.arguments import as_between, as_count
from montecarlo.engines.engine import Engine
from montecarlo.intervals import catoni_interval, empirical_bernstein_interval, order_statistic_interval
from montecarlo.observables import Observable
from montecarlo.runs.choice_of_engine import find_engine
from proofs_check.evidence.values import require_number
from proofs_check.scope import Scope
from proofs_check.verdict import Between, Finding, Tier, Verdict, decide
from theory.ensembles import Ensemble, InvalidArgument
from theory.ensembles.arguments import nearest

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


def _rounding(log: float) -> float:
    """Return how far rounding may have moved a logarithm."""
    return 1e-11 * (1 + abs(log)) if math.isfinite(log) else 0.0


WIDEST = 0.5
"""The largest tolerance of a mean, relative to it; of a slope; and of a distance between laws."""
_WIDTHS = 3
"""A logarithm's tolerance is at most so many standard deviations of single networks: beyond, one network would do."""
_NARROW = 0.1
"""A tolerance for logarithms up to this one is about a tenth, and narrow wherever networks hardly differ."""


def _deviation(logs: FloatArray) -> float:
    """Return the standard deviation of the logarithms of the networks that survived."""
    alive = logs[np.isfinite(logs)]
    return float(np.std(alive)) if len(alive) else 0.0


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
        How far from a claimed number the whole interval may lie: relative for means, absolute for logarithms. A range
        that is wider than this has room of its own, and takes none: then the whole interval must lie inside. More than
        half a mean is refused; a tolerance wider than three standard deviations of a logarithm supports nothing.
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
    def scope(self) -> Scope:
        """The ensemble, by its sizes."""
        return Scope.of_cases([self.case], noun="ensembles")

    def require(self) -> None:
        """Refuse arguments that no simulation can use, before anything is drawn.

        Raises
        ------
        InvalidArgument
            If the tolerance is no finite number of at least 0, or says nothing, a number of networks is none, the
            ensemble lacks numbers, the observable has no such component for it, or the reading or the engine is none.
        """
        as_between("tolerance", self.tolerance, 0, closed=True, example=0.05)
        if self.reading.relative is not False and self.tolerance > WIDEST:
            kind = "a distance between laws" if self.reading.relative is None else "relative for a mean"
            problem = f"is {kind}, of which {self.tolerance:g} says nothing"
            raise InvalidArgument("tolerance", problem, f"use e.g. 0.05, and {WIDEST:g} at most")
        as_count("samples", self.samples, least=0, example=10_000)
        as_count("full_samples", self.full_samples, least=0, example=40_000)
        if not self.samples and not self.full_samples:
            raise InvalidArgument("samples", "are 0 in both profiles", "use e.g. samples=10000")
        net: object = self.net
        if not isinstance(net, Ensemble):
            remedy = "use e.g. Ensemble(width=32, depth=64)"
            raise InvalidArgument("net", f"must be an Ensemble, got {net!r:.60}", remedy)
        self.net.require_numbers("a simulation")
        if not isinstance(self.observable, Observable) or isinstance(self.observable, type):
            remedy = "use e.g. ActivationNorms(), or write one as montecarlo.Observable says"
            raise InvalidArgument("observable", f"{self.observable!r:.60} is none", remedy)
        try:
            hash((self.net, self.observable, self.engine))
        except TypeError as unhashable:
            problem = f"and the engine must be hashable ({unhashable})"
            raise InvalidArgument("observable", problem, "write them as frozen dataclasses") from None
        find_engine(self.engine, self.net, self.observable.needs, "float64")
        if isinstance(self.reading, type) or not hasattr(self.reading, "estimate"):
            raise InvalidArgument("reading", f"{self.reading!r:.60} is none", "use Mean, LogMean or Quantile")
        if isinstance(self.reading, Quantile):
            as_between("p", self.reading.p, 0, 1, example=0.5)
        arguments: object = self.arguments
        if not isinstance(arguments, Mapping):
            raise InvalidArgument("arguments", f"{arguments!r:.60} is no mapping", "use e.g. {'layer': 3}")
        self.require_component("component", self.component)

    def require_component(self, argument: str, component: str) -> None:
        """Refuse a component that the observable does not have for this ensemble.

        Parameters
        ----------
        argument : str
            The name of the argument, for the error.
        component : str
            What it names.

        Raises
        ------
        InvalidArgument
            If there is none.
        """
        known = tuple(self.observable.components(self.net))
        if component not in known:
            problem = f"{self.observable.name} has no {component!r} for {self.net.describe()}"
            raise InvalidArgument(argument, problem, nearest(str(component), known))

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
        readings = simulation[self.observable]
        logs, scale = readings.log_values(self.component), abs(getattr(self.reading, "scale", 1.0))
        estimate = self.reading.estimate(logs, self.net, error)
        if self.reading.relative is False:
            estimate = estimate.widened(scale * readings.rounding.of(logs))
        found = self.judge(claim, estimate, simulation.seed)
        spread = scale * _deviation(logs)
        too_wide = self.reading.relative is False and self.tolerance > max(_NARROW, _WIDTHS * spread)
        if found.verdict is Verdict.SUPPORTED and too_wide:
            detail = f"a tolerance of {self.tolerance:g} says nothing where single networks deviate by {spread:.3g}"
            return replace(found, verdict=Verdict.INCONCLUSIVE, detail=detail)
        return found

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
            If what is claimed is no real number, or an empty range.
        """
        value = claim(self.net, **self.arguments)
        ends = (value.lo, value.hi) if isinstance(value, Between) else (value, value)
        claimed = (claimed_float(ends[0]), claimed_float(ends[1]))
        if isinstance(value, Between):
            self._require_range(value, claimed)
        tolerance = self.tolerance * (min(map(abs, claimed)) if self.reading.relative else 1)
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
            relative=getattr(self.reading, "relative", None),
            error=estimate.error,
            samples=estimate.samples,
            seed=seed,
            method=estimate.method,
            scope=self.scope,
        )

    def _require_range(self, value: Between, claimed: tuple[float, float]) -> None:
        """Refuse a claimed range that says nothing: empty, the whole line, or widened by a tolerance."""
        if claimed[0] > claimed[1]:
            raise InvalidArgument("claim", f"the claimed range {_text(value)} is empty", "put the lower end first")
        if claimed == (-math.inf, math.inf):
            raise InvalidArgument("claim", "the claimed range holds every number", "give it an end")
        room = self.tolerance * (min(map(abs, claimed)) if self.reading.relative else 1)
        if self.tolerance and room * (1 + 1e-9) < claimed[1] - claimed[0]:
            problem = f"is {self.tolerance:g}, but the claimed range is wider and needs none: {_text(value)}"
            raise InvalidArgument("tolerance", problem, "set it to 0, and claim the range that you mean")


def claimed_float(value: Any) -> float:
    """Return a claimed number as a float.

    Raises
    ------
    InvalidArgument
        If it is no real number: nan, text, None, an expression with symbols, complex.

    Examples
    --------
    >>> claimed_float(sp.log(2))
    0.6931471805599453
    """
    require_number(value)
    number = as_float(value)
    if math.isnan(number):  # a pole of the complex plane
        raise InvalidArgument("claim", f"the claim returned {value}, which is no number", "let it return a number")
    return number


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
