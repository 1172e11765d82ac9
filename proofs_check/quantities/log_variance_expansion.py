"""How much one layer's factor varies, in 1/n: Var log(|a_k|^2/|a_{k-1}|^2)."""

from __future__ import annotations

from proofs_check.answers.log_laws import STEP_RATIO, expansion_assumed
from proofs_check.answers.query import Derivation, Query, formula
from proofs_check.quantities import Quantity
from theory import log_variance_expansion


def _derive(query: Query) -> Derivation:
    exact = log_variance_expansion(query.net)
    return formula("log-variance-expansion", rf"\operatorname{{Var}}{STEP_RATIO}", exact, expansion_assumed(query))


QUANTITY = Quantity(_derive)
