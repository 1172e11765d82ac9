"""Estimates from sampled logarithms, each by an interval that is valid: means, quantiles, probabilities."""

from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np

from montecarlo import ActivationNorms, Estimate, GradientNorms, Observable
from montecarlo.intervals import (
    catoni_interval,
    clopper_pearson_interval,
    order_statistic_interval,
    quantile_sequence_interval,
)
from montecarlo.ties import count_reaching, square_unit
from proofs_check.answers.query import Query
from proofs_check.answers.sampled import Sampled, sampled
from proofs_check.answers.sampling import Sampling
from proofs_check.assumptions import Assumption
from theory.ensembles import InvalidArgument
from theory.log_laws.log_sums import LogSumLaw


def activation_norms(query: Query) -> ActivationNorms:
    """Return what measures |a_k| at the layer asked about."""
    return ActivationNorms(layers=(query.numeric_layer,))


def gradient_norms(query: Query) -> GradientNorms:
    """Return what measures |df/dW_k| at the layer asked about."""
    return GradientNorms(layers=(query.numeric_layer,))


def mean_of_logs(query: Query, law: LogSumLaw, logs: Any, sampling: Sampling, *more: Assumption) -> Sampled:
    """Estimate the mean logarithm of the networks that survive, with the variance that theory derives.

    Parameters
    ----------
    query : Query
        The question.
    law : LogSumLaw
        The law of the logarithm, whose variance the interval needs.
    logs : ndarray
        The sampled logarithms, shape (networks,); dead networks are at -infinity.
    sampling : Sampling
        How they were sampled.
    *more : Assumption
        The assumptions of this estimate that not every one needs.

    Raises
    ------
    InvalidArgument
        If all networks are dead.
    """
    variance = float(law.enclosed_cumulant(2, 15))
    alive = logs[np.isfinite(logs)]
    if not len(alive):
        raise InvalidArgument("samples", f"all {len(logs)} networks are dead", "sample more, or wider networks")
    estimate = catoni_interval(alive, variance, sampling.error)
    estimate = replace(estimate, method=f"{estimate.method}; variance {variance:.6g} from theory")
    estimate = estimate.widened(sampling.rounding(query.net).of(alive))
    return sampled(query, estimate, logs, sampling, *more)


def share_alive(query: Query, logs: Any, sampling: Sampling) -> Sampled:
    """Estimate the probability that the norm is not 0.

    Parameters
    ----------
    query, logs, sampling
        As for :func:`mean_of_logs`.
    """
    alive = int(np.isfinite(logs).sum())
    return sampled(query, clopper_pearson_interval(alive, len(logs), sampling.error), logs, sampling)


def share_reaching(query: Query, logs: Any, threshold: Fraction, sampling: Sampling) -> Sampled:
    """Estimate the probability that the squared norm of an activation is at least a threshold.

    Parameters
    ----------
    query, logs, sampling
        As for :func:`mean_of_logs`.
    threshold : Fraction
        The threshold, exactly: a discrete law may have an atom there.
    """
    unit = square_unit(query.net, query.numeric_layer)
    count = count_reaching(logs, threshold, sampling.rounding(query.net), unit=unit)
    return sampled(query, count.interval(sampling.error), logs, sampling)


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

    narrow = None if sampling.within is None else math.log1p(sampling.within)
    enough = None if narrow is None else lambda logs: found(logs).half_width <= narrow
    logs = sampling.logs(query.net, observable, until=enough)
    return sampled(query, found(logs), logs, sampling, log_scale=True)
