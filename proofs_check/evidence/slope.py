"""Simulated: the slope of one measured logarithm against another, over independent networks."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from montecarlo import Estimate, Simulation
from montecarlo.intervals.slopes import median_slope_interval
from proofs_check.evidence.readings import NoReading, Reading
from proofs_check.evidence.simulated import WIDEST, Simulated
from proofs_check.verdict import Finding
from theory.ensembles import InvalidArgument

_SLOPE = NoReading("a slope needs two components")


@dataclass(frozen=True)
class Slope(Simulated):
    """The median slope of a component against another, between two independent networks.

    Parameters
    ----------
    check, net, observable, component, tolerance, samples, full_samples, arguments
        As for :class:`Simulated`; the tolerance is absolute.
    other : str
        The component against which the slope is taken. It must be measured before training, not after it.
    least : float
        Networks whose second component has a smaller logarithm than this are left out.
    most : float
        A logarithm of the first component from here on means no more than "larger than all others".

    Raises
    ------
    InvalidArgument
        If the second component is missing or is the first one.
    """

    reading: Reading = field(default=_SLOPE, init=False)
    tolerance: float = 0.1
    samples: int = 1_000
    other: str = ""
    least: float = -math.inf
    most: float = math.inf

    def __post_init__(self) -> None:
        if self.other in ("", self.component):
            raise InvalidArgument("other", f"must name a second component, got {self.other!r}", "name the other one")

    def require(self) -> None:
        """Refuse what :meth:`Simulated.require` refuses, and a second component that is not there."""
        super().require()
        if self.tolerance > WIDEST:
            problem = f"is {self.tolerance:g} for a slope, which says nothing"
            raise InvalidArgument("tolerance", problem, f"use e.g. 0.1, and {WIDEST:g} at most")
        self.require_component("other", self.other)

    def examine(self, claim: Callable[..., Any], simulation: Simulation, error: float) -> Finding:
        """Read the interval off the networks that take part, and judge the claim by it.

        Parameters
        ----------
        claim, simulation, error
            As for :meth:`Simulated.examine`; the claim returns the slope.
        """
        readings = simulation[self.observable]
        x, y = readings.log_values(self.other), readings.log_values(self.component)
        taking_part = np.isfinite(x) & (x >= self.least) & ~np.isneginf(y)  # x is known before training
        x, y = x[taking_part], y[taking_part]
        if len(x) < 2:
            nothing = Estimate(
                math.nan, -math.inf, math.inf, error=error, method="fewer than two networks take part", samples=len(x)
            )
            return self.judge(claim, nothing, simulation.seed)
        estimate = median_slope_interval(x, np.where(y >= self.most, np.inf, y), error)
        return self.judge(claim, estimate, simulation.seed)
