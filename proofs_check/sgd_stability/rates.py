"""The largest stable learning rate on curvatures of one's own: in mean square and typically, and simulated paths."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import comb
from typing import Any

import numpy as np

from montecarlo.intervals.order_statistics import order_statistic_interval
from montecarlo.training.valleys import Valley, turning_rates
from proofs_check.toolkit.balls import ball
from theory.balls import Ball, precision
from theory.dynamics.sgd_stability.reshuffled import reshuffled_rate
from theory.dynamics.sgd_stability.typical import (
    read_curvatures,
    typical_bounds_with_momentum,
    typical_rate,
)
from theory.ensembles import InvalidArgument
from theory.ensembles.arguments import exact_fraction

_DIGITS = 20
_MOST_ENUMERATED = 3_000
"""Up to so many minibatches the typical rate is enclosed; beyond, it is bounded."""
_MOST_EXAMPLES = 20_000
_WORK = 10**8
"""So many numbers are drawn for one run at most."""
_STEPS = 400
_ERROR = 1e-6
_SIDES = (Fraction(9, 10), Fraction(11, 10))
_HALVINGS = 6
_SIZES = Fraction(1, 10**30), Fraction(10**30)


@dataclass(frozen=True)
class Paths:
    """Simulated paths at one learning rate.

    Parameters
    ----------
    rate : float
        The learning rate.
    steps, paths : int
        How many steps and paths.
    growth : float
        The median over paths of log|psi_T/psi_0|/T.
    lo, hi : float
        An interval of it, whose error probability is 1e-6.
    """

    rate: float
    steps: int
    paths: int
    growth: float
    lo: float
    hi: float

    @property
    def verdict(self) -> str:
        """Whether most paths fall or grow, if the interval tells."""
        return "fall" if self.hi < 0 else "grow" if self.lo > 0 else "undecided"


@dataclass(frozen=True)
class StableRates:
    """The learning rates up to which minibatches are stable.

    Parameters
    ----------
    curvatures : tuple of Fraction
        The curvatures of the examples.
    batch : int
        The number of examples in a minibatch.
    momentum : Fraction
        The momentum.
    reshuffled : bool
        Whether every example is used once in an epoch.
    descent : Fraction
        The largest stable rate of all examples together, 2(1 + mu)/lambda.
    mean_square : Fraction or flint.arb
        The largest rate at which the mean of psi^2 vanishes: exact, or enclosed for epochs.
    typical : flint.arb or None
        The rate up to which almost every path vanishes, enclosed; None where it is only bounded.
    bounds : (Fraction or flint.arb, Fraction or None)
        Proved bounds on that; the upper one is missing if a minibatch may have no positive curvature.
    runs : tuple of Paths
        Simulated paths, at rising rates.
    """

    curvatures: tuple[Fraction, ...]
    batch: int
    momentum: Fraction
    reshuffled: bool
    descent: Fraction
    mean_square: Fraction | Ball
    typical: Ball | None
    bounds: tuple[Fraction | Ball, Fraction | None]
    runs: tuple[Paths, ...]

    @property
    def mean(self) -> Fraction:
        """The mean curvature, lambda."""
        return sum(self.curvatures, Fraction(0)) / len(self.curvatures)

    @property
    def variance(self) -> Fraction:
        """The variance of curvatures over examples, s^2."""
        return sum(((x - self.mean) ** 2 for x in self.curvatures), Fraction(0)) / len(self.curvatures)

    def __repr__(self) -> str:
        kind = "reshuffled" if self.reshuffled else "fresh"
        return f"<StableRates: {len(self.curvatures)} examples, {kind} minibatches of {self.batch}>"

    def __str__(self) -> str:
        from proofs_check.sgd_stability.showing import as_text

        return as_text(self)


def stable_rates(
    curvatures: Iterable[Any],
    batch: int,
    momentum: Any = 0,
    *,
    reshuffled: bool = False,
    simulate: bool = True,
    seed: int = 0,
) -> StableRates:
    """Find the largest stable learning rates of heavy ball on minibatches, along one direction.

    Parameters
    ----------
    curvatures : sequence of numbers
        The curvature of each example, such as e^T H_i e for an eigenvector e of the Hessian; exact numbers, floats are
        the binary fractions that they are.
    batch : int
        The number of examples in a minibatch, drawn without replacement.
    momentum : number
        The momentum of heavy ball, from 0 to less than 1.
    reshuffled : bool
        Whether every example is used once in an epoch; else each minibatch is drawn afresh.
    simulate : bool
        Whether paths are followed, too.
    seed : int
        The seed of the paths.

    Returns
    -------
    StableRates

    Raises
    ------
    InvalidArgument
        If the mean curvature is not positive, a number is out of range, or there are too many orders of the examples.

    References
    ----------
    arXiv:2002.09572 has stability in mean square along the top eigenvector; the rates are derived here.

    Examples
    --------
    >>> found = stable_rates(["0.5", "1.5"], 1, simulate=False)
    >>> found.descent, found.mean_square, found.typical.str(8)
    (Fraction(2, 1), Fraction(8, 5), '[2.6666667 +/- 3.34e-8]')
    """
    read = read_curvatures(curvatures)
    _require(read, batch, momentum, seed)
    mu = exact_fraction("momentum", momentum)
    fresh, highest = typical_bounds_with_momentum(read, batch, mu)
    mean_square = reshuffled_rate(read, batch, mu, _DIGITS) if reshuffled and batch < len(read) else fresh
    typical = None
    if batch == len(read):
        with precision(_DIGITS):
            typical = ball(fresh)
    elif mu == 0 and comb(len(read), batch) <= _MOST_ENUMERATED:
        typical = typical_rate(read, batch, digits=_DIGITS)  # epochs have the same, as their minibatches are random
    mean = sum(read, Fraction(0)) / len(read)
    found = StableRates(
        read, batch, mu, reshuffled, 2 * (1 + mu) / mean, mean_square, typical, (mean_square, highest), ()
    )
    if not simulate:
        return found
    return StableRates(**{**vars(found), "runs": tuple(_followed(found, seed))})


def _require(read: Sequence[Fraction], batch: object, momentum: object, seed: object) -> None:
    if len(read) > _MOST_EXAMPLES:
        raise InvalidArgument("curvatures", f"are more than {_MOST_EXAMPLES:,}", "use fewer examples")
    for value in read:
        if value and not _SIZES[0] <= abs(value) <= _SIZES[1]:
            raise InvalidArgument("curvatures", "have one that is not from 1e-30 to 1e30 in size", "choose other units")
    if isinstance(batch, bool) or not isinstance(batch, int) or not 1 <= batch <= len(read):
        problem = f"must be a whole number from 1 to {len(read)}, the number of examples, got {batch!r}"
        raise InvalidArgument("batch", problem, f"use e.g. {max(1, len(read) // 2)}")
    mu = exact_fraction("momentum", momentum)
    if not 0 <= mu < 1:
        raise InvalidArgument("momentum", f"must be from 0 to less than 1, got {momentum}", "use e.g. 0.9")
    if isinstance(seed, bool) or not isinstance(seed, int) or seed < 0:
        raise InvalidArgument("seed", f"must be a whole number from 0 on, got {seed!r}", "use e.g. 0")


def _followed(found: StableRates, seed: int) -> list[Paths]:
    """Follow paths a tenth to either side of the typical rate; where that is only bounded, halve in on it."""
    if found.typical is not None:
        middle = float(found.typical)
        return [_run(found, float(side) * middle, seed) for side in _SIDES]
    low = float(found.mean_square)
    high = float(found.bounds[1]) if found.bounds[1] is not None else 4 * float(found.descent)
    runs = {rate: _run(found, rate, seed) for rate in (0.9 * low, high)}

    def sign(rate: float) -> int:
        runs[rate] = _run(found, rate, seed)
        return {"fall": -1, "grow": 1, "undecided": 0}[runs[rate].verdict]

    turning_rates(sign, low, high, _HALVINGS)
    return [runs[rate] for rate in sorted(runs)]


def _run(found: StableRates, rate: float, seed: int) -> Paths:
    count, batch = len(found.curvatures), found.batch
    epoch = count // batch if found.reshuffled else 1
    steps = -(-_STEPS // epoch) * epoch
    paths = max(50, min(400, _WORK // (steps * count)))
    values = [float(x) for x in found.curvatures]
    valley = Valley(values, batch, rate, float(found.momentum), reshuffled=found.reshuffled)
    grown = valley.paths(steps=steps, paths=paths, seed=seed) / steps
    median = order_statistic_interval(grown, 0.5, _ERROR)
    return Paths(rate, steps, paths, float(np.median(grown)), median.lo, median.hi)
