"""A bound on how far gradient descent is from gradient flow, by the curvature on the way."""

from __future__ import annotations

import sympy as sp

from proofs_check.answers.notation import Notation
from proofs_check.closed_forms import Closed, ClosedForm, Letter
from proofs_check.closed_forms.descent import SOURCE
from theory.dynamics.descent.flow_errors import local_error_bound, total_error_bound


def _evaluate(eta: sp.Expr, S: sp.Expr, m: sp.Expr, T: sp.Expr) -> Closed:
    steps = total_error_bound(eta, S, m, (1 + eta * m) ** (T / eta))
    related = {"recursion": steps, "one_step": local_error_bound(eta, S)}
    return Closed(total_error_bound(eta, S, m, sp.exp(m * T)), related=related)


CLOSED_FORM = ClosedForm(
    Notation("|theta_K - theta(T)|", r"|\theta_K-\theta(T)|"),
    (
        Letter("eta", "positive", "the learning rate"),
        Letter("S", "nonnegative", "a bound on |H grad f| along the flow"),
        Letter("m", "positive", "how far the eigenvalues of the Hessian are below 0, at most"),
        Letter("T", "positive", "the time K eta"),
    ),
    _evaluate,
    (
        "the loss is twice differentiable, with eigenvalues from -m to b between descent and flow, eta (b - m) <= 2",
        "recursion is the bound before (1 + eta m)^K is replaced by e^(m T), one_step that on a single step",
    ),
    f"in place of theorem 1 of {SOURCE}; the constants are derived here",
    bounds="an upper bound on the distance of descent from flow",
    names={"learning_rate": "eta", "bend": "S", "concavity": "m"},
)
