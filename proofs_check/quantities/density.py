"""The density of |a_L|^2 of a linear network."""

from __future__ import annotations

from proofs_check import assumptions
from proofs_check.answers import notation
from proofs_check.answers.assumed import what_is_assumed
from proofs_check.answers.derivation import Derivation, formula
from proofs_check.answers.notation import Notation
from proofs_check.answers.query import Query
from proofs_check.quantities import Quantity
from theory.log_laws.log_norms import density


def _left(query: Query) -> Notation:
    a = notation.square(notation.activation(query.net.depth))
    return Notation(f"density of {a.plain} at r", f"p_{{{a.latex}}}(r)")


def _derive(query: Query) -> Derivation:
    exact = density(query.net)
    assumed = (*what_is_assumed(query, assumptions.LINEAR), "r is the value of |a_L|^2, L the last layer")
    return formula(query, exact, assumed)


QUANTITY = Quantity(_left, _derive, takes=("input",), not_sampled="a function of r", instead="quantile")
