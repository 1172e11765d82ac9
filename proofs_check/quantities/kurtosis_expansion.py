"""The last activation's kurtosis along L = beta n, to the next order in 1/n."""

from __future__ import annotations

from proofs_check.answers.assumed import what_is_assumed
from proofs_check.answers.query import Derivation, Query, formula
from proofs_check.quantities import Quantity
from theory import kurtosis_expansion


def _derive(query: Query) -> Derivation:
    notation = r"\frac{\mathbb{E}|a_L|^4}{(\mathbb{E}|a_L|^2)^2}"
    return formula("kurtosis-expansion", notation, kurtosis_expansion(query.net), what_is_assumed(query))


QUANTITY = Quantity(_derive)
