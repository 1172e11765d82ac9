"""Simulated: an interval from real weight matrices, judged against the claim within a stated tolerance."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import sympy as sp

from montecarlo import Estimate, Simulation
from montecarlo.arguments import as_between, as_count
from montecarlo.engines.engine import Engine
from montecarlo.observables import Observable
from montecarlo.runs.choice_of_engine import find_engine
from proofs_check.evidence.readings import FloatArray, Quantile, Reading
from proofs_check.evidence.values import require_number
from proofs_check.scope import Scope
from proofs_check.verdict import Between, Finding, Tier, Verdict, decide
from theory.ensembles import Ensemble, InvalidArgument
from theory.ensembles.arguments import nearest


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


@dataclass(frozen=True)
class Read:
    """What a simulation says of the number, whatever is claimed of it.

    Parameters
    ----------
    estimate : Estimate
        The number, with its interval.
    spread : float
        The standard deviation of single networks, in the unit of the interval.
    seed : int
        The root seed of the simulation.
    """

    estimate: Estimate
    spread: float
    seed: int


WIDEST = 0.5
"""The largest tolerance of a mean, relative to it; of a slope; and of a distance between laws."""
_WIDTHS = 3
"""A logarithm's tolerance is at most so many standard deviations of single networks: beyond, one network would do."""
FAR = 100
"""A range whose ends are both so many standard deviations away says nothing."""
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
        for name in ("scale", "power"):
            number = getattr(self.reading, name, 1)
            if not math.isfinite(number) or number == 0:
                problem = f"is {number}, so that what is read says nothing of the networks"
                raise InvalidArgument(name, problem, "use e.g. 1, or 1/2 for the norm in place of its square")
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
        return self.compare(claim, self.read(simulation, error))

    def read(self, simulation: Simulation, error: float) -> Read:
        """Read the interval, by which a claim and all of its mutants are then judged.

        Parameters
        ----------
        simulation, error
            As for :meth:`examine`.
        """
        readings = simulation[self.observable]
        logs, scale = readings.log_values(self.component), abs(getattr(self.reading, "scale", 1.0))
        estimate = self.reading.estimate(logs, self.net, error)
        if self.reading.relative is False:
            estimate = estimate.widened(scale * readings.rounding.of(logs))
        return Read(estimate, scale * _deviation(logs), simulation.seed)

    def compare(self, claim: Callable[..., Any], read: Read) -> Finding:
        """Judge a claim by what was read.

        Parameters
        ----------
        claim : callable
            As for :meth:`examine`.
        read : Read
            What :meth:`read` returned.
        """
        found, spread = self.judge(claim, read.estimate, read.seed), read.spread
        too_wide = self.reading.relative is False and self.tolerance > max(_NARROW, _WIDTHS * spread)
        if found.verdict is Verdict.SUPPORTED and too_wide:
            detail = f"a tolerance of {self.tolerance:g} says nothing where single networks deviate by {spread:.3g}"
            return replace(found, verdict=Verdict.INCONCLUSIVE, detail=detail)
        if found.verdict is Verdict.SUPPORTED:
            self._require_near(found, spread)
        return found

    def _require_near(self, found: Finding, spread: float) -> None:
        """Refuse a claimed range both of whose ends are so far from what was measured that it says nothing."""
        assert found.claimed is not None
        if found.estimate is None or found.relative is None or found.claimed[0] == found.claimed[1]:
            return
        unit = abs(found.estimate) if found.relative else max(_NARROW, spread)
        ends = [end for end in found.claimed if not (found.relative and end <= 0)]  # a mean of norms is positive
        gap = min((abs(end - found.estimate) for end in ends), default=math.inf)
        if math.isfinite(found.estimate) and gap > FAR * unit:
            what = "itself" if found.relative else f"the deviation of single networks, {spread:.3g}"
            problem = f"the claimed range {found.exact} lies more than {FAR} times {what} around {found.estimate:.3g}"
            raise InvalidArgument("claim", f"{problem}, and says nothing", "claim a range with an end near to it")

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
