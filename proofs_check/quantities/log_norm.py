"""The typical size of an activation: E log|a_k|^2, given survival."""

from __future__ import annotations

from proofs_check import assumptions
from proofs_check.answers import notation
from proofs_check.answers.beyond_plain import log_cumulant, log_law
from proofs_check.answers.derivation import Derivation
from proofs_check.answers.log_laws import activation_law, cumulant_answer
from proofs_check.answers.notation import Notation
from proofs_check.answers.query import Query
from proofs_check.answers.sampled import Sampled
from proofs_check.answers.sampled_logs import activation_norms, mean_of_logs
from proofs_check.answers.sampling import Sampling
from proofs_check.quantities import Quantity


def _left(query: Query) -> Notation:
    a = notation.activation(query.at)
    return notation.log_moment("E", notation.square(a), a if query.net.can_die else None)


def _derive(query: Query) -> Derivation:
    return log_cumulant(query, 1) or cumulant_answer(query, activation_law(query), 1)


def _sample(query: Query, sampling: Sampling) -> Sampled:
    more = (assumptions.SURVIVAL,) if query.net.can_die else ()
    return mean_of_logs(query, log_law(query), activation_norms(query), sampling, *more)


QUANTITY = Quantity(_left, _derive, _sample, takes=("layer", "digits", "input"), instead="median")
