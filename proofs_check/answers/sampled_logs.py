"""Estimates from sampled logarithms, each by an interval that is valid: means, quantiles, probabilities."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np

from montecarlo import ActivationNorms, Estimate, GradientNorms, Observable
from montecarlo.intervals import (
    catoni_interval,
    order_statistic_interval,
    quantile_sequence_interval,
    share_sequence,
)
from montecarlo.intervals.catoni import catoni_reach
from montecarlo.ties import Count, count_reaching, square_unit
from proofs_check.answers.log_laws import LogLaw
from proofs_check.answers.query import Query
from proofs_check.answers.sampled import Sampled, sampled
from proofs_check.answers.sampling import Sampling
from proofs_check.assumptions import Assumption
from theory.ensembles import InvalidArgument


def activation_norms(query: Query) -> ActivationNorms:
    """Return what measures |a_k| at the layer asked about."""
    return ActivationNorms(layers=(query.numeric_layer,))


def gradient_norms(query: Query) -> GradientNorms:
    """Return what measures |df/dW_k| at the layer asked about."""
    return GradientNorms(layers=(query.numeric_layer,))


def mean_of_logs(query: Query, law: LogLaw, observable: Observable, sampling: Sampling, *more: Assumption) -> Sampled:
    """Estimate the mean logarithm of the networks that survive, with the variance that theory derives.

    Parameters
    ----------
    query : Query
        The question.
    law : LogLaw
        What theory knows of the logarithm: the interval needs its variance.
    observable : Observable
        What is measured; its first component is read.
    sampling : Sampling
        How many networks, or how sharp an interval, and where they run.
    *more : Assumption
        The assumptions of this estimate that not every one needs.

    Raises
    ------
    InvalidArgument
        If all networks are dead, or the precision takes more of them than may be drawn.
    """
    variance = law.cumulant(2)
    planned = planned_logs(query, law, sampling, law.cumulant(1), lambda n: catoni_reach(n, variance, sampling.error))
    logs = planned.logs(query.net, observable)
    alive = those_alive(logs)
    estimate = catoni_interval(alive, max(variance, _ISOMETRY), planned.error)
    estimate = replace(estimate, method=f"{estimate.method}; variance {variance:.6g} from theory")
    estimate = estimate.widened(planned.rounding(query.net).of(alive))
    return sampled(query, estimate, logs, planned, *more)


_ISOMETRY = 1e-24
"""Logarithms that are the same for all networks count as having this variance, as an interval needs one."""


def planned_logs(
    query: Query, law: LogLaw, sampling: Sampling, exact: float, reach: Callable[[int], float]
) -> Sampling:
    """Return the settings with as many networks as a wanted precision takes, so that enough of them survive.

    Parameters
    ----------
    query, law, sampling
        As for :func:`mean_of_logs`.
    exact : float
        What is estimated, which theory knows.
    reach : callable
        The half-width of the interval, given how many networks survive.
    """
    if sampling.within is None:
        return sampling
    wanted, alive = sampling.within.in_units(exact) * (1 - 1e-9), law.alive

    def enough(networks: int) -> bool:
        # by Chernoff's bound fewer survive with a probability of e^-20; then the answer says that it is less sharp
        surviving = networks * alive - math.sqrt(40 * networks * alive * (1 - alive))
        return surviving >= 2 and reach(int(surviving)) <= wanted

    return sampling.planned(query.left.plain, enough)


def those_alive(logs: Any) -> Any:
    """Return the logarithms that are finite.

    Raises
    ------
    InvalidArgument
        If none is.
    """
    alive = logs[np.isfinite(logs)]
    if not len(alive):
        raise InvalidArgument("samples", f"all {len(logs)} networks are dead", "sample more, or wider networks")
    return alive


def share_alive(query: Query, observable: Observable, sampling: Sampling) -> Sampled:
    """Estimate the probability that the norm is not 0.

    Parameters
    ----------
    query, observable, sampling
        As for :func:`mean_of_logs`.
    """

    def counted(logs: Any) -> Count:
        alive = int(np.isfinite(logs).sum())
        return Count(alive, alive, alive, len(logs))

    return _share(query, observable, sampling, counted)


def share_reaching(query: Query, observable: Observable, threshold: Fraction, sampling: Sampling) -> Sampled:
    """Estimate the probability that the squared norm of an activation is at least a threshold.

    Parameters
    ----------
    query, observable, sampling
        As for :func:`mean_of_logs`.
    threshold : Fraction
        The threshold, exactly: a discrete law may have an atom there.
    """
    unit, rounding = square_unit(query.net, query.numeric_layer), sampling.rounding(query.net)
    return _share(query, observable, sampling, lambda logs: count_reaching(logs, threshold, rounding, unit=unit))


def _share(query: Query, observable: Observable, sampling: Sampling, counted: Callable[[Any], Count]) -> Sampled:
    """Estimate a probability from a number of networks that is fixed, or until it is known as sharply as wanted."""
    if sampling.within is None:
        logs = sampling.logs(query.net, observable)
        return sampled(query, counted(logs).interval(sampling.error), logs, sampling)

    def found(logs: Any) -> Estimate:
        count = counted(logs)
        low, middle, high = (
            share_sequence(number, count.samples, sampling.error) for number in (count.least, count.value, count.most)
        )
        return replace(middle, lo=low.lo, hi=high.hi)

    return _until(query, observable, sampling, found)


def _until(
    query: Query,
    observable: Observable,
    sampling: Sampling,
    found: Callable[[Any], Estimate],
    *,
    log_scale: bool = False,
) -> Sampled:
    """Draw until an interval that holds at all sample sizes is as sharp as wanted."""
    within = sampling.within
    assert within is not None

    def enough(logs: Any) -> bool:
        so_far = found(logs)
        return within.missed_by(so_far.lo, so_far.hi, log_scale=log_scale) <= 1

    logs = sampling.logs(query.net, observable, until=enough)
    return sampled(query, found(logs), logs, sampling, log_scale=log_scale)


def quantile(query: Query, observable: Observable, sampling: Sampling) -> Sampled:
    """Estimate the p-quantile of the observable's first component, as sharply as asked for.

    Parameters
    ----------
    query : Query
        The question, which holds the ensemble and the probability p.
    observable : Observable
        What is measured; its first component is read.
    sampling : Sampling
        How many networks, or how sharp an interval, and where they run.
    """
    p = float(query.p)
    between = order_statistic_interval if sampling.within is None else quantile_sequence_interval

    def found(logs: Any) -> Estimate:
        estimate = between(logs, p, sampling.error)
        return estimate.widened(sampling.rounding(query.net).of(estimate.value, estimate.lo, estimate.hi))

    if sampling.within is not None:
        return _until(query, observable, sampling, found, log_scale=True)
    logs = sampling.logs(query.net, observable)
    return sampled(query, found(logs), logs, sampling, log_scale=True)
