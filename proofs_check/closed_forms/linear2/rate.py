"""The rate at which the loss of a two-layer linear network falls, by the imbalance of its layers."""

from __future__ import annotations

import sympy as sp

from proofs_check.answers.notation import Notation
from proofs_check.closed_forms import Closed, ClosedForm, Letter
from proofs_check.closed_forms.linear2 import SOURCE
from theory.dynamics.linear_pairs.rates import loss_rate


def _evaluate(lambda_r: sp.Expr, c: sp.Expr) -> Closed:
    return Closed(loss_rate(lambda_r, c))


CLOSED_FORM = ClosedForm(
    Notation("rate", r"\mathrm{rate}"),
    (
        Letter("lambda_r", "positive", "the least nonzero squared singular value of the data"),
        Letter("c", "nonnegative", "the imbalance c_+ + c_- of the two layers"),
    ),
    _evaluate,
    ("gradient flow on |Y - X U V^T|_F^2/2: f(t) - min f <= exp(-rate t)(f(0) - min f)",),
    f"{SOURCE}, theorem 1; derived anew",
    bounds="a lower bound on the rate at which the loss falls",
    names={"least": "lambda_r", "imbalance": "c"},
)
