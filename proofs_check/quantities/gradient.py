"""The mean of a power of a gradient's norm: E|df/dW_k|_F^order."""

from __future__ import annotations

from montecarlo import GradientNorms
from proofs_check.answers import notation
from proofs_check.answers.assumed import assumed_of_gradients
from proofs_check.answers.derivation import Derivation, formula
from proofs_check.answers.notation import Notation
from proofs_check.answers.query import Query
from proofs_check.answers.sampled import Sampled
from proofs_check.answers.sampled_means import mean_and_square, networks_needed, plain_mean
from proofs_check.answers.sampling import Sampling
from proofs_check.quantities import Quantity
from theory import gradient_moment


def _left(query: Query) -> Notation:
    return notation.mean_frobenius_power(notation.gradient(query.at_gradient), query.order)


def _derive(query: Query) -> Derivation:
    return formula(query, gradient_moment(query.net, query.layer, query.order), assumed_of_gradients(query))


def _sample(query: Query, sampling: Sampling) -> Sampled:
    layer = query.numeric_layer
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
