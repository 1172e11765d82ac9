"""Simulated: which of two numbers of the same network is smaller, counted over networks; the sign test."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any

import numpy as np

from montecarlo import Estimate, Simulation
from montecarlo.intervals import clopper_pearson_interval
from montecarlo.runs.simulation import Readings
from montecarlo.wording import counted
from proofs_check.evidence.readings import NoReading, Reading
from proofs_check.evidence.simulated import Read, Simulated, claimed_float
from proofs_check.verdict import Between, Finding
from theory.ensembles import InvalidArgument
from theory.ensembles.arguments import exact_fraction

LEAST_PAIRS = 24
"""With fewer pairs even a win in each of them hardly tells a probability from 1/2 at the errors of a run."""
_TIE = 1e-9
"""Logarithms closer than this, relative to 1 + their size, are counted both ways."""

_CHANCE = NoReading("a comparison needs two components")


@dataclass(frozen=True)
class Wins(Simulated):
    r"""The probability that one number of a network is below a multiple of another of the same network, by pairs.

    The claim returns the probability, usually ``Between(1/2, 1)``: more often than not, so that the median of the
    ratio is below the factor. Networks are independent, and the two numbers of each may depend on each other in any
    way, as those of two trainings from the same start with the same batches do. The interval is Clopper and Pearson's;
    pairs that are tied up to rounding are counted both ways.

    Parameters
    ----------
    check, net, observable, component, tolerance, samples, full_samples, arguments, engine
        As for :class:`Simulated`; the tolerance is absolute, and 0 beside a range. A network is a pair, and there are
        at least 24 of them.
    other : str
        The component with which the first is compared.
    factor : Fraction, int or str
        A win is a network whose first number is below so many times the other, positive.

    Raises
    ------
    InvalidArgument
        If the second component is missing or is the first one, or the factor is no positive number; from
        :meth:`require` if there are too few pairs; from :meth:`compare` if no probability is claimed, or any.

    Notes
    -----
    With 32 wins of 32 the probability is above 0.635 at the error 1e-6, and above 0.51 at 1e-9, the share of one check
    in a run of a thousand; with 24 of 24 it is above 0.54 and 0.41.

    References
    ----------
    C. J. Clopper and E. S. Pearson, Biometrika 26(4), 1934; the sign test: W. J. Dixon and A. M. Mood, JASA 41, 1946.

    Examples
    --------
    >>> from montecarlo import ActivationNorms, simulate
    >>> from theory.ensembles import Ensemble
    >>> net = Ensemble(width=8, depth=16, init="1/32")
    >>> shrinks = Wins("the last layer is smaller", net, ActivationNorms(), "a_16", other="a_1", samples=32)
    >>> drawn = simulate(net, [ActivationNorms()], samples=32)
    >>> found = shrinks.examine(lambda net: Between(Fraction(1, 2), 1), drawn, 1e-6)
    >>> found.verdict.value, found.estimate, round(found.interval[0], 3), found.method
    ('supported', 1.0, 0.635, 'clopper-pearson, 32 wins of 32 pairs')
    """

    reading: Reading = field(default=_CHANCE, init=False)
    tolerance: float = 0.0
    samples: int = 32
    other: str = ""
    factor: Fraction | int | str = Fraction(1)

    def __post_init__(self) -> None:
        if self.other in ("", self.component):
            raise InvalidArgument("other", f"must name a second component, got {self.other!r}", "name the other one")
        factor = exact_fraction("factor", self.factor)
        if factor <= 0:
            raise InvalidArgument("factor", f"must be positive, got {self.factor}", "use e.g. 1, or '3/4'")
        object.__setattr__(self, "factor", factor)

    def require(self) -> None:
        """Refuse what :meth:`Simulated.require` refuses, a second component that is not there, and too few pairs."""
        super().require()
        self.require_component("other", self.other)
        for name in ("samples", "full_samples"):
            pairs = getattr(self, name)
            if 0 < pairs < LEAST_PAIRS:
                problem = f"are {pairs} pairs, which hardly tell a probability from 1/2"
                raise InvalidArgument(name, problem, f"use 32, and {LEAST_PAIRS} at least")

    def read(self, simulation: Simulation, error: float) -> Read:
        """Count the wins, by which a claim and all of its mutants are then judged.

        Parameters
        ----------
        simulation, error
            As for :meth:`Simulated.examine`.
        """
        surely, maybe, pairs = self._count(simulation[self.observable])
        low, high = (clopper_pearson_interval(count, pairs, error) for count in (surely, maybe))
        ties = f", {counted(maybe - surely, 'tie')}" if maybe > surely else ""
        method = f"clopper-pearson, {counted(surely, 'win')} of {pairs} pairs{ties}"
        share = (surely + maybe) / (2 * pairs)
        estimate = replace(high, value=share, lo=low.lo, method=method)
        return Read(estimate, math.sqrt(share * (1 - share)), simulation.seed)

    def _count(self, readings: Readings) -> tuple[int, int, int]:
        """Return how many pairs are surely won, how many may be, and how many there are."""
        assert isinstance(self.factor, Fraction)
        own, other = readings.log_values(self.component), readings.log_values(self.other) + math.log(self.factor)
        with np.errstate(invalid="ignore"):
            apart = np.where(own == other, 0.0, other - own)  # two zeros are a tie
        sizes = [np.where(np.isfinite(each), np.abs(each), 0.0) for each in (own, other)]
        room = _TIE * (1 + np.maximum(*sizes))
        return int((apart > room).sum()), int((apart >= -room).sum()), len(own)

    def judge(self, claim: Callable[..., Any], estimate: Estimate, seed: int) -> Finding:
        """Judge the claim by an interval that is already there.

        Parameters
        ----------
        claim, estimate, seed
            As for :meth:`Simulated.judge`.

        Raises
        ------
        InvalidArgument
            If what is claimed is no probability, or every one.
        """
        value = claim(self.net, **self.arguments)
        lo, hi = (
            claimed_float(end) for end in ((value.lo, value.hi) if isinstance(value, Between) else (value, value))
        )
        if not (lo >= 0 and hi <= 1):
            problem = f"the claimed [{lo:g}, {hi:g}] is no range of probabilities"
            raise InvalidArgument("claim", problem, "claim e.g. Between(1/2, 1)")
        if (lo, hi) == (0, 1):
            raise InvalidArgument("claim", "the claimed range holds every probability", "claim e.g. Between(1/2, 1)")
        return super().judge(lambda net, **arguments: value, estimate, seed)
