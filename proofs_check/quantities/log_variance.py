"""How much the size of an activation varies: Var log|a_k|^2, given survival."""

from __future__ import annotations

from proofs_check.answers import notation
from proofs_check.answers.beyond_plain import log_cumulant
from proofs_check.answers.derivation import Derivation
from proofs_check.answers.log_laws import activation_law, cumulant_answer
from proofs_check.answers.notation import Notation
from proofs_check.answers.query import Query
from proofs_check.quantities import Quantity


def _left(query: Query) -> Notation:
    a = notation.activation(query.at)
    return notation.log_moment("Var", notation.square(a), a if query.net.can_die else None)


def _derive(query: Query) -> Derivation:
    return log_cumulant(query, 2) or cumulant_answer(query, activation_law(query), 2)


QUANTITY = Quantity(_left, _derive, takes=("layer", "digits"))
