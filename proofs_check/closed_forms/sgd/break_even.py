"""The break-even curvature of heavy ball on minibatches, by the law of the noise."""

from __future__ import annotations

import sympy as sp

from proofs_check.answers.notation import Notation
from proofs_check.closed_forms import Closed, ClosedForm, Letter
from proofs_check.closed_forms.sgd import SHARE, SOURCE
from theory.dynamics.sgd_stability.break_even import break_even


def _evaluate(eta: sp.Expr, c: sp.Expr, mu: sp.Expr, k: sp.Expr, beta: sp.Expr, v_0: sp.Expr) -> Closed:
    found = break_even(eta, c, mu, flat=v_0, linear=beta, k=k)
    return Closed(found.curvature, related={"least": found.least, "descent": break_even(eta, 0, mu).curvature})


CLOSED_FORM = ClosedForm(
    Notation("lambda_*", r"\lambda_*"),
    (
        Letter("eta", "positive", "the learning rate"),
        Letter("c", "nonnegative", SHARE),
        Letter("mu", "nonnegative", "the momentum, below 1", default="0"),
        Letter(
            "k", "nonnegative", "the standard deviation of curvatures over their mean, where they are in proportion"
        ),
        Letter("beta", "nonnegative", "the part of the noise that is in proportion to lam", default="0"),
        Letter("v_0", "nonnegative", "the part of the noise that does not vanish with lam", default="0"),
    ),
    _evaluate,
    (
        "the variance of the examples' curvatures is v_0 + beta lam + k^2 lam^2, lam their mean",
        "stable in mean square are the curvatures between least and lambda_*",
        "descent is the break-even curvature of all examples together",
    ),
    f"derived here, in the setting of {SOURCE}, whose theorem is not quoted",
    names={"share": "c", "momentum": "mu", "linear": "beta", "flat": "v_0"},
)
