"""What one layer adds to the typical size, in 1/n: E log(|a_k|^2/|a_{k-1}|^2)."""

from __future__ import annotations

from proofs_check.answers.log_laws import STEP_RATIO, expansion_assumed
from proofs_check.answers.query import Derivation, Query, formula
from proofs_check.quantities import Quantity
from theory import lyapunov_expansion


def _derive(query: Query) -> Derivation:
    exact = lyapunov_expansion(query.net)
    return formula("lyapunov-expansion", rf"\mathbb{{E}}{STEP_RATIO}", exact, expansion_assumed(query))


QUANTITY = Quantity(_derive)
