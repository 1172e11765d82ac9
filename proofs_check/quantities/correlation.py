"""The correlation of the squared norms of two activations: Corr(|a_j|^2, |a_k|^2)."""

from __future__ import annotations

from functools import partial

from proofs_check import assumptions
from proofs_check.answers import notation
from proofs_check.answers.assumed import what_is_assumed
from proofs_check.answers.derivation import Derivation, formula
from proofs_check.answers.notation import Notation
from proofs_check.answers.query import Query
from proofs_check.answers.sampled import Sampled
from proofs_check.answers.sampled_pairs import sample_covariance
from proofs_check.answers.sampling import Sampling
from proofs_check.quantities import Quantity
from proofs_check.quantities.covariance import joint_moment, norms_of_two
from theory import correlation


def _left(query: Query) -> Notation:
    return notation.of_two("Corr", *(notation.square(notation.activation(k)) for k in query.two_layers))


def _derive(query: Query) -> Derivation:
    exact = correlation(query.net, *query.two_layers)
    return formula(query, exact, what_is_assumed(query, assumptions.PIECEWISE_LINEAR))


def _sample(query: Query, sampling: Sampling) -> Sampled:
    moments = partial(joint_moment, query)
    return sample_covariance(query, sampling, norms_of_two(query), moments, standardized=True)


QUANTITY = Quantity(_left, _derive, _sample, takes=("layers", "digits", "input"), instead="median")
