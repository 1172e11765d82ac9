"""The rate at which the loss of a two-layer linear network falls, by imbalance and margin together."""

from __future__ import annotations

import sympy as sp

from proofs_check.answers.notation import Notation
from proofs_check.closed_forms import Closed, ClosedForm, Letter
from proofs_check.closed_forms.linear2 import SOURCE
from theory.dynamics.linear_pairs.rates import margin_rate


def _evaluate(
    lambda_r: sp.Expr,
    c_plus: sp.Expr,
    c_minus: sp.Expr,
    L_minus: sp.Expr,
    L_plus: sp.Expr,
    sigma_r: sp.Expr,
    sigma_m: sp.Expr,
) -> Closed:
    return Closed(margin_rate(lambda_r, c_plus, c_minus, L_minus, L_plus, sigma_r, sigma_m))


CLOSED_FORM = ClosedForm(
    Notation("rate", r"\mathrm{rate}"),
    (
        Letter("lambda_r", "positive", "the least nonzero squared singular value of the data"),
        Letter("c_plus", "nonnegative", "[lambda_r(Lam)]_+ of the imbalance Lam = U_1^T U_1 - V^T V"),
        Letter("c_minus", "nonnegative", "[lambda_m(-Lam)]_+"),
        Letter("L_minus", "nonnegative", "[-lambda_min(Lam)]_+"),
        Letter("L_plus", "nonnegative", "[lambda_max(Lam)]_+"),
        Letter("sigma_r", "nonnegative", "a lower bound on the r-th singular value of U_1 V^T at all times"),
        Letter("sigma_m", "nonnegative", "one on the m-th singular value"),
    ),
    _evaluate,
    ("gradient flow on |Y - X U V^T|_F^2/2: f(t) - min f <= exp(-rate t)(f(0) - min f)",),
    f"{SOURCE}; this bound is derived here",
    bounds="a lower bound on the rate at which the loss falls",
    names={"least": "lambda_r", "l_minus": "L_minus", "l_plus": "L_plus"},
)
