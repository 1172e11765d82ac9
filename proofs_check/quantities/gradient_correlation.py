"""The correlation of the squared norms of two gradients: Corr(|df/dW_j|_F^2, |df/dW_k|_F^2)."""

from __future__ import annotations

from functools import partial

from proofs_check.answers import notation
from proofs_check.answers.assumed import assumed_of_gradients
from proofs_check.answers.derivation import Derivation, formula
from proofs_check.answers.notation import Notation
from proofs_check.answers.query import Query
from proofs_check.answers.sampled import Sampled
from proofs_check.answers.sampled_pairs import sample_covariance
from proofs_check.answers.sampling import Sampling
from proofs_check.quantities import Quantity
from proofs_check.quantities.gradient_covariance import gradients_of_two, joint_moment
from theory import gradient_correlation


def _left(query: Query) -> Notation:
    return notation.of_two("Corr", *(notation.frobenius_square(notation.gradient(k)) for k in query.two_layers))


def _derive(query: Query) -> Derivation:
    return formula(query, gradient_correlation(query.net, *query.two_layers), assumed_of_gradients(query))


def _sample(query: Query, sampling: Sampling) -> Sampled:
    moments = partial(joint_moment, query)
    return sample_covariance(query, sampling, gradients_of_two(query), moments, standardized=True)


QUANTITY = Quantity(
    _left,
    _derive,
    _sample,
    takes=("layers", "digits", "readout"),
    sample_takes=("layers", "readout", "input"),
    instead="gradient-median",
)
