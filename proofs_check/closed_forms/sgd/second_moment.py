"""What a step of stochastic gradient descent makes of the mean square displacement in a valley."""

from __future__ import annotations

import sympy as sp

from proofs_check.answers.notation import Notation
from proofs_check.closed_forms import Closed, ClosedForm, Letter
from proofs_check.closed_forms.sgd import SHARE, SOURCE
from theory.dynamics.sgd_stability.second_moments import moment_step


def _evaluate(
    eta: sp.Expr, lam: sp.Expr, c: sp.Expr, s2: sp.Expr, sigma2: sp.Expr, rho: sp.Expr, psi: sp.Expr
) -> Closed:
    step = moment_step(eta, lam, c * s2, c * rho, c * sigma2)
    exact = sum((factor * psi**power for factor, power in zip(step.row(0), (2, 1, 0), strict=True)), sp.S.Zero)
    return Closed(exact, related={"factor": step[0, 0]})


CLOSED_FORM = ClosedForm(
    Notation("E[psi'^2 | psi]", r"\mathbb{E}[\psi'^2\mid\psi]"),
    (
        Letter("eta", "positive", "the learning rate"),
        Letter("lam", "real", "the mean of the examples' curvatures"),
        Letter("c", "nonnegative", SHARE),
        Letter("s2", "nonnegative", "the variance of the examples' curvatures"),
        Letter("sigma2", "nonnegative", "the variance of the examples' gradients at the minimum", default="0"),
        Letter("rho", "real", "their covariance with the curvatures", default="0"),
        Letter("psi", "real", "the displacement"),
    ),
    _evaluate,
    ("one direction, without momentum: psi' = psi - eta (h_B psi + b_B)", "factor is what E psi^2 is multiplied by"),
    f"derived here, in the setting of {SOURCE}",
    names={"curvature": "lam", "variance": "s2", "noise": "sigma2", "covariance": "rho"},
)
