"""The probability that a network keeps a share of its signal: P(|a_k|^2 >= c |x|^2)."""

from __future__ import annotations

import math
from dataclasses import replace

from montecarlo import Estimate
from montecarlo.rare_events.tilting import tail_probability
from montecarlo.ties import input_square
from proofs_check.answers import notation
from proofs_check.answers.assumed import what_is_assumed
from proofs_check.answers.derivation import Derivation, in_range, known, number
from proofs_check.answers.notation import Notation
from proofs_check.answers.query import Query
from proofs_check.answers.sampled import Sampled
from proofs_check.answers.sampled_logs import activation_norms, share_reaching
from proofs_check.answers.sampling import Sampling
from proofs_check.quantities import Quantity
from theory.balls import precision
from theory.ensembles import InvalidArgument
from theory.log_laws.feasible_widths import enclosed_log_exceedance, exceedance, exceedance_error

_FEW = 1e-3
"""Probabilities that are nearer to 0 or 1 are enclosed, as floats have few digits of them."""

_SEEN = 100
"""A plain count is trusted only if at least so many networks are expected beyond the threshold."""


def _left(query: Query) -> Notation:
    return notation.kept_norm(query.at, query.c)


def _derive(query: Query) -> Derivation:
    assumed = what_is_assumed(query)
    if query.digits is None:
        value, error = exceedance(query.net, query.c, query.layer), exceedance_error(query.net, query.layer)
        if _FEW < value < 1 - _FEW:
            shown, log_value = known(value, error), known(math.log(value), error / value)
            return Derivation(query, None, value=shown, log_value=log_value, assumptions=assumed)
    digits = max(query.digits or 0, 17)
    logarithm = enclosed_log_exceedance(query.net, query.c, digits, query.layer)
    with precision(digits + 20):
        ball = logarithm.exp()
    return replace(number(query, None, ball=ball, assumed=assumed), log_value=in_range(logarithm))


def _sample(query: Query, sampling: Sampling) -> Sampled:
    sampling.require_fixed_size("a probability")
    if query.c <= 0:
        raise InvalidArgument("c", f"must be positive, got {query.c}", "use e.g. c='1/2'")
    if query.net.architecture.name == "batchnorm":
        problem = "the inputs of a batch are random, and have no |x| to compare with"
        raise InvalidArgument("architecture", problem, "sample a median or quantile")
    if _is_rare(query, sampling.samples):
        return _sample_tail(query, sampling)
    threshold = query.c * input_square(query.net)
    return share_reaching(query, sampling.logs(query.net, activation_norms(query)), threshold, sampling)


def _is_rare(query: Query, samples: int) -> bool:
    """Whether theory knows the probability to be too small for a plain count."""
    net, layer = query.net, query.numeric_layer
    if not (net.law.is_normal and net.has_independent_entries and net.architecture.is_plain and net.is_homogeneous):
        return False
    return exceedance(net, query.c, layer) * samples < _SEEN


def _sample_tail(query: Query, sampling: Sampling) -> Sampled:
    """Estimate a tail by exponential tilting; its logarithm is what is shown, as the probability may underflow."""
    sampling.require_direct("exponential tilting", workers=True)
    tail = tail_probability(
        query.net,
        query.c,
        samples=sampling.samples,
        seed=sampling.seed,
        error=sampling.error,
        layer=query.numeric_layer,
    )
    method = f"{tail.method}, as a plain count of {sampling.samples} networks would see fewer than {_SEEN}"
    estimate = Estimate(tail.log_value, tail.log_lo, tail.log_hi, error=tail.error, method=method, samples=tail.samples)
    return Sampled(
        query,
        estimate,
        tail.samples,
        seed=sampling.seed,
        log_scale=True,
        networks_alive=tail.samples,
        assumptions=(*what_is_assumed(query), *tail.assumptions),
    )


QUANTITY = Quantity(
    _left,
    _derive,
    _sample,
    takes=("layer", "c", "digits"),
    sample_takes=("layer", "c", "input"),
    instead="exceedance",
)
