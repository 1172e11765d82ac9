"""The kurtosis of an activation's norm: E|a_k|^4/(E|a_k|^2)^2."""

from __future__ import annotations

from proofs_check import assumptions
from proofs_check.answers.assumed import what_is_assumed
from proofs_check.answers.query import Derivation, Query, formula, power
from proofs_check.quantities import Quantity
from theory import kurtosis


def _derive(query: Query) -> Derivation:
    a = f"a_{{{query.at}}}"
    notation = rf"\frac{{{power(a, 4)}}}{{(\mathbb{{E}}|{a}|^2)^2}}"
    exact = kurtosis(query.net, query.layer)
    return formula("kurtosis", notation, exact, what_is_assumed(query, assumptions.PIECEWISE_LINEAR))


QUANTITY = Quantity(_derive)
