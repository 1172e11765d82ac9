"""Statistics that theory does not know, measured on networks that are drawn; and what intervals say of a claim."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import flint
import numpy as np
import sympy as sp

from montecarlo import (
    ActivationNorms,
    Estimate,
    GradientNorms,
    HessianExtremes,
    HessianNorms,
    Observable,
    Readings,
    Workers,
    simulate,
)
from montecarlo.intervals import catoni_interval, empirical_bernstein_interval, order_statistic_interval
from montecarlo.rounding import Rounding
from montecarlo.runs.block_store import BlockStore
from montecarlo.ties import Count, count_reaching, square_unit
from proofs_check.answers.notation import power_text
from proofs_check.answers.sampled_means import BOUNDED
from proofs_check.claims.derivations import derive_statistic
from proofs_check.claims.domain import Point
from proofs_check.claims.random_numbers import (
    Activation,
    Exceedance,
    Gradient,
    HessianBlock,
    InnerProduct,
    LargestEigenvalue,
    LeastEigenvalue,
    Moment,
    Quantile,
    RandomNumber,
    SecondActivation,
    Statistic,
    WholeHessian,
)
from proofs_check.claims.relations import holds
from proofs_check.claims.sides import Sides
from proofs_check.claims.tolerances import is_within
from proofs_check.verdict import Verdict
from theory.balls import Ball, enclose, less
from theory.ensembles import Ensemble, InvalidArgument

SAMPLES = 20_000
ERROR = 1e-6
TOLERANCE = 0.05


@dataclass(frozen=True)
class Drawing:
    """How much is drawn, and how near an equation must be.

    Parameters
    ----------
    samples : int
        Networks at each size.
    seed : int
        The root seed.
    error : float
        The probability that any of the intervals misses.
    tolerance : float
        By how much a statistic of an equation may be off (:mod:`proofs_check.claims.tolerances`).
    jobs : int
        The number of threads.
    workers : Workers, optional
        What draws in place of threads.
    store : BlockStore, optional
        What keeps the finished blocks.
    """

    samples: int = SAMPLES
    seed: int = 0
    error: float = ERROR
    tolerance: float = TOLERANCE
    jobs: int = 1
    workers: Workers | None = None
    store: BlockStore | None = None
    _drawn: dict[tuple[Ensemble, Observable], Readings] = field(default_factory=dict, compare=False, repr=False)

    def readings(self, net: Ensemble, observable: Observable) -> Readings:
        """Return what an observable reads on the networks, which are drawn once.

        Parameters
        ----------
        net : Ensemble
            The networks.
        observable : Observable
            What is measured.
        """
        key = (net, observable)
        if key not in self._drawn:
            run = simulate(
                net, [observable], samples=self.samples, seed=self.seed, jobs=self.jobs, executor=self.workers,
                store=self.store,
            )  # fmt: skip
            self._drawn[key] = run[observable]
        return self._drawn[key]


def as_ball(estimate: Estimate, *, rounded: bool = True) -> Ball:
    """Return an interval as a ball: minus infinity for networks that are dead, the whole line where nothing is known.

    Parameters
    ----------
    estimate : Estimate
        The interval.
    rounded : bool
        Whether what was measured is rounded; what was counted is not.

    Examples
    --------
    >>> as_ball(Estimate(1.0, 0.0, 2.0, error=0.01, method="", samples=9)).contains(flint.arb(2))
    True
    """
    lo, hi = estimate.lo, estimate.hi
    if lo == hi == -math.inf:
        return flint.arb("-inf")
    if not math.isfinite(lo + hi):
        return flint.arb(0, math.inf)
    if not rounded:
        return flint.arb(lo).union(flint.arb(hi))
    return flint.arb((lo + hi) / 2, (hi - lo) / 2 * (1 + 1e-12) + _ROUNDING * (1 + abs(lo) + abs(hi)))


_ROUNDING = 1e-11


def measured_statistic(sides: Sides, letter: sp.Symbol, point: Point, drawing: Drawing, error: float) -> Estimate:
    """Measure one statistic of a claim at given sizes, by an interval that is valid.

    Parameters
    ----------
    sides : Sides
        The claim.
    letter : Symbol
        What stands for the statistic in its sides.
    point : mapping
        Numbers for all letters.
    drawing : Drawing
        How much is drawn.
    error : float
        The probability that the interval may miss.

    Raises
    ------
    InvalidArgument
        If nothing measures it, or no interval for it is valid.
    """
    return measure(sides.meaning.statistics[letter].at(point), sides.network(point), drawing, error)


def measure(statistic: Statistic, net: Ensemble, drawing: Drawing, error: float) -> Estimate:
    """Measure a statistic of networks, by an interval that is valid.

    Parameters
    ----------
    statistic : Statistic
        The statistic, without letters.
    net : Ensemble
        The networks, of given sizes.
    drawing, error
        As for :func:`measured_statistic`.

    Raises
    ------
    InvalidArgument
        As there.
    """
    if isinstance(statistic, Moment) and len(statistic.powers) > 1:
        return _product_mean(statistic, net, drawing, error)
    number, logs, rounding = _drawn(statistic, net, drawing)
    if isinstance(statistic, Exceedance):
        return _count(statistic, logs, rounding, net).interval(error)
    values = -np.exp(logs / 2) if number.signed else logs  # the least eigenvalue, which is at most 0
    if isinstance(statistic, Quantile):
        return order_statistic_interval(values, float(statistic.p), error)
    assert isinstance(statistic, Moment)
    ((number, power),) = statistic.powers
    if isinstance(number, Activation) and net.activation in BOUNDED and int(number.layers[0]) > 0 and power > 0:
        most = float(net.width_at(int(number.layers[0]))) ** (float(power) / 2)
        return empirical_bernstein_interval(np.minimum(_powers(values, number, power), most), most, error)
    bound = _second_moment(number, power, net)
    return catoni_interval(_powers(values, number, power), float(bound), error)


def _product_mean(statistic: Moment, net: Ensemble, drawing: Drawing, error: float) -> Estimate:
    """Measure the mean of a product of powers of norms, of the same networks.

    Its mean square is what theory derives, or at most the product of the means of the factors' powers, after Hoelder.
    """
    for number, power in statistic.powers:
        _observable(number, net)  # refuses what is not measured
        if number.signed or not isinstance(power, int) or isinstance(number, (LargestEigenvalue, LeastEigenvalue)):
            problem = f"{statistic.text} can be neither derived nor sampled with a valid interval"
            raise InvalidArgument("claim", problem, "ask for products of norms, or a median, quantile or probability")
    count = len(statistic.powers)
    try:
        doubled = Moment(tuple((number, 2 * power) for number, power in statistic.powers))
        bound = derive_statistic(doubled, net).enclosed(15)
    except InvalidArgument:
        bounds = [_second_moment(number, count * power, net) for number, power in statistic.powers]
        bound = math.prod(bounds[1:], start=bounds[0]) ** (flint.arb(1) / count)
    total: Any = 0.0
    for number, power in statistic.powers:
        observable, component = _observable(number, net)
        total = total + power / 2 * drawing.readings(net, observable).log_values(component)
    return catoni_interval(np.exp(total), float(bound.upper()), error)


def open_share(statistic: Statistic, net: Ensemble, drawing: Drawing) -> float:
    """Return the share of networks of which rounding leaves open whether they reach a threshold.

    Parameters
    ----------
    statistic, net, drawing
        As for :func:`measure`.
    """
    if not isinstance(statistic, Exceedance):
        return 0.0
    _, logs, rounding = _drawn(statistic, net, drawing)
    count = _count(statistic, logs, rounding, net)
    return (count.most - count.least) / count.samples


def _count(statistic: Exceedance, logs: Any, rounding: Rounding, net: Ensemble) -> Count:
    """Count the networks that reach the threshold, and say which of them rounding leaves open."""
    number, threshold, strict = statistic.number, enclose(statistic.threshold, 30), statistic.strict
    if threshold == 0 or (number.signed and threshold > 0):
        dead = int(np.sum(np.isneginf(logs)))
        reaching = dead if number.signed else len(logs) - dead
        reaching *= not (number.signed and (strict or threshold > 0))
        return Count(reaching, reaching, reaching, len(logs))
    unit = None
    if isinstance(number, Activation):
        unit = square_unit(net, int(number.layers[0]))
    exact = Fraction(str(statistic.threshold)) if statistic.threshold.is_Rational else _nearest(threshold)
    if not number.signed:
        return count_reaching(logs, exact, rounding, unit=unit, strict=strict)
    below = count_reaching(logs, exact**2, rounding, strict=not strict)  # lambda < t < 0 says that lambda^2 > t^2
    networks = len(logs)
    return Count(networks - below.most, networks - below.value, networks - below.least, networks)


def _nearest(ball: Ball) -> Fraction:
    """Return the middle of a ball, which is far smaller than what rounding moves."""
    mantissa, exponent = ball.mid().man_exp()
    return Fraction(int(mantissa)) * Fraction(2) ** int(exponent)


def _powers(values: Any, number: RandomNumber, power: Any) -> Any:
    return values ** float(power) if number.signed else np.exp(float(power) / 2 * values)


def _second_moment(number: RandomNumber, power: Any, net: Ensemble) -> Ball:
    """Return a bound on the variance that theory derives: without one no interval for a mean is valid."""
    bounds: list[tuple[RandomNumber, Any]] = [(number, 2 * power)]
    if isinstance(number, (LargestEigenvalue, LeastEigenvalue)):
        bounds.append((WholeHessian(), 2 * power))  # |lambda| <= |H|_F
    for bounding, order in ((number, power), *bounds):
        try:
            known = derive_statistic(Moment(((bounding, order),)), net)
        except InvalidArgument as bad:
            if "is infinite" in bad.problem:
                raise
            continue
        if order != power:
            return known.enclosed(15)
    problem = (
        f"E{number.text}{power_text(power)} can be neither derived nor sampled: theory has no bound on its variance"
    )
    raise InvalidArgument("claim", problem, "ask for a median, a quantile or a probability")


def _drawn(statistic: Statistic, net: Ensemble, drawing: Drawing) -> tuple[RandomNumber, Any, Rounding]:
    """Return what was measured on each network, the logarithms of its square, and how far they may be off."""
    if not isinstance(statistic, (Moment, Quantile, Exceedance)) or len(statistic.numbers) != 1:
        problem = f"{statistic.text} can be neither derived nor sampled with a valid interval"
        raise InvalidArgument("claim", problem, "ask for a median, a quantile or a probability")
    (number,) = statistic.numbers
    observable, component = _observable(number, net)
    readings = drawing.readings(net, observable)
    spectral = isinstance(number, (LargestEigenvalue, LeastEigenvalue))
    logs = readings.log_values(component)
    if spectral:  # of eigenvalues the logarithm is measured, of norms that of the square
        return number, 2 * logs, _SPECTRAL
    return number, logs, readings.rounding


_SPECTRAL = Rounding(1e-9, 1e-9)
"""Eigenvalues are known to nine digits, those of dense matrices and those found by iteration."""


def _observable(number: RandomNumber, net: Ensemble) -> tuple[Observable, str]:
    layers = tuple(int(layer) for layer in number.layers)
    observable: Observable
    if isinstance(number, Activation):
        observable = ActivationNorms(layers=layers)
    elif isinstance(number, Gradient):
        observable = GradientNorms(layers=layers)
    elif isinstance(number, HessianBlock):
        observable = HessianNorms(blocks=((layers[0], layers[1]),))
    elif isinstance(number, WholeHessian):
        observable = HessianNorms()
        return observable, observable.components(net)[-1]
    elif isinstance(number, (LargestEigenvalue, LeastEigenvalue)):
        observable = HessianExtremes()
        return observable, observable.components(net)[isinstance(number, LeastEigenvalue)]
    else:
        problem = f"{number.text} can be neither derived here nor sampled"
        remedy = "ask for norms of activations, gradients or the Hessian"
        if isinstance(number, (InnerProduct, SecondActivation)):
            remedy = "ask for layer 1 or linear networks, or 'vanishing sample inner-product'"
        raise InvalidArgument("claim", problem, remedy)
    return observable, observable.components(net)[0]


def judge_point(sides: Sides, right: sp.Expr, point: Point, balls: Mapping[Any, Ball], tolerance: float) -> Verdict:
    """Judge a claim at one size by what was measured there.

    Parameters
    ----------
    sides : Sides
        The claim.
    right : sympy.Expr
        The right side, the claim's or a variant's.
    point : mapping
        Numbers for all letters.
    balls : mapping
        The intervals of the statistics that were drawn.
    tolerance : float
        As for :class:`Drawing`.
    """
    left_ball, right_ball = sides.ball(sides.meaning.left, point, 30, balls), sides.ball(right, point, 30, balls)
    relation = sides.meaning.relation
    difference = left_ball - right_ball
    zero = flint.arb(0)
    if relation == "=":
        if less(difference, zero) or less(zero, difference):
            return Verdict.REFUTED
        inside = is_within(sides, right, point, balls, difference, tolerance)
        return Verdict.SUPPORTED if inside else Verdict.INCONCLUSIVE
    return Verdict.of_bool(holds(relation, left_ball, right_ball))
