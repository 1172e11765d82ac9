"""The median of |a_k|^2."""

from __future__ import annotations

from proofs_check.answers import notation, sampled_logs
from proofs_check.answers.derivation import Derivation
from proofs_check.answers.log_laws import activation_law, at_median, quantile_answer
from proofs_check.answers.notation import Notation
from proofs_check.answers.query import Query
from proofs_check.answers.sampled import Sampled
from proofs_check.answers.sampling import Sampling
from proofs_check.quantities import Quantity


def _left(query: Query) -> Notation:
    return notation.quantile(Query.p, notation.square(notation.activation(query.at)))


def _derive(query: Query) -> Derivation:
    return quantile_answer(at_median(query), activation_law(query))


def _sample(query: Query, sampling: Sampling) -> Sampled:
    return sampled_logs.quantile(at_median(query), sampled_logs.activation_norms(query), sampling)


QUANTITY = Quantity(_left, _derive, _sample, takes=("layer", "digits", "input"), instead="median")
