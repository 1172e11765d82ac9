"""Simulated: two numbers measured on the same networks have the same law."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from montecarlo import Simulation
from montecarlo.intervals import two_sample_distance
from proofs_check.evidence.equal_in_law import DISTANCE, distance_finding
from proofs_check.evidence.readings import Reading
from proofs_check.evidence.simulated import Simulated, claimed_float
from proofs_check.verdict import Finding
from theory.ensembles import InvalidArgument


@dataclass(frozen=True)
class SameLaw(Simulated):
    """The Kolmogorov distance between the laws of two components, claimed to be 0.

    The claim returns the factor by which the first component is said to be larger in law than the second: 1 where both
    have the same law. Both are read off the same networks, on which they may depend on each other in any way.

    Parameters
    ----------
    check, net, observable, component, tolerance, samples, full_samples, arguments, engine
        As for :class:`Simulated`; the tolerance is that of the distance. It should be at least twice the half-width of
        the distance's interval, as two equal laws may be measured that far apart.
    other : str
        The second component of the observable.

    Raises
    ------
    InvalidArgument
        If the second component is missing or is the first one, or the claimed factor is not positive.
    """

    reading: Reading = field(default=DISTANCE, init=False)
    tolerance: float = 0.1
    samples: int = 20_000
    other: str = ""

    def __post_init__(self) -> None:
        if self.other in ("", self.component):
            raise InvalidArgument("other", f"must name a second component, got {self.other!r}", "name the other one")

    def require(self) -> None:
        """Refuse what :meth:`Simulated.require` refuses, and a second component that is not there."""
        super().require()
        self.require_component("other", self.other)

    def examine(self, claim: Callable[..., Any], simulation: Simulation, error: float) -> Finding:
        """Compare the two empirical laws, the second moved by the claimed factor.

        Parameters
        ----------
        claim, simulation, error
            As for :meth:`Simulated.examine`; the claim returns the factor.
        """
        factor = claimed_float(claim(self.net, **self.arguments))
        if not factor > 0:
            raise InvalidArgument("claim", f"must be a positive factor, got {factor}", "return 1 for the same law")
        readings = simulation[self.observable]
        own, moved = readings.log_values(self.component), readings.log_values(self.other) + math.log(factor)
        estimate = two_sample_distance(own, moved, error, rounding=readings.rounding.of(own, moved))
        method = f"Kolmogorov distance of {self.component} from {factor:g} times {self.other}: {estimate.method}"
        return distance_finding(self, replace(estimate, method=method, samples=simulation.samples), simulation.seed)
