"""How much one layer's factor varies, in 1/n: Var log(|a_k|^2/|a_{k-1}|^2)."""

from __future__ import annotations

from proofs_check.answers import notation
from proofs_check.answers.derivation import Derivation, formula
from proofs_check.answers.log_laws import expansion_assumed
from proofs_check.answers.notation import Notation
from proofs_check.answers.query import Query
from proofs_check.quantities import Quantity
from theory import log_variance_expansion


def _left(query: Query) -> Notation:
    alive = notation.activation("k") if query.net.can_die else None
    return notation.log_moment("Var", notation.step_ratio(), alive)


def _derive(query: Query) -> Derivation:
    return formula(query, log_variance_expansion(query.net), expansion_assumed(query))


QUANTITY = Quantity(_left, _derive, not_sampled="an expansion in 1/n", instead="log-variance")
