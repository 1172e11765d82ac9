"""Simulated: networks drawn by another sampler have the law of networks drawn from real weight matrices."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from montecarlo import Estimate, Simulation, simulate
from montecarlo.intervals import two_sample_distance
from proofs_check.evidence.readings import NoReading, Reading
from proofs_check.evidence.simulated import Simulated
from proofs_check.verdict import Finding, Tier, decide
from theory.ensembles import InvalidArgument

DISTANCE = NoReading("a distance needs two samples", relative=None)
"""A distance between laws is no distance from the claim."""


@dataclass(frozen=True)
class EqualInLaw(Simulated):
    """The Kolmogorov distance between a component's laws under two samplers, claimed to be 0.

    The claim returns the engine (:mod:`montecarlo.engines.engine`) whose networks are said to have the law of real
    weight matrices. Both samples are of the same size; their interval is distribution-free.

    Parameters
    ----------
    check, net, observable, component, tolerance, samples, full_samples, arguments, engine
        As for :class:`Simulated`; the tolerance is that of the distance.
    """

    reading: Reading = field(default=DISTANCE, init=False)
    tolerance: float = 0.05
    samples: int = 100_000

    def examine(self, claim: Callable[..., Any], simulation: Simulation, error: float) -> Finding:
        """Draw as many networks by the claimed engine, and compare the two empirical laws.

        Parameters
        ----------
        claim : callable
            Returns an engine, given the ensemble.
        simulation : Simulation
            The networks drawn from real weight matrices.
        error : float
            The probability that the interval may miss the distance.
        """
        engine = claim(self.net, **self.arguments)
        if isinstance(engine, (str, type)) or not hasattr(engine, "opened"):
            remedy = "let it return an engine, such as montecarlo.engines.law_exact.LawExact()"
            raise InvalidArgument("claim", f"the claim returned {engine!r:.60}, which is no engine", remedy)
        other = simulate(self.net, [self.observable], samples=simulation.samples, seed=simulation.seed, engine=engine)
        readings = [both[self.observable] for both in (simulation, other)]
        direct, claimed = (one.log_values(self.component) for one in readings)
        rounding = max(one.rounding.of(direct, claimed) for one in readings)
        estimate = two_sample_distance(direct, claimed, error, rounding=rounding)
        method = f"Kolmogorov distance of {engine.name} from {self.sampler}: {estimate.method}"
        return distance_finding(self, replace(estimate, method=method), simulation.seed)


def distance_finding(check: Simulated, estimate: Estimate, seed: int) -> Finding:
    """Judge a distance that is claimed to be 0.

    Parameters
    ----------
    check : Simulated
        The check that was made.
    estimate : Estimate
        The distance, with its interval.
    seed : int
        The root seed of the simulation.
    """
    return Finding(
        Tier.SIMULATED,
        check.check,
        decide((0.0, 0.0), (estimate.lo, estimate.hi), check.tolerance),
        case=check.case,
        claimed=(0.0, 0.0),
        exact="0",
        estimate=estimate.value,
        interval=(estimate.lo, estimate.hi),
        tolerance=check.tolerance,
        relative=None,
        error=estimate.error,
        samples=estimate.samples,
        seed=seed,
        method=estimate.method,
        scope=check.scope,
    )
