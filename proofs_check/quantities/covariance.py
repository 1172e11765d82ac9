"""The covariance of the squared norms of two activations: Cov(|a_j|^2, |a_k|^2)."""

from __future__ import annotations

from proofs_check import assumptions
from proofs_check.answers.assumed import what_is_assumed
from proofs_check.answers.query import Derivation, Query, formula
from proofs_check.quantities import Quantity
from theory import covariance


def _derive(query: Query) -> Derivation:
    j, k = query.two_layers
    notation = rf"\operatorname{{Cov}}(|a_{{{j}}}|^2, |a_{{{k}}}|^2)"
    exact = covariance(query.net, j, k)
    return formula("covariance", notation, exact, what_is_assumed(query, assumptions.PIECEWISE_LINEAR))


QUANTITY = Quantity(_derive)
