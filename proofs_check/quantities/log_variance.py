"""How much the size of an activation varies: Var log|a_k|^2, given survival."""

from __future__ import annotations

from proofs_check.answers.beyond_plain import log_cumulant
from proofs_check.answers.log_laws import activation_law, activation_notation, cumulant_answer
from proofs_check.answers.query import Derivation, Query
from proofs_check.quantities import Quantity


def _derive(query: Query) -> Derivation:
    known = log_cumulant(query, 2, name="log-variance", notation=rf"\operatorname{{Var}}\log|a_{{{query.at}}}|^2")
    if known is not None:
        return known
    law = activation_law(query)
    a, given = activation_notation(query, law)
    notation = rf"\operatorname{{Var}}\left[\log|{a}|^2{given}\right]"
    return cumulant_answer(query, law, 2, name="log-variance", notation=notation)


QUANTITY = Quantity(_derive)
