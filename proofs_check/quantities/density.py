"""The density of |a_L|^2 of a linear network."""

from __future__ import annotations

from proofs_check import assumptions
from proofs_check.answers.assumed import what_is_assumed
from proofs_check.answers.query import Derivation, Query, formula
from proofs_check.quantities import Quantity
from theory.log_laws.log_norms import density


def _derive(query: Query) -> Derivation:
    exact = density(query.net)
    assumed = (*what_is_assumed(query, assumptions.LINEAR), "r is the value of |a_L|^2")
    return formula("density", r"p_{|a_L|^2}(r)", exact, assumed)


QUANTITY = Quantity(_derive)
