"""The limit of the last activation's kurtosis, as depth and width grow along L = beta n."""

from __future__ import annotations

from proofs_check.answers import notation
from proofs_check.answers.assumed import what_is_assumed
from proofs_check.answers.derivation import Derivation, formula
from proofs_check.answers.log_laws import require_symbolic_depth
from proofs_check.answers.notation import Notation
from proofs_check.answers.query import Query
from proofs_check.quantities import Quantity
from theory import kurtosis_limit


def _left(query: Query) -> Notation:
    n, depth = query.net.width, query.net.depth
    of = notation.kurtosis(notation.activation(depth))
    return Notation(
        f"lim_({n} -> oo, {depth}/{n} -> beta) {of.plain}", rf"\lim_{{{n}\to\infty,\ {depth}/{n}\to\beta}}{of.latex}"
    )


def _derive(query: Query) -> Derivation:
    exact = kurtosis_limit(query.net)
    require_symbolic_depth(query.net)
    return formula(query, exact, what_is_assumed(query))


QUANTITY = Quantity(_left, _derive, not_sampled="a limit of growing networks", instead="kurtosis", of_limits=True)
