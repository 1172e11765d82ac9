"""The mean of a power of an activation's norm: E|a_k|^order."""

from __future__ import annotations

import sympy as sp

from montecarlo import ActivationNorms
from proofs_check import assumptions
from proofs_check.answers import notation
from proofs_check.answers.assumed import what_is_assumed
from proofs_check.answers.derivation import Derivation, formula, number
from proofs_check.answers.notation import Notation
from proofs_check.answers.query import Query
from proofs_check.answers.sampled import Sampled
from proofs_check.answers.sampled_means import (
    BOUNDED,
    bred_mean,
    mean_and_square,
    mean_of_bounded,
    mean_of_power,
    networks_needed,
    require_enough,
)
from proofs_check.answers.sampling import Sampling
from proofs_check.quantities import Quantity
from theory import activation_moment, activation_sequence, symbols
from theory.ensembles import InvalidArgument

_READABLE = 5
"""A recurrence with symbols is shown if it has at most this many terms."""


def _left(query: Query) -> Notation:
    return notation.mean_power(notation.activation(query.at), query.order)


def _derive(query: Query) -> Derivation:
    net, depth = query.net, query.at
    assumed = what_is_assumed(query, assumptions.PIECEWISE_LINEAR)
    net.width_at(depth)  # refuses a layer that is not there
    if net.is_constant_width and net.has_independent_entries and net.architecture.is_plain:
        sequence = activation_sequence(net, query.order)
        if isinstance(depth, str) and sequence.size > 2:
            if sequence.size > _READABLE and sequence.has_symbols:
                problem = f"{query.order} gives a recurrence of {sequence.size} terms, whose coefficients fill pages"
                raise InvalidArgument("order", problem, "give numbers for the width and the law, or a lower order")
            letter = "m" if not any(name.startswith("m_") for name in net.symbols) else "moment"
            recurrence = (symbols.number(f"{letter}_{j}") * c for j, c in enumerate(sequence.recurrence(), 1))
            related = [
                ("generating_function", sequence.generating_function()),
                ("recurrence", sp.Add(*recurrence)),
            ]
            reason = (
                f"order {query.order} of this law follows a recurrence of {sequence.size} terms, whose powers have no "
                f"closed form in {depth}: {letter}_j in the recurrence stands for the moment j layers before, and z^L "
                f"in the generating function for depth L"
            )
            return Derivation(
                query, None, value=None, log_value=None, assumptions=assumed, related=tuple(related), reason=reason
            )
        if isinstance(depth, int) and not net.symbols and not sequence.fits(depth):
            return number(query, None, ball=sequence.ball(depth, query.digits or 20), assumed=assumed)
    return formula(query, activation_moment(net, query.order, depth), assumed)


def _sample(query: Query, sampling: Sampling) -> Sampled:
    sampling.require_fixed_size("a mean")
    net, layer = query.net, query.numeric_layer
    if net.activation in BOUNDED and layer > 0:
        return mean_of_bounded(query, sampling.logs(net, ActivationNorms(layers=(layer,))), sampling)
    mean, square = mean_and_square(query, lambda order: activation_moment(net, order, layer))
    variance, needed = networks_needed(mean, square, sampling.error)
    bred = (
        net.architecture.is_plain
        and net.is_homogeneous
        and net.has_independent_entries
        and (query.order == 2 or net.law.is_normal)
    )
    if needed >= sampling.samples and bred:
        return bred_mean(query, sampling, needed)
    variance = require_enough(mean, square, sampling.samples, sampling.error)
    logs = sampling.logs(net, ActivationNorms(layers=(layer,)))
    return mean_of_power(query, logs, mean=mean, relative_variance=float(variance), sampling=sampling)


QUANTITY = Quantity(_left, _derive, _sample, takes=("order", "layer", "digits", "input"), instead="median")
