"""What the mean of a power of an activation's norm tends to with biases, as the depth grows."""

from __future__ import annotations

from proofs_check import assumptions
from proofs_check.answers import notation
from proofs_check.answers.assumed import what_is_assumed
from proofs_check.answers.derivation import Derivation, formula
from proofs_check.answers.notation import Notation
from proofs_check.answers.query import Query
from proofs_check.quantities import Quantity
from theory import activation_limit
from theory.moments.limits import limit_conditions
from theory.requirements import require_order


def _left(query: Query) -> Notation:
    of = notation.mean_power(notation.activation("L"), query.order)
    return Notation(f"lim_(L -> oo) {of.plain}", rf"\lim_{{L\to\infty}}{of.latex}")


def _derive(query: Query) -> Derivation:
    order = require_order(query.order)
    exact = activation_limit(query.net, order)
    where = (f"it is finite where {condition}" for condition in limit_conditions(query.net, order))
    return formula(query, exact, (*what_is_assumed(query, assumptions.PIECEWISE_LINEAR), *where))


QUANTITY = Quantity(_left, _derive, takes=("order", "digits"))
