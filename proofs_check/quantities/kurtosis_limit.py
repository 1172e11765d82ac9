"""The limit of the last activation's kurtosis, as depth and width grow along L = beta n."""

from __future__ import annotations

from proofs_check.answers.assumed import what_is_assumed
from proofs_check.answers.query import Derivation, Query, formula
from proofs_check.quantities import Quantity
from theory import kurtosis_limit


def _derive(query: Query) -> Derivation:
    notation = r"\lim_{n\to\infty,\ L=\beta n}\frac{\mathbb{E}|a_L|^4}{(\mathbb{E}|a_L|^2)^2}"
    return formula("kurtosis-limit", notation, kurtosis_limit(query.net), what_is_assumed(query))


QUANTITY = Quantity(_derive)
