"""The covariance of the squared norms of two gradients: Cov(|df/dW_j|_F^2, |df/dW_k|_F^2)."""

from __future__ import annotations

from proofs_check.answers.assumed import assumed_of_gradients
from proofs_check.answers.query import Derivation, Query, formula
from proofs_check.quantities import Quantity
from theory import gradient_covariance


def _derive(query: Query) -> Derivation:
    j, k = query.two_layers
    notation = rf"\operatorname{{Cov}}(|\partial f/\partial W_{{{j}}}|_F^2, |\partial f/\partial W_{{{k}}}|_F^2)"
    exact = gradient_covariance(query.net, j, k)
    return formula("gradient-covariance", notation, exact, assumed_of_gradients(query))


QUANTITY = Quantity(_derive)
