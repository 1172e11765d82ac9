"""The last activation's kurtosis along L = beta n, to the next order in 1/n."""

from __future__ import annotations

from proofs_check.answers import notation
from proofs_check.answers.assumed import what_is_assumed
from proofs_check.answers.derivation import Derivation, formula
from proofs_check.answers.log_laws import require_symbolic_depth
from proofs_check.answers.notation import Notation
from proofs_check.answers.query import Query
from proofs_check.quantities import Quantity
from theory import kurtosis_expansion


def _left(query: Query) -> Notation:
    width = query.net.width
    return notation.kurtosis(Notation(f"a_(beta*{width})", rf"a_{{\beta {width}}}"))


def _derive(query: Query) -> Derivation:
    exact = kurtosis_expansion(query.net)
    require_symbolic_depth(query.net)
    return formula(query, exact, what_is_assumed(query))


QUANTITY = Quantity(_left, _derive, takes=("input",), not_sampled="an expansion in 1/n", instead="kurtosis")
