"""The kurtosis of an activation's norm: E|a_k|^4/(E|a_k|^2)^2."""

from __future__ import annotations

from montecarlo import ActivationNorms
from proofs_check import assumptions
from proofs_check.answers import notation
from proofs_check.answers.assumed import what_is_assumed
from proofs_check.answers.derivation import Derivation, formula
from proofs_check.answers.notation import Notation
from proofs_check.answers.query import Query
from proofs_check.answers.sampled import Sampled
from proofs_check.answers.sampled_pairs import sample_kurtosis
from proofs_check.answers.sampling import Sampling
from proofs_check.quantities import Quantity
from theory import activation_moment, kurtosis


def _left(query: Query) -> Notation:
    return notation.kurtosis(notation.activation(query.at))


def _derive(query: Query) -> Derivation:
    exact = kurtosis(query.net, query.layer)
    return formula(query, exact, what_is_assumed(query, assumptions.PIECEWISE_LINEAR))


def _sample(query: Query, sampling: Sampling) -> Sampled:
    net, layer = query.net, query.numeric_layer
    return sample_kurtosis(
        query, sampling, ActivationNorms(layers=(layer,)), lambda p: activation_moment(net, 2 * p, layer)
    )


QUANTITY = Quantity(_left, _derive, _sample, takes=("layer", "digits", "input"), instead="median")
