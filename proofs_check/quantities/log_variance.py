"""How much the size of an activation varies: Var log|a_k|^2, given survival."""

from __future__ import annotations

from proofs_check import assumptions
from proofs_check.answers import notation
from proofs_check.answers.beyond_plain import log_cumulant, log_law
from proofs_check.answers.derivation import Derivation
from proofs_check.answers.log_laws import activation_law, cumulant_answer
from proofs_check.answers.notation import Notation
from proofs_check.answers.query import Query
from proofs_check.answers.sampled import Sampled
from proofs_check.answers.sampled_logs import activation_norms
from proofs_check.answers.sampled_pairs import sample_log_variance
from proofs_check.answers.sampling import Sampling
from proofs_check.quantities import Quantity


def _left(query: Query) -> Notation:
    a = notation.activation(query.at)
    return notation.log_moment("Var", notation.square(a), a if query.net.can_die else None)


def _derive(query: Query) -> Derivation:
    return log_cumulant(query, 2) or cumulant_answer(query, activation_law(query), 2)


def _sample(query: Query, sampling: Sampling) -> Sampled:
    more = (assumptions.SURVIVAL,) if query.net.can_die else ()
    return sample_log_variance(query, sampling, activation_norms(query), log_law(query), *more)


QUANTITY = Quantity(
    _left, _derive, _sample, takes=("layer", "digits"), sample_takes=("layer", "input"), instead="median"
)
