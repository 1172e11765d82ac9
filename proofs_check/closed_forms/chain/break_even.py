"""How sharp a minimum gradient descent on two weights can end at, and what noise in the label leaves of it."""

from __future__ import annotations

import sympy as sp

from proofs_check.answers.notation import Notation
from proofs_check.closed_forms import Closed, ClosedForm, Letter
from proofs_check.closed_forms.chain import SOURCE
from theory.dynamics.label_noise import break_even_imbalance, end_curvature


def _evaluate(eta: sp.Expr, y: sp.Expr, c_0: sp.Expr, sigma2: sp.Expr, S: sp.Expr, T: sp.Expr) -> Closed:
    flow = end_curvature(c_0, y)
    related = {
        "flow": flow,
        "break_even_imbalance": break_even_imbalance(eta, y),
        "mean_imbalance": c_0 * (1 - eta**2 * sigma2 / S) ** T,
    }
    return Closed(sp.Min(2 / eta, flow), related=related)


CLOSED_FORM = ClosedForm(
    Notation("lambda_T", r"\lambda_T"),
    (
        Letter("eta", "positive", "the learning rate"),
        Letter("y", "real", "the label, with eta |y| <= 1"),
        Letter("c_0", "nonnegative", "the imbalance |w_1^2 - w_2^2| of the start"),
        Letter("sigma2", "nonnegative", "the variance of noise in the label", default="0"),
        Letter("S", "whole", "the number of labels in a minibatch", default="1"),
        Letter("T", "natural", "the number of steps", default="0"),
    ),
    _evaluate,
    (
        "descent on (w_1 w_2 - y)^2/2 that converges, with eta^2 r^2 <= 2 for all residuals r on the way",
        "flow is the curvature where gradient flow ends",
        "break_even_imbalance is the one from which on that is above 2/eta",
        "mean_imbalance bounds the mean imbalance after T steps with noise in the label, while eta |r| <= 1",
    ),
    f"derived here: the mechanism of {SOURCE} on a network",
    bounds="an upper bound on the curvature at the end",
    names={"imbalance": "c_0"},
)
