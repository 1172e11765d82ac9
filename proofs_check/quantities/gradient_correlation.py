"""The correlation of the squared norms of two gradients: Corr(|df/dW_j|_F^2, |df/dW_k|_F^2)."""

from __future__ import annotations

from proofs_check.answers import notation
from proofs_check.answers.assumed import assumed_of_gradients
from proofs_check.answers.derivation import Derivation, formula
from proofs_check.answers.notation import Notation
from proofs_check.answers.query import Query
from proofs_check.quantities import Quantity
from theory import gradient_correlation


def _left(query: Query) -> Notation:
    return notation.of_two("Corr", *(notation.frobenius_square(notation.gradient(k)) for k in query.two_layers))


def _derive(query: Query) -> Derivation:
    return formula(query, gradient_correlation(query.net, *query.two_layers), assumed_of_gradients(query))


QUANTITY = Quantity(_left, _derive, takes=("layers", "digits", "readout"))
