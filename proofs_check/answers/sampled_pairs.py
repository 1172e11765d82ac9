"""Covariances, correlations, kurtoses and variances of logarithms, each by a plan that theory's moments make valid."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import sympy as sp

from montecarlo import Observable
from proofs_check.answers.combined import Ends, Part, Plan, combined, of_pairs, of_power, planned
from proofs_check.answers.log_laws import LogLaw
from proofs_check.answers.query import Query
from proofs_check.answers.sampled import Sampled
from proofs_check.answers.sampled_logs import planned_logs, those_alive
from proofs_check.answers.sampling import Sampling
from proofs_check.assumptions import Assumption
from theory.ensembles import InvalidArgument

Joint = Callable[[int, int], sp.Expr | None]
"""Returns E X^p Y^q, or None where theory does not know it."""


def sample_kurtosis(
    query: Query, sampling: Sampling, observable: Observable, moment: Callable[[int], sp.Expr]
) -> Sampled:
    """Estimate E X^2/(E X)^2 by intervals for both means, each at half the error.

    Parameters
    ----------
    query, sampling
        The question, and how it is sampled.
    observable : Observable
        What is measured: the logarithm of X.
    moment : callable
        Returns E X^p, for p up to 4.
    """
    first, second, _, fourth = (_known(query, moment, p) for p in (1, 2, 3, 4))
    logs = tuple(float(sp.log(sp.N(m, 30))) for m in (first, second))
    parts = (
        Part(of_power(0, 2, logs[1]), _float(fourth / second**2 - 1)),
        Part(of_power(0, 1, logs[0]), _float(second / first**2 - 1)),
    )

    def ratio(top: Ends, bottom: Ends) -> Ends:
        if bottom[0] <= 0:
            return max(top[0], 0.0) / bottom[1] ** 2, math.inf
        return max(top[0], 0.0) / bottom[1] ** 2, top[1] / bottom[0] ** 2

    plan = Plan(parts, ratio, "of both means, each at half the error", logs[1] - 2 * logs[0])
    settings = planned(query, plan, sampling, 1.0)
    return combined(query, plan, settings.columns(query.net, observable), settings)


def sample_covariance(
    query: Query, sampling: Sampling, observable: Observable, joint: Joint, *, standardized: bool = False
) -> Sampled:
    """Estimate Cov(X, Y), or the correlation, from independent pairs of networks.

    Parameters
    ----------
    query, sampling
        The question, and how it is sampled.
    observable : Observable
        What is measured: the logarithms of X and of Y; of X alone if Y is the same.
    joint : callable
        Returns E X^p Y^q, for p and q up to 4. Where it knows no product of both, the variance is bounded by Cauchy's
        and Schwarz' inequality.
    standardized : bool
        Whether the correlation is meant.

    Raises
    ------
    InvalidArgument
        If theory has no such moments, or X or Y is not random, or both are the same, and a correlation is meant.
    """
    columns = (0, len(observable.components(query.net)) - 1)
    if standardized and columns == (0, 0):
        raise InvalidArgument("layers", "the correlation of a norm with itself is 1", "use two layers")
    sides: tuple[Callable[[int], sp.Expr | None], ...] = (lambda p: joint(p, 0), lambda p: joint(0, p))
    means = [_known(query, side, 1) for side in sides]
    (v, v4), (w, w4) = (_central(query, side) for side in sides)  # variances and fourth moments, in units of the means
    if standardized and not v * w > 0:
        raise InvalidArgument("layers", "a norm that is not random has no correlation", "use another law or width")
    spread, exact = _joint_spread(joint, means), _joint_covariance(joint, means)
    spread = math.sqrt(v4 * w4) if spread is None else spread
    scale = math.sqrt(v * w) or 1.0  # a covariance is measured in standard deviations
    units = [
        float(sp.log(sp.N(mean, 30))) + math.log(variance or 1.0) / 2
        for mean, variance in zip(means, (v, w), strict=True)
    ]
    known = None if exact is None else exact / scale
    cross = Part(of_pairs(*columns, (units[0], units[1])), (spread + v * w) / 2 / scale**2, known, 2)
    plan = Plan((cross,), lambda ends: ends, "over pairs of networks", sum(units))
    if standardized:
        deviations = (
            Part(of_pairs(column, column, (unit, unit)), (fourth / variance**2 + 1) / 2, 1.0, 2)
            for column, unit, fourth, variance in zip(columns, units, (v4, w4), (v, w), strict=True)
        )
        method = "of a covariance and two variances over pairs, each at a third of the error"
        plan = Plan((cross, *deviations), _correlation, method)
    settings = planned(query, plan, sampling, known)
    return combined(query, plan, settings.columns(query.net, observable), settings)


def sample_log_variance(
    query: Query, sampling: Sampling, observable: Observable, law: LogLaw, *more: Assumption
) -> Sampled:
    """Estimate the variance of a logarithm, given survival, from independent pairs of networks.

    Parameters
    ----------
    query, sampling
        The question, and how it is sampled.
    observable : Observable
        What is measured: the logarithm.
    law : LogLaw
        What theory knows of it: the interval needs its fourth cumulant.
    *more : Assumption
        The assumptions of this estimate that not every one needs.
    """
    variance = law.cumulant(2)
    fourth = law.cumulant(4) if variance else 0.0

    def of_logs(logs: Any, margin: float) -> tuple[Any, Any]:
        alive = logs[: len(logs) // 2 * 2, 0]
        gaps = np.abs(alive[::2] - alive[1::2])
        return gaps**2 / 2, (gaps + margin) * 2 * margin

    part = Part(of_logs, fourth / 2 + 2 * variance**2, variance, 2)
    plan = Plan((part,), lambda ends: (max(ends[0], 0.0), ends[1]), "over pairs of networks")
    settings = planned_logs(query, law, sampling, variance, lambda n: part.reach(n, sampling.error))
    logs = settings.logs(query.net, observable)
    alive = those_alive(logs)
    return replace(combined(query, plan, alive[:, None], settings, *more), samples=len(logs))


def _correlation(cross: Ends, x: Ends, y: Ends) -> Ends:
    """Return the ends of C/sqrt(V W) in [-1, 1], given those of C, V and W."""

    def end(c: float, outward: int) -> float:
        larger = (c > 0) == (outward > 0)  # away from 0 the smaller deviations count
        v, w = (side[0] if larger else side[1] for side in (x, y))
        if v <= 0 or w <= 0:
            return math.copysign(1.0, c) if c else 0.0
        return min(1.0, max(-1.0, c / math.sqrt(v * w)))

    return end(cross[0], -1), end(cross[1], 1)


def _known(query: Query, moment: Callable[[int], sp.Expr | None], p: int) -> sp.Expr:
    """Return a moment, or refuse: an interval needs it."""
    try:
        found = moment(p)
    except InvalidArgument as bad:
        problem = f"the interval of {query.left.plain} needs a moment of order {2 * p}: {bad.problem}"
        raise InvalidArgument("quantity", problem, "sample a median instead, or change the networks") from None
    assert found is not None
    return found


def _central(query: Query, moment: Callable[[int], sp.Expr | None]) -> tuple[float, float]:
    """Return the variance and the fourth central moment, in units of the mean."""
    m1, m2, m3, m4 = (_known(query, moment, p) for p in (1, 2, 3, 4))
    r2, r3, r4 = m2 / m1**2, m3 / m1**3, m4 / m1**4
    return _float(r2 - 1), _float(r4 - 4 * r3 + 6 * r2 - 3)


def _joint_spread(joint: Joint, means: Sequence[sp.Expr]) -> float | None:
    """Return E (X - EX)^2 (Y - EY)^2 in units of the means, or None where theory does not know it."""
    moments = {(p, q): joint(p, q) for p in (1, 2) for q in (1, 2)}
    squares = joint(2, 0), joint(0, 2)
    if any(moment is None for moment in moments.values()):
        return None
    r = {key: moment / means[0] ** key[0] / means[1] ** key[1] for key, moment in moments.items() if moment is not None}
    ends = (square / mean**2 for square, mean in zip(squares, means, strict=True))
    return _float(r[2, 2] - 2 * r[1, 2] - 2 * r[2, 1] + sum(ends) + 4 * r[1, 1] - 3)


def _joint_covariance(joint: Joint, means: Sequence[sp.Expr]) -> float | None:
    """Return the covariance in units of the means, or None where theory does not know it."""
    product = joint(1, 1)
    return None if product is None else _float(product / (means[0] * means[1]) - 1)


def _float(exact: sp.Expr) -> float:
    """Return a number that may be beyond floats as one of them."""
    return float(sp.N(exact, 30))
