"""A bound on the probability that a network keeps a share of its signal: P(|a_k|^2 >= c |x|^2) is below it."""

from __future__ import annotations

from proofs_check.answers import notation
from proofs_check.answers.assumed import what_is_assumed
from proofs_check.answers.derivation import Derivation
from proofs_check.answers.notation import Notation
from proofs_check.answers.query import Query
from proofs_check.answers.tail_bounds import any_law_answer, normal_answer, require_positive
from proofs_check.quantities import Quantity
from proofs_check.quantities.exceedance import QUANTITY as EXCEEDANCE
from theory.log_laws.log_norms import LogNormLaw
from theory.moments.root_bounds import root_tail_bound


def _left(query: Query) -> Notation:
    return notation.upper_bound(notation.kept_norm(query.at, query.c))


def _derive(query: Query) -> Derivation:
    require_positive(query)
    assumed = what_is_assumed(query)
    if query.net.law.is_normal:
        return normal_answer(query, LogNormLaw(query.net, query.layer), lambda: EXCEEDANCE.derive(query), assumed)
    return any_law_answer(query, root_tail_bound(query.net, query.c, query.layer), assumed)


QUANTITY = Quantity(_left, _derive, takes=("layer", "c", "digits"))
