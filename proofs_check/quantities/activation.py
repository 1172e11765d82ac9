"""The mean of a power of an activation's norm: E|a_k|^order, of any real order."""

from __future__ import annotations

import sympy as sp

from montecarlo import ActivationNorms
from proofs_check import assumptions
from proofs_check.answers import notation
from proofs_check.answers.assumed import what_is_assumed
from proofs_check.answers.derivation import Derivation, formula, number
from proofs_check.answers.log_laws import activation_law
from proofs_check.answers.notation import Notation
from proofs_check.answers.query import Query
from proofs_check.answers.real_orders import (
    bounds_answer,
    given_survival,
    has_even_formula,
    knows_law,
    moment_answer,
    sampled_moment,
)
from proofs_check.answers.sampled import Sampled
from proofs_check.answers.sampled_means import (
    BOUNDED,
    bred_mean,
    is_plain_enough,
    mean_and_square,
    mean_of_bounded,
    networks_needed,
    plain_mean,
)
from proofs_check.answers.sampling import Sampling
from proofs_check.quantities import Quantity
from theory import MomentSequence, activation_moment, activation_sequence, symbols
from theory.ensembles import InvalidArgument
from theory.moments.powers import coinciding
from theory.requirements import require_order

_READABLE = 5
"""A recurrence with symbols is shown if it has at most this many terms."""


def _left(query: Query) -> Notation:
    a = notation.activation(query.at)
    return notation.mean_power(a, query.order, given_survival=given_survival(query))


def _derive(query: Query) -> Derivation:
    net, depth = query.net, query.at
    if not has_even_formula(query):
        return _of_real_order(query)
    order = require_order(query.order)
    assumed = what_is_assumed(query, assumptions.PIECEWISE_LINEAR)
    net.width_at(depth)  # refuses a layer that is not there
    if net.is_constant_width and net.has_independent_entries and net.architecture.is_plain:
        sequence = activation_sequence(net, order)
        if isinstance(depth, str) and not sequence.has_closed_form:
            if sequence.size > _READABLE and sequence.has_symbols:
                problem = f"{order} gives a recurrence of {sequence.size} terms, whose coefficients fill pages"
                raise InvalidArgument("order", problem, "give numbers for the width and the law, or a lower order")
            letter = "m" if not any(name.startswith("m_") for name in net.symbols) else "moment"
            recurrence = (symbols.number(f"{letter}_{j}") * c for j, c in enumerate(sequence.recurrence(), 1))
            related = [
                ("generating_function", sequence.generating_function()),
                ("recurrence", sp.Add(*recurrence)),
            ]
            reason = (
                f"order {order} of this law follows a recurrence of {sequence.size} terms, whose powers have no "
                f"closed form in {depth}: {letter}_j in the recurrence stands for the moment j layers before, and z^L "
                f"in the generating function for depth L"
            )
            return Derivation(
                query, None, value=None, log_value=None, assumptions=assumed, related=tuple(related), reason=reason
            )
        if isinstance(depth, int) and not net.symbols and not sequence.fits(depth):
            return number(query, None, ball=sequence.ball(depth, query.digits or 20), assumed=assumed)
        if isinstance(depth, str):
            assumed = (*assumed, *_where_rates_differ(sequence))
    return formula(query, activation_moment(net, order, depth), assumed)


def _of_real_order(query: Query) -> Derivation:
    """Answer for an order that is not even: exactly for normal weights, else by bounds."""
    net, order = query.net, query.order
    if query.at == 0:
        exact = symbols.input_power_sum(net, 2) ** (sp.Rational(query.order) / 2)
        return formula(query, exact, what_is_assumed(query))
    if knows_law(net) or query.order <= 0:
        return moment_answer(query, activation_law(query), assumptions.PIECEWISE_LINEAR)
    if net.symbols or isinstance(query.at, str):
        problem = f"must be even where there are letters, unless the weights are normal in a plain network: got {order}"
        raise InvalidArgument("order", problem, "give numbers for all sizes, which has bounds")
    return bounds_answer(query, query.numeric_layer)


def _where_rates_differ(sequence: MomentSequence) -> tuple[str, ...]:
    """Say of which letters the closed form with biases speaks: where two rates are equal, it divides by 0."""
    pairs = coinciding(sequence.transfer) if sequence.transfer.is_affine else ()
    return tuple(f"{one} is not {other}, the rates of two orders; ask for that case alone" for one, other in pairs)


def _sample(query: Query, sampling: Sampling) -> Sampled:
    net, layer = query.net, query.numeric_layer
    if net.activation in BOUNDED and layer > 0 and query.order > 0:
        return mean_of_bounded(query, ActivationNorms(layers=(layer,)), sampling)
    if not has_even_formula(query):
        law = activation_law(query) if knows_law(net) or query.order < 0 else None
        observable = ActivationNorms(layers=(layer,))
        return sampled_moment(query, lambda settings: settings.logs(net, observable), law, layer, sampling)
    mean, square = mean_and_square(query, lambda order: activation_moment(net, order, layer))
    variance, needed = networks_needed(mean, square, sampling.error)
    bred = (
        net.architecture.is_plain
        and net.is_homogeneous
        and net.has_independent_entries
        and (query.order == 2 or net.law.is_normal)
    )
    if bred and not is_plain_enough(sampling, mean, variance):
        return bred_mean(query, sampling, mean, needed)
    return plain_mean(query, sampling, ActivationNorms(layers=(layer,)), mean, variance)


QUANTITY = Quantity(_left, _derive, _sample, takes=("order", "layer", "digits", "input"), instead="median")
