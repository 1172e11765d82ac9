"""The mean of a power of a gradient's norm: E|df/dW_k|_F^order."""

from __future__ import annotations

from montecarlo import GradientNorms
from proofs_check import assumptions
from proofs_check.answers import notation
from proofs_check.answers.assumed import assumed_of_gradients
from proofs_check.answers.derivation import Derivation, formula
from proofs_check.answers.log_laws import gradient_law, readout_assumed
from proofs_check.answers.notation import Notation
from proofs_check.answers.query import Query
from proofs_check.answers.real_orders import given_survival, has_even_formula, moment_answer, sampled_moment
from proofs_check.answers.sampled import Sampled
from proofs_check.answers.sampled_means import mean_and_square, networks_needed, plain_mean
from proofs_check.answers.sampling import Sampling
from proofs_check.quantities import Quantity
from theory import gradient_moment
from theory.requirements import require_order


def _left(query: Query) -> Notation:
    left = notation.gradient(query.at_gradient)
    return notation.mean_frobenius_power(left, query.order, given_survival=given_survival(query))


def _derive(query: Query) -> Derivation:
    if not has_even_formula(query):
        return moment_answer(query, gradient_law(query), assumptions.PIECEWISE_LINEAR, *readout_assumed(query))
    order = require_order(query.order)
    return formula(query, gradient_moment(query.net, query.layer, order), assumed_of_gradients(query))


def _sample(query: Query, sampling: Sampling) -> Sampled:
    layer = query.numeric_layer
    if not has_even_formula(query):
        observable = GradientNorms(layers=(layer,))
        law = gradient_law(query)
        return sampled_moment(query, lambda settings: settings.logs(query.net, observable), law, layer, sampling)
    mean, square = mean_and_square(query, lambda order: gradient_moment(query.net, layer, order))
    variance, _ = networks_needed(mean, square, sampling.error)
    return plain_mean(query, sampling, GradientNorms(layers=(layer,)), mean, variance)


QUANTITY = Quantity(
    _left,
    _derive,
    _sample,
    takes=("order", "layer", "digits", "readout", "input"),
    sampled_layer=1,
    instead="gradient-median",
)
