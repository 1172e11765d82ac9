"""The correlation of the squared norms of two activations: Corr(|a_j|^2, |a_k|^2)."""

from __future__ import annotations

from proofs_check import assumptions
from proofs_check.answers import notation
from proofs_check.answers.assumed import what_is_assumed
from proofs_check.answers.derivation import Derivation, formula
from proofs_check.answers.notation import Notation
from proofs_check.answers.query import Query
from proofs_check.quantities import Quantity
from theory import correlation


def _left(query: Query) -> Notation:
    return notation.of_two("Corr", *(notation.square(notation.activation(k)) for k in query.two_layers))


def _derive(query: Query) -> Derivation:
    exact = correlation(query.net, *query.two_layers)
    return formula(query, exact, what_is_assumed(query, assumptions.PIECEWISE_LINEAR))


QUANTITY = Quantity(_left, _derive, takes=("layers", "digits", "input"))
